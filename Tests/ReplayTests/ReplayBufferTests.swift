import Foundation
import Replay
import Runtime
import Testing

/// Steps of made-up environments, kept in full beside the buffer that is tested against them. Each observation is
/// a number that comes once.
private struct Log {
  struct Step {
    var environment: Int
    var observation, action, reward, next: Float
    /// 0 none, 1 terminated, 2 truncated.
    var ending: UInt8
  }

  var buffer: ReplayBuffer
  var steps: [Step] = []
  private var present: [Float] = []
  private var frames: Float = 0
  private var random: PCG64

  init(capacity: Int, environments: Int, alpha: Double? = nil, seed: UInt64 = 1) {
    random = PCG64(seed: seed)
    buffer = ReplayBuffer(
      capacity: capacity, layout: .init(observationSize: 2, actionSize: 1),
      environmentCount: environments, priorityExponent: alpha)
    present = (0..<environments).map { _ in frame() }
    let rows = rows(present)
    buffer.begin(rows)
  }

  private mutating func frame() -> Float {
    frames += 1
    return frames
  }

  private func rows(_ frames: [Float]) -> [Float] { frames.flatMap { [$0, -$0] } }

  mutating func step(endings share: Double = 0.2) {
    let count = buffer.environmentCount
    var actions: [Float] = []
    var (rewards, endings): ([Double], [UInt8]) = ([], [])
    var (finals, next): ([Float], [Float]) = ([], [])
    for n in 0..<count {
      actions.append(Float(random.random()))
      rewards.append(Double(Float(random.random())))
      let ends = random.random() < share
      endings.append(ends ? UInt8(1 + random.integers(0..<2)) : 0)
      finals.append(ends ? frame() : -1)
      next.append(frame())
      steps.append(
        Step(
          environment: n, observation: present[n], action: actions[n], reward: Float(rewards[n]),
          next: ends ? finals[n] : next[n], ending: endings[n]))
    }
    present = next
    buffer.append(
      actions: actions, rewards: rewards, endings: endings, finalObservations: rows(finals),
      observations: rows(next))
  }

  /// What an n-step return from a logged step must be, by looking through the list.
  func outcome(_ index: Int, steps n: Int, gamma: Float) -> (Float, next: Float, Float) {
    var (reward, discount): (Float, Float) = (0, 1)
    var here = index
    for k in 0..<n {
      let step = steps[here]
      reward += discount * step.reward
      discount *= gamma
      if step.ending == 1 { return (reward, step.next, 0) }
      if step.ending == 2 || k == n - 1 { return (reward, step.next, discount) }
      let after = steps[(here + 1)...].firstIndex { $0.environment == step.environment }
      guard let after else { return (reward, step.next, discount) }
      here = after
    }
    return (reward, steps[here].next, discount)
  }
}

extension ReplayBuffer {
  fileprivate func observation(_ row: Int) -> Float {
    var pair: [Float] = [0, 0]
    pair.withUnsafeMutableBytes { copyObservations([row], to: $0.baseAddress!) }
    #expect(pair[1] == -pair[0])
    return pair[0]
  }

  fileprivate func action(_ row: Int) -> Float {
    var action: Float = 0
    copyActions([row], to: &action)
    return action
  }

  /// Everything that can be read off the rows in use.
  fileprivate var contents: [Float] {
    (first..<end).flatMap { row -> [Float] in
      guard isStep(row) else { return [observation(row)] }
      let (reward, next, discount) = outcome(of: row, steps: 3, gamma: 0.5)
      return [observation(row), action(row), reward, Float(next), discount]
    }
  }
}

/// Every row in use against the list of all steps, long after the ring has come round.
@Test(arguments: [(1, 1), (1, 3), (3, 1), (3, 4), (5, 20)])
func rowsAreTheStepsThatWereTaken(environments: Int, returnSteps: Int) {
  var log = Log(capacity: 300, environments: environments)
  for t in 0..<700 {
    log.step()
    if t % 97 != 5 && t != 699 { continue }
    let buffer = log.buffer
    let byFrame = Dictionary(
      uniqueKeysWithValues: log.steps.enumerated().map { ($1.observation, $0) })
    var found = 0
    for row in buffer.first..<buffer.end where buffer.isStep(row) {
      guard let index = byFrame[buffer.observation(row)] else {
        Issue.record("row \(row) holds an observation that no step was taken from")
        continue
      }
      found += 1
      let (reward, next, discount) = log.outcome(index, steps: returnSteps, gamma: 0.9)
      let outcome = buffer.outcome(of: row, steps: returnSteps, gamma: 0.9)
      #expect(buffer.action(row) == log.steps[index].action)
      #expect(outcome.reward == reward)
      #expect(buffer.observation(outcome.next) == next)
      #expect(outcome.discount == discount)
    }
    // A row in use is a step, a final observation or a present one; none is lost.
    let latest = log.steps.suffix(found)
    #expect(Set(latest.map(\.environment)).count == environments)
    #expect(buffer.count == min(buffer.end, 300))
    #expect(Double(found) > 0.6 * Double(buffer.count))
  }
}

@Test func everyStepIsDrawnEquallyOften() {
  var log = Log(capacity: 64, environments: 2)
  for _ in 0..<100 { log.step() }
  var random = PCG64(seed: 4)
  let drawn = log.buffer.draw(60_000, using: &random)
  let steps = (log.buffer.first..<log.buffer.end).filter { log.buffer.isStep($0) }
  let counts = Dictionary(grouping: drawn) { $0 }.mapValues(\.count)
  #expect(Set(counts.keys) == Set(steps))
  let expected = 60_000.0 / Double(steps.count)
  // χ² with as many degrees of freedom less one: five deviations above its mean.
  let chi = counts.values.reduce(0) {
    $0 + (Double($1) - expected) * (Double($1) - expected) / expected
  }
  let freedom = Double(steps.count - 1)
  #expect(chi < freedom + 5 * (2 * freedom).squareRoot())
}

/// Probabilities pᵢ^α / Σ p^α and weights (N P)^−β over the largest.
@Test func prioritiesDecideWhatIsDrawn() {
  var log = Log(capacity: 64, environments: 1, alpha: 0.5)
  for _ in 0..<9 { log.step(endings: 0) }
  let rows = Array(0..<9)
  #expect(log.buffer.priorities?.total == 9)
  let errors: [Float] = [4, 0, 1, 9, -16, 1, 1, 1, 25]
  log.buffer.setPriorities(of: rows, errors: errors)
  let expected = errors.map { (Double($0.magnitude) + 1e-6).squareRoot() }
  let total = expected.reduce(0, +)
  var random = PCG64(seed: 2)
  var counts = [Int](repeating: 0, count: 9)
  for _ in 0..<2000 {
    let (drawn, weights) = log.buffer.draw(16, beta: 0.7, using: &random)
    let raw = drawn.map { pow(10 * expected[$0] / total, -0.7) }
    for (row, weight) in zip(drawn, zip(weights, raw)) {
      counts[row] += 1
      #expect(abs(Double(weight.0) - weight.1 / raw.max()!) < 1e-5)
    }
  }
  for row in rows {
    let share = Double(counts[row]) / 32_000
    #expect(abs(share - expected[row] / total) < 0.01, "row \(row)")
  }
}

/// Rows that leave the window are not drawn any more, and new ones have the largest priority so far.
@Test func prioritiesFollowTheRing() throws {
  var log = Log(capacity: 100, environments: 2, alpha: 1)
  var random = PCG64(seed: 3)
  for t in 0..<400 {
    log.step()
    let (rows, _) = log.buffer.draw(8, beta: 0.4, using: &random)
    for row in rows { #expect(row >= log.buffer.first && log.buffer.isStep(row)) }
    log.buffer.setPriorities(of: rows, errors: rows.map { Float($0 % 7) })
    if t % 50 != 49 { continue }
    let priorities = try #require(log.buffer.priorities)
    var again = Log(capacity: 100, environments: 2, alpha: 1).buffer
    try again.restorePriorities(priorities.encoded())
    #expect(again.priorities == priorities)
  }
}

@Test func copiesAreSnapshots() {
  var log = Log(capacity: 64, environments: 2)
  for _ in 0..<50 { log.step() }
  let copy = log.buffer
  let before = copy.contents
  for _ in 0..<50 { log.step() }
  #expect(copy.contents == before)
  #expect(log.buffer.contents != before)
}

/// Saved and taken back at any moment, a buffer goes on as the one it was saved from; a segment never changes.
@Test(arguments: [1, 3])
func segmentsBringABufferBack(environments: Int) throws {
  var log = Log(capacity: 640, environments: environments)
  var written: [Int: Data] = [:]
  for t in 0..<1500 {
    log.step()
    if t % 71 != 0 { continue }
    let buffer = log.buffer
    for number in buffer.segments {
      let data = buffer.segment(number)
      #expect(written[number] == nil || written[number] == data)
      written[number] = data
    }
    var again = Log(capacity: 640, environments: environments).buffer
    try again.restore(buffer.state, tail: buffer.tail()) { written[$0]! }
    #expect(again.contents == buffer.contents)
    // The same step after both.
    let row = [Float](repeating: 0.5, count: 2 * environments)
    let ends = [UInt8](repeating: 1, count: environments)
    var other = buffer
    for index in [0, 1] {
      var target = index == 0 ? other : again
      target.append(
        actions: row, rewards: row.map(Double.init), endings: ends, finalObservations: row,
        observations: row)
      if index == 0 { other = target } else { again = target }
    }
    #expect(again.tail() == other.tail())
  }
  #expect(written.count > 8)
}

@Test func damagedRowsAreRefused() throws {
  var log = Log(capacity: 64, environments: 1)
  for _ in 0..<40 { log.step() }
  let buffer = log.buffer
  var again = Log(capacity: 64, environments: 1).buffer
  func refusal(_ state: ReplayBuffer.State, _ tail: Data) -> String {
    let error = #expect(throws: ReplayError.self) {
      try again.restore(state, tail: tail) { _ in Data() }
    }
    return error?.description ?? ""
  }
  #expect(refusal(buffer.state, buffer.tail().dropLast()).contains("are needed"))
  // Links stand before the endings, at the end.
  var damaged = buffer.tail()
  damaged[damaged.count - buffer.end - 2] = 0x7f
  #expect(refusal(buffer.state, damaged).contains("leads beyond the last one"))
  let json = String(decoding: try JSONEncoder().encode(buffer.state), as: UTF8.self)
  let wrong = try JSONDecoder().decode(
    ReplayBuffer.State.self,
    from: Data(json.replacingOccurrences(of: "\"pending\":[", with: "\"pending\":[7,").utf8))
  #expect(refusal(wrong, buffer.tail()).contains("none of 1 environments"))
}

/// Bytes are kept as they are.
@Test func pixelsAreRowsOfBytes() {
  var buffer = ReplayBuffer(
    capacity: 16, layout: .init(observationSize: 3, observesBytes: true, actionSize: 1),
    environmentCount: 1)
  buffer.begin([1, 2, 255] as [UInt8])
  buffer.append(
    actions: [2], rewards: [1], endings: [2], finalObservations: [4, 5, 6] as [UInt8],
    observations: [7, 8, 9] as [UInt8])
  var bytes = [UInt8](repeating: 0, count: 6)
  let next = buffer.outcome(of: 0, steps: 1, gamma: 0.5)
  bytes.withUnsafeMutableBytes { buffer.copyObservations([0, next.next], to: $0.baseAddress!) }
  #expect(bytes == [1, 2, 255, 4, 5, 6])
  #expect(next.discount == 0.5 && next.reward == 1)
}

/// Bytes among numbers take a byte each and come back as they were, all of a row or some elements of it.
@Test func picturesAmongNumbersAreKeptAsBytes() {
  let layout = ReplayLayout(observationSize: 7, byteRanges: [1..<4, 5..<6], actionSize: 1)
  #expect(layout.observationBytes == 3 * 4 + 4 && layout.givenBytes == 28)
  var buffer = ReplayBuffer(capacity: 16, layout: layout, environmentCount: 2)
  func row(_ x: Float) -> [Float] { [x + 0.5, 0, 255, x, -x - 0.25, 7, 1e30] }
  buffer.begin(row(1) + row(2))
  let row1 = (0..<2).map { row(Float(10 + $0)) }
  buffer.append(
    actions: [2, 3], rewards: [1, 1], endings: [0, 1], finalObservations: row(5) + row(6),
    observations: row1[0] + row1[1])
  var numbers = [Float](repeating: 0, count: 35)
  numbers.withUnsafeMutableBytes {
    buffer.copyObservations([0, 1, 2, 3, 4], to: $0.baseAddress!)
  }
  #expect(numbers == row(1) + row(2) + row1[0] + row(6) + row1[1])
  var scratch = [Float](repeating: 0, count: 7)
  scratch.withUnsafeMutableBytes {
    buffer.withObservation(3, scratch: $0.baseAddress!) { given in
      #expect((0..<7).map { given.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) } == row(6))
    }
  }
  // A hindsight goal is read from the middle of a row: from a picture's end to its number.
  let goals = HindsightGoals(.final, ratio: 1 << 40, achieved: 3..<5, desired: 0..<2) { _, goal in
    (Double(goal[0] + goal[1]), false)
  }
  var (now, after) = (row(2), row(6))
  var (rewards, discounts, random) = ([Float](repeating: 0, count: 1), [Float(1)], PCG64(seed: 1))
  goals.relabel(
    [1], of: buffer, gamma: 0.5, observations: &now, next: &after, rewards: &rewards,
    discounts: &discounts, using: &random)
  #expect(Array(now[..<2]) == [6, -6.25] && Array(after[..<2]) == [6, -6.25])
  #expect(rewards == [-0.25] && discounts == [0.5])
}

@Test func aBufferLargerThanTheMachineIsRefused() {
  let layout = ReplayLayout(observationSize: 84 * 84 * 4, observesBytes: true, actionSize: 1)
  #expect(layout.rowBytes == 28_224 + 4 + 9)
  let refusal = ReplayMemory.refusal(
    capacity: 1_000_000, layout: layout, available: 16_000_000_000)
  #expect(refusal?.hasPrefix("needs 28.") == true, "\(refusal ?? "")")
  #expect(refusal?.contains("there are 16.0 GB") == true)
  #expect(ReplayMemory.refusal(capacity: 1000, layout: layout, available: 1 << 30) == nil)
  #expect(ReplayMemory.available > 1 << 28)
}
