/// One episode as it was played: columns that grow with it and are used again for the next.
public final class EpisodeColumns: @unchecked Sendable {
  public let observationSize: Int
  public let actionSize: Int
  public let maskSize: Int
  /// Steps the columns hold.
  public private(set) var count = 0
  private var capacity: Int

  /// `[count, observationSize]`: what each action was chosen for.
  public private(set) var observations: UnsafeMutablePointer<Float>
  /// `[count, actionSize]`: what the policy sampled, before any clipping to the action space.
  public private(set) var actions: UnsafeMutablePointer<Float>
  /// `[count, maskSize]`
  public private(set) var masks: UnsafeMutablePointer<Bool>
  /// `[count]`
  public private(set) var rewards: UnsafeMutablePointer<Double>
  /// V of the state after the last step where the episode was cut there, 0 where it terminated.
  public var finalValue: Float = 0

  public init(observationSize: Int, actionSize: Int, maskSize: Int = 0) {
    self.observationSize = observationSize
    self.actionSize = actionSize
    self.maskSize = maskSize
    capacity = 64
    observations = .allocate(capacity: max(capacity * observationSize, 1))
    actions = .allocate(capacity: max(capacity * actionSize, 1))
    masks = .allocate(capacity: max(capacity * maskSize, 1))
    rewards = .allocate(capacity: capacity)
  }

  deinit {
    observations.deallocate()
    actions.deallocate()
    masks.deallocate()
    rewards.deallocate()
  }

  /// Forgets the steps and keeps the memory.
  public func removeAll() { (count, finalValue) = (0, 0) }

  /// Takes one step; the rows are copied.
  public func append(
    observation: UnsafePointer<Float>, action: UnsafePointer<Float>, mask: UnsafePointer<Bool>?,
    reward: Double
  ) {
    if count == capacity { grow() }
    (observations + count * observationSize).update(from: observation, count: observationSize)
    (actions + count * actionSize).update(from: action, count: actionSize)
    if let mask { (masks + count * maskSize).update(from: mask, count: maskSize) }
    rewards[count] = reward
    count += 1
  }

  private func grow() {
    func grown<T>(_ old: UnsafeMutablePointer<T>, _ width: Int) -> UnsafeMutablePointer<T> {
      let new = UnsafeMutablePointer<T>.allocate(capacity: max(2 * capacity * width, 1))
      new.update(from: old, count: count * width)
      old.deallocate()
      return new
    }
    observations = grown(observations, observationSize)
    actions = grown(actions, actionSize)
    masks = grown(masks, maskSize)
    rewards = grown(rewards, 1)
    capacity *= 2
  }

  /// Gₜ = rₜ + γ Gₜ₊₁, from the final value at the end: `[count]`.
  public func returns(gamma: Float) -> [Float] {
    var returns = [Float](repeating: 0, count: count)
    var next = finalValue
    for t in (0..<count).reversed() {
      next = Float(rewards[t]) + gamma * next
      returns[t] = next
    }
    return returns
  }
}
