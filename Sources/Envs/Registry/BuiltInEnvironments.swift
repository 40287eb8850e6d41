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
        EnvironmentSpec(id: "FrozenLake-v1", maxEpisodeSteps: 100, rewardThreshold: 0.7)
      ) { FrozenLake() },
      Registration(
        EnvironmentSpec(id: "FrozenLake8x8-v1", maxEpisodeSteps: 200, rewardThreshold: 0.85)
      ) { FrozenLake(.eightByEight) },
      Registration(EnvironmentSpec(id: "CliffWalking-v1")) { CliffWalking() },
      Registration(EnvironmentSpec(id: "CliffWalkingSlippery-v1")) {
        CliffWalking(isSlippery: true)
      },
      Registration(
        EnvironmentSpec(id: "Taxi-v4", maxEpisodeSteps: 200, rewardThreshold: 8)
      ) { Taxi() },
      Registration(EnvironmentSpec(id: "Blackjack-v1")) { Blackjack() },
      Registration(
        EnvironmentSpec(id: "PointMass-v0", maxEpisodeSteps: 50, rewardThreshold: -3)
      ) { PointMass() },
    ] + minAtar
  }
}
