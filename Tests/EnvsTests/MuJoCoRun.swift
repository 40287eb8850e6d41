import Envs
import Runtime
import Testing

/// What `References/make_mujoco.py` wrote down of one of Gymnasium's tasks.
struct MuJoCoRun: Decodable, Sendable, CustomTestStringConvertible {
  let id: String
  /// Of the form `name=value`.
  let options: [String]
  let limit: Int
  let threshold: Double?
  let observationSpace, actionSpace: String
  let steps, terminated, truncated: Int
  /// Of the observations' Float64 bits, one for each seed 0, 1, 2 …
  let checksums: [UInt32]
  /// The sum of the rewards for each seed.
  let returns: [Double]
  /// The bits of every reward of seed 0.
  let rewards: String

  var testDescription: String { ([id] + options).joined(separator: " ") }

  /// Plays what Gymnasium played: observations must be equal bit for bit, rewards to 1e-12.
  func compare<E: MuJoCoEnvironment>(_ task: E) {
    #if DEBUG
      let seeds = 1
    #else
      let seeds = checksums.count
    #endif
    var endings = (terminated: 0, truncated: 0)
    for seed in 0..<seeds {
      let played = play(task, seed: UInt64(seed))
      #expect(played.checksum == checksums[seed], "observations of seed \(seed) differ")
      let sum = played.rewards.reduce(0, +)
      let scale = max(1, played.rewards.map(\.magnitude).reduce(0, +))
      #expect((sum - returns[seed]).magnitude <= 1e-12 * scale, "rewards of seed \(seed) differ")
      endings.terminated += played.terminated
      endings.truncated += played.truncated
      guard seed == 0 else { continue }
      for (step, reward) in expectedRewards.enumerated() {
        let error = (played.rewards[step] - reward).magnitude
        guard error <= 1e-12 * max(1, reward.magnitude) else {
          Issue.record("reward \(played.rewards[step]) at step \(step + 1) is not \(reward)")
          break
        }
      }
    }
    if seeds == checksums.count {
      #expect(endings == (terminated, truncated))
    }
  }

  private var expectedRewards: [Double] {
    stride(from: 0, to: rewards.count, by: 16).map { place in
      let start = rewards.utf8.index(rewards.startIndex, offsetBy: place)
      let end = rewards.utf8.index(start, offsetBy: 16)
      return Double(bitPattern: UInt64(rewards[start..<end], radix: 16)!)
    }
  }

  private func play<E: MuJoCoEnvironment>(
    _ task: E, seed: UInt64
  ) -> (checksum: UInt32, rewards: [Double], terminated: Int, truncated: Int) {
    var checksum = CRC32()
    var rewards: [Double] = []
    var (terminated, truncated) = (0, 0)
    let space = task.actionSpace
    var actions = space.streams(seed: seed + 1)
    var episode = Episode(task, seed: seed, timeLimit: limit)
    func add() { for number in episode.environment.observation { checksum.add(number.bitPattern) } }
    add()
    for _ in 0..<steps {
      let row = space.sampleRow(using: &actions)
      let result = row.withUnsafeBufferPointer {
        episode.step(E.Action(row: $0.baseAddress!, count: $0.count))
      }
      rewards.append(result.reward)
      add()
      checksum.add(result.ending.rawValue)
      if result.ending == .none { continue }
      if result.ending == .terminated { terminated += 1 } else { truncated += 1 }
      episode.reset()
      add()
    }
    return (checksum.value, rewards, terminated, truncated)
  }
}
