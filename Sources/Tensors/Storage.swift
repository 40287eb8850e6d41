import CKernels

/// A buffer from the pool, shared by the tensors that view it and given back with the last of them.
final class Storage: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  let byteCount: Int
  private let sizeClass: Int32
  /// What keeps borrowed memory alive, such as a mapped file.
  private let owner: AnyObject?

  init(byteCount: Int) {
    var sizeClass: Int32 = 0
    pointer = swirl_pool_acquire(byteCount, &sizeClass)
    self.byteCount = byteCount
    self.sizeClass = sizeClass
    owner = nil
  }

  /// A view of memory that `owner`, or else somebody, keeps alive for longer than this object. It is
  /// never written to.
  init(borrowing pointer: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject? = nil) {
    self.pointer = pointer
    self.byteCount = byteCount
    sizeClass = -1
    self.owner = owner
  }

  var isBorrowed: Bool { sizeClass < 0 }

  deinit {
    if sizeClass >= 0 { swirl_pool_release(pointer, sizeClass) }
  }
}

extension Tensor {
  /// Whether the numbers lie in memory of somebody else, such as a mapped file.
  package var isBorrowed: Bool { storage.isBorrowed }

  /// Numbers in memory that `owner` keeps alive, such as a mapped file: read in place where they are
  /// aligned, else, or without an owner, copied. `bytes` must hold exactly `shape`.
  package init(
    borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject?, shape: Shape, type: NumberType
  ) {
    if let owner, let base = bytes.baseAddress, bytes.count > 0,
      UInt(bitPattern: base) % UInt(type.byteCount) == 0
    {
      let storage = Storage(
        borrowing: UnsafeMutableRawPointer(mutating: base), byteCount: bytes.count, owner: owner)
      self.init(
        view: storage, offset: 0, shape: shape, strides: shape.contiguousStrides, type: type)
      return
    }
    self.init(uninitialized: shape, type: type)
    if let base = bytes.baseAddress {
      self.bytes.copyMemory(from: base, byteCount: bytes.count)
    }
  }
}

/// What the buffer pool had to ask of the system.
public enum BufferPool {
  /// Buffers the pool could not serve from its free lists, over all threads, since the process began.
  public static var misses: Int { Int(swirl_pool_misses()) }
  /// The same for the calling thread alone.
  public static var missesOfThisThread: Int { Int(swirl_pool_misses_of_this_thread()) }
  /// Bytes the pool has taken from the system.
  public static var bytes: Int { Int(swirl_pool_bytes()) }
  /// Bytes of the buffers the calling thread has taken, less those it has given back.
  public static var bytesInUseOfThisThread: Int { Int(swirl_pool_in_use_of_this_thread()) }
  /// The largest value of `bytesInUseOfThisThread` since `resetPeakOfThisThread`.
  public static var peakBytesOfThisThread: Int { Int(swirl_pool_peak_of_this_thread()) }
  public static func resetPeakOfThisThread() { swirl_pool_reset_peak() }
}

/// The SIMD level the kernels run at: `avx512`, `avx2` or `baseline`.
///
/// Results are exact for one binary at one level; fused and unfused products differ between levels.
public var simdLevel: String { String(cString: swirl_kernels_in_use().pointee.name) }

var kernels: swirl_kernels {
  @inline(__always) get { swirl_kernels_in_use().pointee }
}
