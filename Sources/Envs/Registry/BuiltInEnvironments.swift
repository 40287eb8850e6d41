// Ids, time limits and thresholds are Gymnasium's.
extension Registration {
  static var builtIn: [Registration] {
    [
      Registration(
        EnvironmentSpec(id: "CartPole-v0", maxEpisodeSteps: 200, rewardThreshold: 195)
      ) { CartPole() },
      Registration(
        EnvironmentSpec(id: "CartPole-v1", maxEpisodeSteps: 500, rewardThreshold: 475)
      ) { CartPole() },
      Registration(
        EnvironmentSpec(id: "PointMass-v0", maxEpisodeSteps: 50, rewardThreshold: -3)
      ) { PointMass() },
    ]
  }
}
