import CKernels

/// A value of numbers with a shape, computed with in Float32: a copy is a snapshot, and a write to storage that
/// another tensor, a broadcast or a tape still needs copies first.
///
/// ```swift
/// let x = Tensor([1, 2, 3, 4], shape: [2, 2])
/// let (value, gradient) = valueWithGradient(at: x) { x in (x * x).sum() }
/// print(value.item, gradient.scalars)   // 30.0 [2.0, 4.0, 6.0, 8.0]
/// ```
public struct Tensor: Sendable {
  var storage: Storage
  var offset: Int
  public let shape: Shape
  var strides: Shape
  var isContiguous: Bool
  /// How the numbers are stored; ops compute in Float32.
  public let type: NumberType
  /// The record of the op that made this tensor, or 0 for a constant.
  var mark: Mark = 0
  /// How this tensor moves in a forward pass, or 0 when it stands still.
  var tangentMark: Mark = 0

  init(uninitialized shape: Shape, type: NumberType = .float32) {
    storage = Storage(byteCount: shape.elementCount * type.byteCount)
    self.type = type
    offset = 0
    self.shape = shape
    strides = shape.contiguousStrides
    isContiguous = true
  }

  init(
    view storage: Storage, offset: Int, shape: Shape, strides: Shape, type: NumberType = .float32
  ) {
    self.storage = storage
    self.type = type
    self.offset = offset
    self.shape = shape
    self.strides = strides
    isContiguous = Self.contiguous(shape, strides)
  }

  /// A tensor of the given numbers in row-major order.
  public init(_ scalars: [Float], shape: Shape) {
    if scalars.count != shape.elementCount {
      fail("Tensor", "\(scalars.count) numbers do not fill a tensor of shape \(shape)")
    }
    self.init(uninitialized: shape)
    scalars.withUnsafeBufferPointer {
      if let base = $0.baseAddress { pointer.update(from: base, count: $0.count) }
    }
  }

  /// A vector of the given numbers.
  public init(_ scalars: [Float]) { self.init(scalars, shape: Shape(scalars.count)) }

  /// A scalar, of shape `[]`.
  public init(_ scalar: Float) {
    self.init(uninitialized: Shape())
    pointer[0] = scalar
  }

  public init(repeating value: Float, shape: Shape) {
    self.init(uninitialized: shape)
    pointer.update(repeating: value, count: count)
  }

  public static func zeros(_ shape: Shape) -> Tensor { Tensor(repeating: 0, shape: shape) }
  public static func ones(_ shape: Shape) -> Tensor { Tensor(repeating: 1, shape: shape) }

  /// A tensor that `body` fills in row-major order.
  public init(shape: Shape, _ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
    self.init(uninitialized: shape)
    body(UnsafeMutableBufferPointer(start: pointer, count: count))
  }

  public var rank: Int { shape.count }
  /// How many numbers the tensor holds.
  public var count: Int { shape.elementCount }

  /// The first element. Kernels may write through it only to a tensor they have just made.
  package var pointer: UnsafeMutablePointer<Float> {
    if type != .float32 { failToRead() }
    return storage.pointer.assumingMemoryBound(to: Float.self) + offset
  }

  @inline(never)
  private func failToRead() -> Never {
    fail("Tensor", "numbers stored as \(type) were read as float32; read `float32` of the tensor")
  }

  /// Whether kernels can read the numbers as they lie.
  @inline(__always)
  var isDenseFloat: Bool { isContiguous && type == .float32 }

  /// The first element of whatever type the tensor stores.
  var bytes: UnsafeMutableRawPointer { storage.pointer + offset * type.byteCount }

  static func contiguous(_ shape: Shape, _ strides: Shape) -> Bool {
    var step: Int32 = 1
    for axis in stride(from: shape.count - 1, through: 0, by: -1) where shape.sizes[axis] != 1 {
      if strides.sizes[axis] != step { return shape.elementCount == 0 }
      step &*= shape.sizes[axis]
    }
    return true
  }

  // MARK: - Reading

  /// The numbers in row-major order.
  public var scalars: [Float] {
    let dense = float32.contiguous()
    return [Float](UnsafeBufferPointer(start: dense.pointer, count: count))
  }

  /// The number of a tensor that holds exactly one.
  public var item: Float {
    if count != 1 { fail("item", "a tensor of shape \(shape) is not one number") }
    return float32.pointer[0]
  }

  /// Calls `body` with the numbers in row-major order, copied first where the tensor is a strided view.
  public func withUnsafeBuffer<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
    let dense = float32.contiguous()
    return try withExtendedLifetime(dense) {
      try body(UnsafeBufferPointer(start: dense.pointer, count: count))
    }
  }

  /// The same numbers in row-major order without gaps: itself where it already is.
  public func contiguous() -> Tensor {
    if isContiguous { return self }
    var copy = Tensor(uninitialized: shape, type: type)
    shape.withSizes { sizes in
      strides.withSizes {
        swirl_copy_strided(Int32(type.byteCount), Int32(rank), sizes, $0, bytes, copy.bytes)
      }
    }
    copy.mark = mark
    copy.tangentMark = tangentMark
    return copy
  }

  // MARK: - Writing

  /// True where a write reaches nobody else: the storage is this tensor's alone, dense and its own.
  private mutating func isUnique() -> Bool {
    isKnownUniquelyReferenced(&storage) && isContiguous && !storage.isBorrowed
  }

  /// Gives the tensor storage of its own, copying where the storage is shared, broadcast or on a tape.
  private mutating func makeUnique() {
    if isUnique() { return }
    let dense = contiguous()
    let copy = Tensor(uninitialized: shape, type: type)
    copy.bytes.copyMemory(from: dense.bytes, byteCount: count * type.byteCount)
    storage = copy.storage
    offset = 0
    strides = copy.strides
    isContiguous = true
  }

  private mutating func leaveRegions() {
    mark = 0
    tangentMark = 0
  }

  /// Calls `body` with the numbers to write, in row-major order; shared storage is copied first.
  ///
  /// Written numbers are constants: the tensor leaves the tape it was on.
  public mutating func mutate<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows
    -> R
  {
    makeUnique()
    leaveRegions()
    return try body(UnsafeMutableBufferPointer(start: pointer, count: count))
  }

  /// Calls `body` with the storage itself, without a copy; refuses storage that others still read.
  ///
  /// - Throws: `SharedStorage` where the storage is shared, broadcast or needed by a tape.
  public mutating func withUnsafeMutableStorage<R>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
  ) throws -> R {
    guard isUnique() else { throw SharedStorage(shape: shape) }
    leaveRegions()
    return try body(UnsafeMutableBufferPointer(start: pointer, count: count))
  }

  /// One element by its position on every axis.
  public subscript(_ position: Int...) -> Float {
    get { pointer[index(of: position)] }
    set {
      _ = index(of: position)
      makeUnique()
      leaveRegions()
      pointer[index(of: position)] = newValue
    }
  }

  private func index(of position: [Int]) -> Int {
    if position.count != rank {
      fail("subscript", "\(position.count) positions for a tensor of shape \(shape)")
    }
    var index = 0
    for axis in 0..<rank {
      if position[axis] < 0 || position[axis] >= shape[axis] {
        fail("subscript", "position \(position) is outside a tensor of shape \(shape)")
      }
      index += position[axis] * strides[axis]
    }
    return index
  }

  /// The same numbers as a constant: no gradient and no tangent flows through it.
  public func detached() -> Tensor {
    var copy = self
    copy.mark = 0
    copy.tangentMark = 0
    return copy
  }
}

/// Unsafe access to storage that other tensors or a tape still read was refused.
public struct SharedStorage: Error, CustomStringConvertible {
  public let shape: Shape
  public var description: String {
    "the storage of this tensor of shape \(shape) is shared, broadcast or needed by a tape; "
      + "copy it first, or use mutate, which copies"
  }
}

extension Tensor: CustomStringConvertible {
  public var description: String { "Tensor(shape: \(shape), \(nested(scalars[...], axis: 0)))" }

  private func nested(_ numbers: ArraySlice<Float>, axis: Int) -> String {
    if axis == rank { return numbers.first.map { "\($0)" } ?? "" }
    let width = shape[axis] == 0 ? 0 : numbers.count / shape[axis]
    let shown = Swift.min(shape[axis], 16)
    let parts = (0..<shown).map { i in
      let start = numbers.startIndex + i * width
      return nested(numbers[start..<start + width], axis: axis + 1)
    }
    return "[" + parts.joined(separator: ", ") + (shown < shape[axis] ? ", …]" : "]")
  }
}

/// Whole numbers that pick rows or columns: actions, tokens, shuffled positions. Never differentiated.
public struct Indices: Sendable, ExpressibleByArrayLiteral {
  let storage: Storage
  public let count: Int

  public init(_ values: some Collection<Int32>) {
    self.init(count: values.count) { buffer in _ = buffer.initialize(from: values) }
  }

  public init(arrayLiteral elements: Int32...) { self.init(elements as [Int32]) }

  /// Indices that `body` fills.
  public init(count: Int, _ body: (UnsafeMutableBufferPointer<Int32>) -> Void) {
    storage = Storage(byteCount: count * MemoryLayout<Int32>.stride)
    self.count = count
    body(
      UnsafeMutableBufferPointer(
        start: storage.pointer.assumingMemoryBound(to: Int32.self), count: count))
  }

  package var pointer: UnsafePointer<Int32> {
    UnsafePointer(storage.pointer.assumingMemoryBound(to: Int32.self))
  }

  public subscript(_ position: Int) -> Int32 {
    precondition(position >= 0 && position < count)
    return pointer[position]
  }
}
