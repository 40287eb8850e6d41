import Envs
import Runtime

/// A corridor of nine cells, with a mask that forbids walking into the wall and a reading.
struct Corridor: Environment {
  var position = 0
  var observationSpace: Box { Box(shape: [1], in: 0...1) }
  var actionSpace: Discrete { Discrete(2) }

  mutating func reset(using random: inout PCG64) { position = random.integers(0..<3) }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    position = max(0, position + (action == 0 ? -1 : 1))
    return position == 8 ? StepResult(reward: 1, ending: .terminated) : StepResult(reward: -0.01)
  }

  func observe(into observation: inout MutableSpan<Float>) { observation[0] = Float(position) / 8 }

  var maskSize: Int { 2 }

  func actionMask(into mask: inout MutableSpan<Bool>) {
    mask[0] = position > 0
    mask[1] = true
  }

  static var metricNames: [String] { ["cell"] }

  func metrics(into metrics: inout MutableSpan<Float>) { metrics[0] = Float(position) }
}

/// Pixels, an action of a size that only running tells, and numbers that JSON has no words for.
struct Pixels: Environment {
  var width = 6
  var level: UInt8 = 0
  var last = -0.0
  var observationSpace: Box { Box(shape: [width], in: 0...255, of: .uint8) }
  var actionSpace: Box { Box(shape: [width], in: 0...1) }

  mutating func reset(using random: inout PCG64) {
    level = UInt8(random.integers(0..<256))
    last = -.infinity
  }

  mutating func step(_ action: [Float], using random: inout PCG64) -> StepResult {
    level = level &+ UInt8(action.reduce(0, +) * 10)
    last = level < 100 ? .nan : -0.0
    return StepResult(reward: Double(level), ending: level > 250 ? .truncated : .none)
  }

  func observe(into observation: inout MutableSpan<UInt8>) {
    for index in 0..<width { observation[index] = level &+ UInt8(index) }
  }
}

/// A one-armed bandit that breaks the promise it is told to, and otherwise keeps all.
struct Broken: Environment {
  enum Fault: String, Codable, CaseIterable {
    case none, nan, outside, tooLong, tooShort, infiniteReward, changingSpaces, otherSource
    case otherSourceInStep, sharedState, resetRemembers, forgetsState, noAllowedAction, wrongMask
    case metricsTooLong, nanMetric, sharedAfterStep, allocates, allocatesInReset
  }

  final class Shared: Sendable, Codable {
    nonisolated(unsafe) var count = 0
  }

  private static let none = Shared()

  var fault: Fault
  var count = 0
  var hidden = 0
  var shared = Shared()

  init(_ fault: Fault) { self.fault = fault }

  // Without `hidden`, as a hand-written list that was not kept up.
  enum CodingKeys: CodingKey { case fault, count, shared }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    fault = try container.decode(Fault.self, forKey: .fault)
    count = try container.decode(Int.self, forKey: .count)
    shared = try container.decode(Shared.self, forKey: .shared)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(fault, forKey: .fault)
    try container.encode(count, forKey: .count)
    try container.encode(shared, forKey: .shared)
  }

  var observationSpace: Box {
    Box(shape: [2], in: -1...(fault == .changingSpaces ? 1 + Double(count) : 1))
  }
  var actionSpace: Discrete { Discrete(2) }
  var maskSize: Int { fault == .noAllowedAction ? 2 : fault == .wrongMask ? 3 : 0 }

  mutating func reset(using random: inout PCG64) {
    if fault != .resetRemembers { count = 0 }
    hidden = random.integers(0..<8)
    if fault == .allocatesInReset { shared = Shared() }
    if fault == .sharedAfterStep { shared = Self.none }
    if fault == .otherSource { hidden = Int.random(in: 0..<1_000_000) }
  }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    count += 1
    if fault == .forgetsState { hidden += 1 }
    if fault == .otherSourceInStep { hidden = Int.random(in: 0..<1_000_000) }
    if fault == .sharedState { shared.count += 1 }
    if fault == .sharedAfterStep {
      if count == 1 { shared = Shared() }
      shared.count += 1
    }
    if fault == .allocates { shared = Shared() }
    let reward = fault == .infiniteReward && count == 3 ? Double.infinity : Double(action)
    return StepResult(reward: reward, ending: count >= 12 ? .terminated : .none)
  }

  func observe(into observation: inout MutableSpan<Float>) {
    let isSeen = ![.allocates, .allocatesInReset, .none].contains(fault)
    observation[0] = Float(isSeen ? hidden % 997 : 0) / 1000
    if fault == .tooShort { return }
    let isShared = fault == .sharedState || fault == .sharedAfterStep
    observation[1] = Float(isShared ? shared.count % 100 : count % 100) / 100
    if fault == .nan, count == 5 { observation[1] = .nan }
    if fault == .outside, count == 5 { observation[1] = 1.5 }
    if fault == .tooLong { observation[2] = 0 }
  }

  func actionMask(into mask: inout MutableSpan<Bool>) {
    for action in 0..<maskSize { mask[action] = count < 4 }
  }

  static var metricNames: [String] { ["pulls"] }

  func metrics(into metrics: inout MutableSpan<Float>) {
    metrics[0] = fault == .nanMetric && count == 5 ? .nan : Float(count)
    if fault == .metricsTooLong { metrics[1] = 0 }
  }
}

/// An action that does not fit the space it is for.
struct Misfit: Environment {
  var observationSpace: Box { Box(shape: [1], in: 0...1) }
  var actionSpace: Box { Box(shape: [2], in: -1...1) }
  mutating func reset(using random: inout PCG64) {}
  mutating func step(_ action: InlineArray<3, Float>, using random: inout PCG64) -> StepResult {
    StepResult(reward: 0)
  }
  func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }
}

/// A reward that is no number where the action is at its bound.
struct Brittle: Environment {
  var observationSpace: Box { Box(shape: [1], in: 0...1) }
  var actionSpace: Box { Box(shape: [2], in: -1...1) }
  mutating func reset(using random: inout PCG64) {}
  mutating func step(_ action: InlineArray<2, Float>, using random: inout PCG64) -> StepResult {
    StepResult(reward: 1 / Double(1 - action[1]))
  }
  func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }
}
