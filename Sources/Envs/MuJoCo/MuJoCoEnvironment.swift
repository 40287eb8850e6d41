import Foundation
import Runtime

/// What the MuJoCo tasks share. Each equals Gymnasium 1.4's v5 on MuJoCo 4.0.0: observations bit for bit,
/// rewards to 1e-12.
///
/// ```swift
/// let cheetah = try HalfCheetah(controlCostWeight: 0.05)
/// var environments = VectorEnvironment(count: 8, seed: 1, timeLimit: 1000) { cheetah }
/// ```
///
/// Observations are Float64 in Gymnasium and Float32 in rows; ``observation`` has all digits.
///
/// Source: E. Todorov, T. Erez, Y. Tassa, "MuJoCo: A physics engine for model-based control", 2012.
public protocol MuJoCoEnvironment: Environment
where Element == Float, ObservationSpace == Box, ActionSpace == Box {
  associatedtype Options: Codable, Sendable, Hashable
  /// What the task was made with.
  var options: Options { get }
  var simulation: MuJoCoSimulation { get }

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or an option is out of range.
  init(_ options: Options) throws
}

extension MuJoCoEnvironment {
  public var observationSpace: Box {
    Box(
      shape: [simulation.observation.count], in: -Double.infinity...Double.infinity, of: .float64)
  }

  public var actionSpace: Box { simulation.model.actionSpace }

  /// The last observation in full precision.
  public var observation: [Double] { simulation.observation }

  /// What went wrong in the last step, if the simulation diverged in it.
  public var divergence: SimulationDivergence? { simulation.divergence }

  /// The seconds of simulated time that a step takes.
  public var secondsPerStep: Double { simulation.seconds }

  public func observe(into row: inout MutableSpan<Float>) {
    let observation = simulation.observation.span
    for index in observation.indices { row[index] = Float(observation[index]) }
  }

  public func metrics(into metrics: inout MutableSpan<Float>) {
    for index in Self.metricNames.indices { metrics[index] = simulation.readings[index] }
  }

  /// All but the simulation must be what the options make.
  public var stateFault: String? {
    let made: Self
    do { made = try Self(options) } catch { return "its options make no task: \(error)" }
    if let fault = simulation.fault(beside: made.simulation) { return fault }
    func rest(_ task: Self) -> NSDictionary? {
      let object = try? JSONSerialization.jsonObject(with: StateCoding.encode(task))
      var rest = object as? [String: Any]
      rest?["simulation"] = nil
      return rest.map { NSDictionary(dictionary: $0) }
    }
    return rest(self) == rest(made) ? nil : "it is not what its options make"
  }

  static var taskName: String { "\(Self.self)" }
}

/// Numbers of an action under a cost: the sum of their squares times a weight, in Float32, in which Gymnasium
/// computes it from a Float32 action.
func controlCost<let n: Int>(_ action: InlineArray<n, Float>, weight: Double) -> Double {
  let squares = InlineArray<n, Float> { action[$0] * action[$0] }
  return Double(
    Float(weight) * NumPySum.of(squares.span))
}

/// NumPy's sum of up to 128 numbers: one by one below eight, else in eight running sums.
enum NumPySum {
  static func of<Number: BinaryFloatingPoint>(_ numbers: Span<Number>) -> Number {
    numbers.withUnsafeBufferPointer { of($0) }
  }

  static func of<Number: BinaryFloatingPoint>(_ numbers: UnsafeBufferPointer<Number>) -> Number {
    let count = numbers.count
    if count < 8 {
      var sum = Number(0)
      for number in numbers { sum += number }
      return sum
    }
    var sums = InlineArray<8, Number> { numbers[$0] }
    var next = 8
    while next + 8 <= count {
      for lane in 0..<8 { sums[lane] += numbers[next + lane] }
      next += 8
    }
    var sum =
      ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    while next < count {
      sum += numbers[next]
      next += 1
    }
    return sum
  }

  /// The sum of the squares of `count` numbers made by `number`, at most 128.
  static func ofSquares(_ count: Int, _ number: (Int) -> Double) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, count)) { squares in
      for index in 0..<count {
        let value = number(index)
        squares.initializeElement(at: index, to: value * value)
      }
      return of(UnsafeBufferPointer(rebasing: squares[..<count]))
    }
  }
}

extension SIMD3<Double> {
  /// The distance from the origin.
  var norm: Double { (x * x + y * y + z * z).squareRoot() }
}

extension SIMD2<Double> {
  var norm: Double { (x * x + y * y).squareRoot() }
}
