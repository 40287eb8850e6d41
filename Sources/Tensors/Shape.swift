/// The sizes of a tensor's axes, outermost first: at most six, held inline so that no shape allocates.
public struct Shape: Sendable, Hashable, RandomAccessCollection, ExpressibleByArrayLiteral,
  CustomStringConvertible
{
  public static let maximumRank = 6

  var sizes: InlineArray<6, Int32> = .init(repeating: 0)
  // Four bytes, since every tensor and every operand on a tape holds shapes.
  private var rank: Int32 = 0

  public var count: Int { Int(rank) }

  public init() {}

  public init(_ a: Int) { self.append(a) }
  public init(_ a: Int, _ b: Int) {
    append(a)
    append(b)
  }
  public init(_ a: Int, _ b: Int, _ c: Int) {
    append(a)
    append(b)
    append(c)
  }
  public init(arrayLiteral elements: Int...) { self.init(elements) }
  public init(_ sizes: some Sequence<Int>) { for size in sizes { append(size) } }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(_ axis: Int) -> Int {
    get { Int(sizes[axis]) }
    set { sizes[axis] = Int32(newValue) }
  }

  public mutating func append(_ size: Int) {
    if count == Self.maximumRank { fail("Shape", "has more than \(Self.maximumRank) axes") }
    if size < 0 || size > Int(Int32.max) { fail("Shape", "cannot have an axis of size \(size)") }
    sizes[count] = Int32(size)
    rank += 1
  }

  /// How many elements a tensor of this shape has.
  public var elementCount: Int {
    var product = 1
    for axis in 0..<count { product *= Int(sizes[axis]) }
    return product
  }

  /// The strides of a contiguous tensor of this shape.
  var contiguousStrides: Shape {
    var strides = self
    var step = 1
    for axis in stride(from: count - 1, through: 0, by: -1) {
      strides.sizes[axis] = Int32(truncatingIfNeeded: step)
      step *= Swift.max(Int(sizes[axis]), 1)
    }
    return strides
  }

  /// An axis counted from the end when negative; ends the process when there is no such axis.
  func axis(_ axis: Int, in operation: String) -> Int {
    let resolved = axis < 0 ? axis + count : axis
    if resolved < 0 || resolved >= count {
      fail(operation, "axis \(axis) is not in a tensor of shape \(self)")
    }
    return resolved
  }

  public static func == (a: Shape, b: Shape) -> Bool {
    guard a.count == b.count else { return false }
    for axis in 0..<a.count where a.sizes[axis] != b.sizes[axis] { return false }
    return true
  }

  public func hash(into hasher: inout Hasher) {
    for axis in 0..<count { hasher.combine(sizes[axis]) }
  }

  public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }

  /// Calls `body` with the sizes as C reads them.
  func withSizes<R>(_ body: (UnsafePointer<Int32>) -> R) -> R {
    var copy = sizes
    return withUnsafeMutablePointer(to: &copy) {
      $0.withMemoryRebound(to: Int32.self, capacity: 6) { body(UnsafePointer($0)) }
    }
  }
}
