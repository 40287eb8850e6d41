import Foundation

/// Priorities of the rows of a ring and the sums that finding a row by its share of the total takes: a binary
/// tree in an array, each number the sum of the two below it.
///
/// A sum is always made of the same two numbers in the same order, so that a tree built anew from its leaves
/// has the bits of one that changed leaf by leaf.
public struct Priorities: Sendable, Equatable {
  /// α: 0 draws uniformly, 1 in proportion to the errors.
  public let exponent: Double
  private let leaves: Int
  private let rows: Int
  private var sums: [Double]
  /// What a row has before it was first learnt from: the largest so far.
  public private(set) var largest = 1.0

  init(count: Int, exponent: Double) {
    self.exponent = exponent
    rows = count
    leaves = Self.leaves(count)
    sums = [Double](repeating: 0, count: 2 * leaves)
  }

  private static func leaves(_ count: Int) -> Int {
    var leaves = 1
    while leaves < count { leaves *= 2 }
    return leaves
  }

  static func byteCount(_ count: Int) -> Int { 16 * leaves(count) }

  /// The sum of all priorities.
  public var total: Double { sums[1] }

  /// The priority of a row, to the power of α.
  public subscript(_ position: Int) -> Double { sums[leaves + position] }

  /// The position whose share of the total, in their order, holds `x`; never one of priority 0 while there
  /// are others.
  public func position(of x: Double) -> Int {
    var (node, x) = (1, x)
    while node < leaves {
      let (left, right) = (sums[2 * node], sums[2 * node + 1])
      if x < left || right == 0 {
        node = 2 * node
      } else {
        x -= left
        node = 2 * node + 1
      }
    }
    return node - leaves
  }

  mutating func set(_ error: Double, at position: Int) {
    let priority = pow(error + 1e-6, exponent)
    largest = max(largest, priority)
    store(priority, at: position)
  }

  mutating func setLargest(at position: Int) { store(largest, at: position) }

  mutating func remove(at position: Int) {
    if self[position] != 0 { store(0, at: position) }
  }

  private mutating func store(_ priority: Double, at position: Int) {
    var node = leaves + position
    sums[node] = priority
    while node > 1 {
      node /= 2
      sums[node] = sums[2 * node] + sums[2 * node + 1]
    }
  }

  // MARK: - Files

  /// The largest priority and those of all rows, eight bytes each.
  public func encoded() -> Data {
    var data = withUnsafeBytes(of: largest) { Data($0) }
    sums[leaves..<leaves + rows].withUnsafeBytes { data.append(contentsOf: $0) }
    return data
  }

  /// - Throws: `ReplayError` when the data are no priorities of as many rows.
  public mutating func restore(_ data: Data) throws {
    guard data.count == 8 * (rows + 1) else {
      throw ReplayError(
        "holds \(data.count) bytes where \(8 * (rows + 1)) of priorities are needed")
    }
    let numbers = data.withUnsafeBytes { bytes in
      (0...rows).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
    guard numbers.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw ReplayError("holds priorities that are negative or not finite")
    }
    largest = numbers[0]
    for i in 0..<rows { sums[leaves + i] = numbers[i + 1] }
    for node in stride(from: leaves - 1, to: 0, by: -1) {
      sums[node] = sums[2 * node] + sums[2 * node + 1]
    }
  }
}

/// What is wrong with saved replay, to be read after the file's name.
public struct ReplayError: Error, CustomStringConvertible, Sendable {
  public let description: String
  public init(_ description: String) { self.description = description }
}

extension ReplayBuffer {
  /// Takes back what `priorities.encoded()` gave.
  public mutating func restorePriorities(_ data: Data) throws { try priorities?.restore(data) }
}
