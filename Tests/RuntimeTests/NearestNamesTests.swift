import Runtime
import Testing

@Suite struct NearestNamesTests {
  private let environments = ["Acrobot-v1", "CartPole-v0", "CartPole-v1", "MountainCar-v0"]

  @Test(arguments: [
    ("cartpol-v1", ["CartPole-v1", "CartPole-v0"]),  // case, a letter left out
    ("CratPole-v1", ["CartPole-v1", "CartPole-v0"]),  // swapped neighbours
    ("CartPole", ["CartPole-v0", "CartPole-v1"]),  // unfinished; equally far, so in order
    ("MountianCar-v0", ["MountainCar-v0"]),
    ("acrobot_v1", ["Acrobot-v1"]),
  ])
  func namesTheLikely(_ name: String, _ expected: [String]) {
    #expect(nearestNames(to: name, in: environments) == expected)
  }

  @Test func keepsToItsLimit() {
    #expect(nearestNames(to: "CartPole-v2", in: environments, limit: 1) == ["CartPole-v0"])
  }

  @Test func alwaysNamesSomething() {
    #expect(!nearestNames(to: "zzz", in: environments).isEmpty)
    #expect(nearestNames(to: "", in: ["ppo", "a2c", "reinforce"]).first == "ppo")
    #expect(nearestNames(to: "ppo", in: []) == [])
  }

  @Test func countsASwapAsOneMistake() {
    // Two plain edits would make "gmama" and "gaxxa" as far from "gamma" as each other.
    #expect(nearestNames(to: "gmama", in: ["gmaxx", "gamma"]).first == "gamma")
  }
}
