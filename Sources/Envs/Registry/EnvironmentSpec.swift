/// What the registry knows of an environment.
public struct EnvironmentSpec: Sendable, Hashable, Codable {
  /// The name that `make` takes, such as "CartPole-v1".
  public let id: String
  /// Steps after which an episode is truncated.
  public let maxEpisodeSteps: Int?
  /// The mean return from which on the task counts as solved.
  public let rewardThreshold: Double?
  /// The options it was made with, those that were given.
  public internal(set) var options: [String: OptionValue] = [:]

  public init(id: String, maxEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil) {
    self.id = id
    self.maxEpisodeSteps = maxEpisodeSteps
    self.rewardThreshold = rewardThreshold
  }

  private enum CodingKeys: String, CodingKey {
    case id, options
    case maxEpisodeSteps = "max_episode_steps"
    case rewardThreshold = "reward_threshold"
  }
}
