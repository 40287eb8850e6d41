import CAllocationCounter
import Envs
import Testing

@Suite struct ClassicControlTests {
  @Test(arguments: Goldens.classicControl)
  func equalsGymnasium(_ run: ChecksumRun) throws {
    let parameters = run.parameters
    func range(_ low: Double, _ high: Double) -> ClosedRange<Double> {
      (parameters["low"] ?? low)...(parameters["high"] ?? high)
    }
    let goal = parameters["goal_velocity"] ?? 0
    switch run.name {
    case "MountainCar-v0":
      run.compare(MountainCar(goalVelocity: goal, start: range(-0.6, -0.4))) {
        $0 = [$1[1] >= 0 ? 2 : 0]
      }
    case "MountainCarContinuous-v0":
      run.compare(MountainCarContinuous(goalVelocity: goal, start: range(-0.6, -0.4))) {
        $0 = [Float(signOf: $1[1], magnitudeOf: $0[0])]
      }
    case "Pendulum-v1":
      let pendulum = Pendulum(
        gravity: parameters["g"] ?? 10, startAngle: parameters["x_init"] ?? .pi,
        startVelocity: parameters["y_init"] ?? 1)
      run.compare(pendulum) { $0 = [Float(signOf: $1[2], magnitudeOf: $0[0])] }
    case "Acrobot-v1":
      let acrobot = Acrobot(
        dynamics: parameters["nips"] == 1 ? .nips : .book, start: range(-0.1, 0.1),
        timeStep: parameters["dt"] ?? 0.2, torqueNoise: parameters["torque_noise_max"] ?? 0)
      run.compare(acrobot) { $0 = [$1[4] >= 0 ? 0 : 2] }
    default:
      Issue.record("no environment for \(run.name)")
    }
    let spec = try #require(registeredEnvironments().first { $0.id == run.name })
    #expect(spec.maxEpisodeSteps == run.limit)
  }

  @Test(
    arguments: [
      (
        "MountainCar-v0", -110, "Box([-1.2  -0.07], [0.6  0.07], (2,), float32)", "Discrete(3)"
      ),
      (
        "MountainCarContinuous-v0", 90, "Box([-1.2  -0.07], [0.6  0.07], (2,), float32)",
        "Box(-1.0, 1.0, (1,), float32)"
      ),
      (
        "Pendulum-v1", nil, "Box([-1. -1. -8.], [1. 1. 8.], (3,), float32)",
        "Box(-2.0, 2.0, (1,), float32)"
      ),
      (
        "Acrobot-v1", -100,
        "Box([ -1.        -1.        -1.        -1.       -12.566371 -28.274334], "
          + "[ 1.        1.        1.        1.       12.566371 28.274334], (6,), float32)",
        "Discrete(3)"
      ),
    ] as [(String, Double?, String, String)])
  func registeredAsInGymnasium(
    _ id: String, _ threshold: Double?, _ observations: String, _ actions: String
  ) throws {
    let environments = try make(id, seed: 0)
    #expect(environments.spec?.rewardThreshold == threshold)
    #expect("\(environments.observationSpace)" == observations)
    #expect("\(environments.actionSpace)" == actions)
  }

  @Test func keepTheirPromises() throws {
    let counter = countsAllocations ? { Int(allocations_of_this_thread()) } : nil
    try checkEnvironment(MountainCar(), countingAllocations: counter)
    try checkEnvironment(MountainCar(goalVelocity: 0.03, start: -1...0.3))
    try checkEnvironment(MountainCarContinuous(), countingAllocations: counter)
    try checkEnvironment(Pendulum(), countingAllocations: counter)
    try checkEnvironment(Pendulum(gravity: 9.81, startAngle: 0.1, startVelocity: 0))
    try checkEnvironment(Acrobot(), countingAllocations: counter)
    try checkEnvironment(Acrobot(dynamics: .nips, start: -2...2, timeStep: 0.05))
  }

  /// Angles past what Gymnasium's subtraction of turn after turn gets back from.
  @Test func acrobotReturnsFromAbsurdStarts() {
    var episode = Episode(Acrobot(start: 1e12...1e13), seed: 1)
    episode.step(2)
    #expect(episode.elapsedSteps == 1)
  }
}
