/// An action that can be stored as a row of Float32 numbers; a discrete action is the number itself.
public protocol EnvironmentAction: Sendable {
  /// Reads the action of a row of `count` numbers.
  init(row: UnsafePointer<Float>, count: Int)
  /// Writes the action as a row of `count` numbers.
  func write(to row: UnsafeMutablePointer<Float>, count: Int)
  /// How many numbers this action has.
  var rowCount: Int { get }
}

extension Int: EnvironmentAction {
  /// NaN and numbers that are no action become -1, which no space holds, rather than a crash.
  @inlinable
  public init(row: UnsafePointer<Float>, count: Int) {
    let number = row[0]
    self = number.magnitude < 0x1p31 ? Int(Int32(number)) : -1
  }

  @inlinable
  public func write(to row: UnsafeMutablePointer<Float>, count: Int) { row[0] = Float(self) }

  @inlinable public var rowCount: Int { 1 }
}

extension InlineArray: EnvironmentAction where Element == Float {
  @inlinable
  public init(row: UnsafePointer<Float>, count: Int) { self.init { row[$0] } }

  @inlinable
  public func write(to row: UnsafeMutablePointer<Float>, count: Int) {
    for index in indices { row[index] = self[index] }
  }

  @inlinable public var rowCount: Int { count }
}

extension [Float]: EnvironmentAction {
  @inlinable
  public init(row: UnsafePointer<Float>, count: Int) {
    self.init(UnsafeBufferPointer(start: row, count: count))
  }

  @inlinable
  public func write(to row: UnsafeMutablePointer<Float>, count: Int) {
    for index in indices { row[index] = self[index] }
  }

  @inlinable public var rowCount: Int { count }
}

/// An action of numbers, as a ``Box`` has them, for wrappers that change each.
public protocol ContinuousAction: EnvironmentAction {
  /// Replaces each number by what the body gives for its index and itself.
  mutating func change(_ body: (_ index: Int, _ number: Float) -> Float)
}

extension InlineArray: ContinuousAction where Element == Float {
  @inlinable
  public mutating func change(_ body: (_ index: Int, _ number: Float) -> Float) {
    for index in indices { self[index] = body(index, self[index]) }
  }
}

extension [Float]: ContinuousAction {
  @inlinable
  public mutating func change(_ body: (_ index: Int, _ number: Float) -> Float) {
    for index in indices { self[index] = body(index, self[index]) }
  }
}

extension EnvironmentAction {
  /// The action in a message: a number, or the first of its numbers.
  var rowText: String {
    var row = [Float](repeating: 0, count: max(1, rowCount))
    row.withUnsafeMutableBufferPointer { write(to: $0.baseAddress!, count: rowCount) }
    if rowCount == 1 { return NumPyText.plain(row[0]) }
    let numbers = row.prefix(min(8, rowCount)).map(NumPyText.plain) + (rowCount > 8 ? ["…"] : [])
    return "[\(numbers.joined(separator: ", "))]"
  }
}
