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
        EnvironmentSpec(id: "MountainCar-v0", maxEpisodeSteps: 200, rewardThreshold: -110)
      ) { MountainCar() },
      Registration(
        EnvironmentSpec(id: "MountainCarContinuous-v0", maxEpisodeSteps: 999, rewardThreshold: 90)
      ) { MountainCarContinuous() },
      Registration(
        EnvironmentSpec(id: "Pendulum-v1", maxEpisodeSteps: 200)
      ) { Pendulum() },
      Registration(
        EnvironmentSpec(id: "Acrobot-v1", maxEpisodeSteps: 500, rewardThreshold: -100)
      ) { Acrobot() },
      Registration(
        EnvironmentSpec(id: "PointMass-v0", maxEpisodeSteps: 50, rewardThreshold: -3)
      ) { PointMass() },
    ]
  }
}
