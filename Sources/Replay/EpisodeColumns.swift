/// One episode as it was played: columns that grow with it and are used again for the next.
public final class EpisodeColumns: @unchecked Sendable {
  public let observationSize: Int
  public let actionSize: Int
  public let maskSize: Int
  /// Bytes of one number of an observation: 4 of Float32, 1 of a byte.
  public let elementSize: Int
  /// Steps the columns hold.
  public private(set) var count = 0
  private var capacity: Int

  /// `[count, observationSize]`: what each action was chosen for.
  public private(set) var observations: UnsafeMutableRawPointer
  /// `[count, actionSize]`: what the policy sampled, before any clipping to the action space.
  public private(set) var actions: UnsafeMutablePointer<Float>
  /// `[count, maskSize]`
  public private(set) var masks: UnsafeMutablePointer<Bool>
  /// `[count]`
  public private(set) var rewards: UnsafeMutablePointer<Double>
  /// V of the state after the last step where the episode was cut there, 0 where it terminated.
  public var finalValue: Float = 0

  public init(
    observationSize: Int, actionSize: Int, maskSize: Int = 0, elementSize: Int = 4
  ) {
    self.observationSize = observationSize
    self.actionSize = actionSize
    self.maskSize = maskSize
    self.elementSize = elementSize
    capacity = 64
    observations = .allocate(
      byteCount: max(capacity * observationSize * elementSize, 1), alignment: 16)
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

  /// Bytes of one observation row.
  public var rowBytes: Int { observationSize * elementSize }

  /// Forgets the steps and keeps the memory.
  public func removeAll() { (count, finalValue) = (0, 0) }

  /// Takes one step; the rows are copied.
  public func append(
    observation: UnsafeRawPointer, action: UnsafePointer<Float>, mask: UnsafePointer<Bool>?,
    reward: Double
  ) {
    if count == capacity { grow() }
    (observations + count * rowBytes).copyMemory(from: observation, byteCount: rowBytes)
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
    let rows = UnsafeMutableRawPointer.allocate(
      byteCount: max(2 * capacity * rowBytes, 1), alignment: 16)
    rows.copyMemory(from: observations, byteCount: count * rowBytes)
    observations.deallocate()
    observations = rows
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
