import Runtime

/// The state of a MuJoCo task's world, a value: what MuJoCo needs to go on, and what was seen last.
///
/// Every thread has one `mjData` a model to compute in. A step puts the state into it, steps, and takes the
/// state out again, which is under one per cent of the time a step takes; so a copy is a few hundred bytes,
/// shares nothing, and goes on exactly as the original does.
public struct MuJoCoSimulation: Sendable {
  let model: MuJoCoModel
  /// MuJoCo's steps in one of the environment's.
  let frameSkip: Int
  /// The seconds that a step takes.
  let seconds: Double
  /// Time, positions, velocities, activations and the solver's warm start; zeros before the first reset.
  private var state: [Double]
  /// In full precision.
  private(set) var observation: [Double]
  /// What the reward compares with after the next step; MuJoCo's own has changed by then.
  var position = SIMD2<Double>()
  /// What `metrics(into:)` gives.
  var readings = SIMD16<Float>()
  /// Steps since the reset.
  private(set) var steps = 0
  /// The stream as it was when the episode began, which begins it again.
  private var start = PCG64(seed: 0)
  private(set) var divergence: SimulationDivergence?

  /// - Parameter controls: How many numbers an action has.
  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or the model does not fit.
  init(
    _ file: String, controls: Int, frameSkip: Int, noise: Double = 0,
    observationSize: (MuJoCoModel) -> Int
  ) throws(EnvironmentError) {
    model = try MuJoCoModel.load(file)
    guard model.controls == controls else {
      throw EnvironmentError(
        .data, "the model \(file) has \(model.controls) actuators; the task has \(controls)")
    }
    guard (1...1_000_000).contains(frameSkip) else {
      throw EnvironmentError(.usage, "the frame skip is \(frameSkip); it must be at least 1")
    }
    guard noise >= 0, noise.isFinite else {
      throw EnvironmentError(.usage, "the reset noise is \(noise); it must be 0 or more")
    }
    self.frameSkip = frameSkip
    seconds = model.timestep * Double(frameSkip)
    state = Array(repeating: 0, count: model.stateSize)
    observation = Array(repeating: 0, count: max(0, observationSize(model)))
  }

  /// Refuses a model that is too small for what the task reads.
  func require(positions: Int = 0, velocities: Int = 0, bodies: Int = 0) throws(EnvironmentError) {
    let has = [model.positions, model.velocities, model.bodies]
    let needs = [positions, velocities, bodies]
    if zip(has, needs).contains(where: { $0 < $1 }) {
      throw EnvironmentError(
        .data,
        "the model \(model.file) has \(has[0]) positions, \(has[1]) velocities and \(has[2]) bodies; "
          + "the task reads \(needs[0]), \(needs[1]) and \(needs[2])")
    }
  }
}

extension MuJoCoSimulation {
  /// This state in the calling thread's simulation.
  func posed() -> MuJoCoData {
    let data = model.scratch
    state.withUnsafeBufferPointer { model.setState(data, $0.baseAddress!) }
    return data
  }

  /// This state for MuJoCo's own renderer; nil where it is not to be used.
  func rendering(of task: String) -> MuJoCoRendering? {
    MuJoCoRendering(model: model, state: state, task: task)
  }
}

extension MuJoCoSimulation {
  /// Starts an episode: the model's start, for the task to disturb before it calls ``settle(_:)``.
  mutating func begin(_ random: PCG64) -> MuJoCoData {
    start = random
    steps = 0
    divergence = nil
    readings = SIMD16()
    let data = model.scratch
    model.reset(data)
    return data
  }

  /// Computes what follows from the positions and velocities that a reset chose.
  mutating func settle(_ data: MuJoCoData) {
    model.forward(data)
    keep(data)
  }

  private mutating func keep(_ data: MuJoCoData) {
    state.withUnsafeMutableBufferPointer { model.getState(data, $0.baseAddress!) }
  }

  /// Takes a step; nil if the simulation diverged, which has been said and kept then.
  ///
  /// - Parameter contactForces: Whether `cfrcExt` is needed; MuJoCo computes it on request only.
  mutating func step<let n: Int>(
    _ action: InlineArray<n, Float>, contactForces: Bool = false, task: @autoclosure () -> String
  ) -> MuJoCoData? {
    let data = model.scratch
    state.withUnsafeBufferPointer { model.setState(data, $0.baseAddress!) }
    for index in 0..<n { data.ctrl[index] = Double(action[index]) }
    steps += 1
    let problems = model.step(data, count: frameSkip, contactForces: contactForces)
    if problems != 0 {
      report(problems, task())
      return nil
    }
    keep(data)
    return data
  }

  @inline(never)
  private mutating func report(_ problems: UInt32, _ task: String) {
    let divergence = SimulationDivergence(
      task: task, problem: SimulationDivergence.Problem(problems), step: steps, start: start)
    self.divergence = divergence
    warn("\(divergence)")
  }

  /// Writes the observation.
  mutating func observe(_ body: (inout RowWriter) -> Void) {
    observation.withUnsafeMutableBufferPointer { row in
      var writer = RowWriter(row)
      body(&writer)
      writer.finish()
    }
  }

  /// What is wrong with a simulation that was read from a file, beside one that its options make.
  func fault(beside made: MuJoCoSimulation) -> String? {
    if model.file != made.model.file {
      return "it simulates \(model.file) and its options say \(made.model.file)"
    }
    return Envs.fault("frame skip", frameSkip, in: made.frameSkip...made.frameSkip)
      ?? Envs.fault("numbers observed", count: observation.count, for: made.observation.count)
      ?? Envs.fault("steps", steps, in: countRange)
  }

  /// What a step that diverged gives: nothing earned, and the observation stays the last that was right.
  var diverged: StepResult { StepResult(reward: 0, ending: .truncated) }
}

/// Fills a row from its beginning.
struct RowWriter {
  private var next: UnsafeMutablePointer<Double>
  private let end: UnsafeMutablePointer<Double>

  init(_ row: UnsafeMutableBufferPointer<Double>) {
    next = row.baseAddress!
    end = next + row.count
  }

  mutating func add(_ number: Double) {
    precondition(next < end)
    next.pointee = number
    next += 1
  }

  mutating func add(_ numbers: UnsafeMutablePointer<Double>, _ range: Range<Int>) {
    for index in range { add(numbers[index]) }
  }

  mutating func add(
    _ numbers: UnsafeMutablePointer<Double>, _ range: Range<Int>,
    clippedTo limits: ClosedRange<Double>
  ) {
    for index in range { add(limits.clip(numbers[index])) }
  }

  mutating func add(_ numbers: SIMD3<Double>) {
    for index in 0..<3 { add(numbers[index]) }
  }

  func finish() { precondition(next == end) }
}

extension ClosedRange<Double> {
  /// The nearest number inside.
  func clip(_ number: Double) -> Double { Swift.min(Swift.max(number, lowerBound), upperBound) }

  /// Whether a number is between the bounds and is neither.
  func holdsInside(_ number: Double) -> Bool { lowerBound < number && number < upperBound }
}

extension UnsafeMutablePointer<Double> {
  /// Adds uniform noise, number by number, as NumPy draws an array.
  func addUniform(_ count: Int, within size: Double, using random: inout PCG64) {
    for index in 0..<count { self[index] += random.uniform(-size, size) }
  }

  func addNormal(_ count: Int, times size: Double, using random: inout PCG64) {
    for index in 0..<count { self[index] += size * random.standardNormal() }
  }

  func allFinite(_ range: Range<Int>) -> Bool { range.allSatisfy { self[$0].isFinite } }
}

extension MuJoCoSimulation: Codable {
  private enum CodingKeys: String, CodingKey {
    case model, frameSkip, state, observation, position, readings, steps, start, divergence
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(model.file, forKey: .model)
    try container.encode(frameSkip, forKey: .frameSkip)
    try container.encode(state, forKey: .state)
    try container.encode(observation, forKey: .observation)
    try container.encode(position, forKey: .position)
    try container.encode(readings, forKey: .readings)
    try container.encode(steps, forKey: .steps)
    try container.encode(start, forKey: .start)
    try container.encodeIfPresent(divergence, forKey: .divergence)
  }

  /// - Throws: `EnvironmentError` if MuJoCo or the model is missing, `DecodingError` if they are others than
  ///   those that were saved.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    model = try MuJoCoModel.load(container.decode(String.self, forKey: .model))
    frameSkip = try container.decode(Int.self, forKey: .frameSkip)
    seconds = model.timestep * Double(frameSkip)
    state = try container.decode([Double].self, forKey: .state)
    guard state.count == model.stateSize, (1...1_000_000).contains(frameSkip) else {
      throw DecodingError.dataCorruptedError(
        forKey: .state, in: container,
        debugDescription:
          "the saved state has \(state.count) numbers, the model \(model.file) has \(model.stateSize)"
      )
    }
    observation = try container.decode([Double].self, forKey: .observation)
    position = try container.decode(SIMD2<Double>.self, forKey: .position)
    readings = try container.decode(SIMD16<Float>.self, forKey: .readings)
    steps = try container.decode(Int.self, forKey: .steps)
    start = try container.decode(PCG64.self, forKey: .start)
    divergence = try container.decodeIfPresent(SimulationDivergence.self, forKey: .divergence)
  }
}
