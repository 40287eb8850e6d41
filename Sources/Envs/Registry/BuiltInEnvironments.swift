// Ids, time limits and thresholds are Gymnasium's, the test beds' our own.
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
      Registration(
        EnvironmentSpec(id: "Identity-v0", maxEpisodeSteps: 100, rewardThreshold: 99)
      ) { IdentityTask() },
      Registration(
        EnvironmentSpec(id: "BitFlipping-v0", maxEpisodeSteps: 15, rewardThreshold: -7)
      ) { BitFlipping() },
      Registration(EnvironmentSpec(id: "Chain-v0", maxEpisodeSteps: 1000)) { ChainWalk() },
      Registration(EnvironmentSpec(id: "TwoArmedBandit-v0")) { TwoArmedBandit() },
      Registration(EnvironmentSpec(id: "RepeatPrevious-v0", rewardThreshold: 0.9)) {
        RepeatPrevious()
      },
      Registration(
        EnvironmentSpec(id: "TMaze-v0", maxEpisodeSteps: 100, rewardThreshold: 3.9)
      ) { TMaze() },
      Registration(
        EnvironmentSpec(id: "PositionOnlyCartPole-v0", maxEpisodeSteps: 500, rewardThreshold: 475)
      ) { FilterObservation(CartPole(), keeping: [0, 2]) },
      Registration(EnvironmentSpec(id: "PositionOnlyPendulum-v0", maxEpisodeSteps: 200)) {
        FilterObservation(Pendulum(), keeping: [0, 1])
      },
    ] + minAtar
  }
}
