#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Rows that are needed for the length of a call: small ones on the stack, large ones, such as
/// frames, in memory that each thread keeps, so that warm calls allocate nothing.
@usableFromInline
enum ScratchRow {
  /// Lends `count` elements of any content.
  @inlinable
  @inline(__always)
  static func withRow<Element: BitwiseCopyable, R>(
    of type: Element.Type, count: Int, _ body: (UnsafeMutableBufferPointer<Element>) -> R
  ) -> R {
    let bytes = count * MemoryLayout<Element>.stride
    // What the standard library puts on the stack without a question.
    if bytes <= 1024 {
      return withUnsafeTemporaryAllocation(of: Element.self, capacity: count, body)
    }
    let memory = borrow(bytes)
    defer { giveBack(memory, bytes) }
    let row = memory.bindMemory(to: Element.self, capacity: count)
    return body(UnsafeMutableBufferPointer(start: row, count: count))
  }

  /// A thread's memory, lent from its bottom up.
  private struct Arena {
    var memory: UnsafeMutableRawPointer
    var capacity: Int
    var used = 0
    /// The most that was lent at once.
    var peak = 0
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    #if canImport(Darwin)
      pthread_key_create(&key) { free($0.assumingMemoryBound(to: Arena.self)) }
    #else
      pthread_key_create(&key) { arena in
        if let arena = arena?.assumingMemoryBound(to: Arena.self) { free(arena) }
      }
    #endif
    return key
  }()

  private static func free(_ arena: UnsafeMutablePointer<Arena>) {
    arena.pointee.memory.deallocate()
    arena.deallocate()
  }

  private static func arena() -> UnsafeMutablePointer<Arena> {
    if let known = pthread_getspecific(key) { return known.assumingMemoryBound(to: Arena.self) }
    let new = UnsafeMutablePointer<Arena>.allocate(capacity: 1)
    new.initialize(to: Arena(memory: zeroed(0), capacity: 0))
    pthread_setspecific(key, new)
    return new
  }

  private static func zeroed(_ bytes: Int) -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 64), alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: max(bytes, 64))
    return memory
  }

  private static func roundedUp(_ bytes: Int) -> Int { (bytes + 63) & ~63 }

  @usableFromInline
  static func borrow(_ bytes: Int) -> UnsafeMutableRawPointer {
    let arena = arena()
    let bytes = roundedUp(bytes)
    let start = arena.pointee.used
    arena.pointee.used += bytes
    arena.pointee.peak = max(arena.pointee.peak, arena.pointee.used)
    let fits = arena.pointee.used <= arena.pointee.capacity
    return fits ? arena.pointee.memory + start : zeroed(bytes)
  }

  @usableFromInline
  static func giveBack(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
    let arena = arena()
    arena.pointee.used -= roundedUp(bytes)
    let own = arena.pointee.memory
    if memory < own || memory >= own + arena.pointee.capacity { memory.deallocate() }
    // Grows when nothing is lent, so that the same calls fit the next time.
    if arena.pointee.used == 0, arena.pointee.peak > arena.pointee.capacity {
      own.deallocate()
      arena.pointee.capacity = arena.pointee.peak
      arena.pointee.memory = zeroed(arena.pointee.peak)
    }
  }
}
