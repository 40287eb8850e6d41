import Envs
import Runtime

/// A picture with a beacon on its left or right, and beside it whether to go to its side or to the other, and a
/// wind: what is right to do takes the picture and the numbers together.
private struct Beacon: Codable, Sendable {
  static let (height, width) = (6, 7)
  static let steps = 8

  private var cell = 0
  private var isReversed = false
  private var wind: Float = 0
  private(set) var step = 0

  static var space: Dict {
    Dict([
      "camera": Box(shape: [height, width, 2], in: 0...255, of: .uint8), "reversed": Discrete(2),
      "wind": Box(shape: [1], in: -1...1),
    ])
  }

  mutating func begin(using random: inout PCG64) {
    step = 0
    draw(using: &random)
  }

  mutating func draw(using random: inout PCG64) {
    // The middle column stays empty.
    cell = random.integers(0..<Self.height) * Self.width + random.integers(0..<Self.width / 2)
    if random.random() < 0.5 { cell += (Self.width + 1) / 2 }
    isReversed = random.random() < 0.5
    wind = Float(random.uniform(-1, 1))
  }

  mutating func advance(reward: Double, using random: inout PCG64) -> StepResult {
    step += 1
    draw(using: &random)
    return StepResult(reward: reward, ending: step == Self.steps ? .terminated : .none)
  }

  /// Which way to go: −1 or 1.
  var side: Float { (cell % Self.width > Self.width / 2) != isReversed ? 1 : -1 }

  /// How far to go.
  var target: Float { 0.6 * side + 0.3 * wind }

  func observe(into row: inout MutableSpan<Float>) {
    let pixels = Self.height * Self.width * 2
    for i in 0..<pixels { row[i] = i % 2 == 1 ? Float(i) : 0 }
    row[cell * 2] = 255
    row[pixels] = isReversed ? 1 : 0
    row[pixels + 1] = wind
  }
}

/// One point a step for the right side: 8 an episode, 4 by chance.
struct BeaconChoice: Environment {
  private var beacon = Beacon()

  var observationSpace: Dict { Beacon.space }
  var actionSpace: Discrete { Discrete(2) }
  mutating func reset(using random: inout PCG64) { beacon.begin(using: &random) }
  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    beacon.advance(reward: (action == 1) == (beacon.side > 0) ? 1 : 0, using: &random)
  }
  func observe(into observation: inout MutableSpan<Float>) { beacon.observe(into: &observation) }
}

/// The distance from how far to go is lost: 0 at best, about −5 an episode for standing still.
struct BeaconReach: Environment {
  private var beacon = Beacon()

  var observationSpace: Dict { Beacon.space }
  var actionSpace: Box { Box(shape: [1], in: -1...1) }
  mutating func reset(using random: inout PCG64) { beacon.begin(using: &random) }
  mutating func step(_ action: InlineArray<1, Float>, using random: inout PCG64) -> StepResult {
    beacon.advance(reward: -Double(abs(action[0] - beacon.target)), using: &random)
  }
  func observe(into observation: inout MutableSpan<Float>) { beacon.observe(into: &observation) }
}
