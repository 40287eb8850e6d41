#if Box2D
  import Runtime

  /// An episode in a simulation that cannot be copied.
  ///
  /// It owns what a library made and is asked for nothing but to begin and to go on, so that the same
  /// stream and the same inputs always lead to the same state.
  protocol Simulation: ~Copyable {
    /// What the episode is begun with, apart from randomness.
    associatedtype Setup: Codable & Sendable
    /// All that a step depends on, draws from the stream included.
    associatedtype Input: SimulationInput

    /// Begins an episode.
    init(_ setup: Setup, using random: inout PCG64)
    mutating func step(_ input: Input) -> StepResult
    /// Makes ready what an observation reads; called after the last of the steps that are taken at once.
    mutating func present()
  }

  extension Simulation where Self: ~Copyable {
    mutating func present() {}
  }

  /// What a step depends on.
  protocol SimulationInput: Codable, Sendable {
    var numbers: [Double] { get }
  }

  /// A simulation as a value: copies share it until one of them goes on, which then plays its episode
  /// again in a simulation of its own.
  ///
  /// So a copy costs nothing, its first step as much as all steps since the reset, and an environment
  /// that nobody copied notes its inputs and no more. The same replay restores what was saved.
  struct Replayed<S: Simulation & ~Copyable>: Sendable {
    var setup: S.Setup
    private var recording: Recording<S>?

    init(_ setup: S.Setup) { self.setup = setup }

    mutating func reset(using random: inout PCG64) {
      if isKnownUniquelyReferenced(&recording), let recording {
        recording.begin(setup, using: &random)
      } else {
        recording = Recording(setup, using: &random)
      }
    }

    mutating func step(_ input: S.Input, of environment: StaticString) -> StepResult {
      if recording == nil {
        stop("\(environment).step", "no episode has begun; call reset before the first step")
      }
      if !isKnownUniquelyReferenced(&recording) {
        recording = Recording(setup, start: recording!.start, inputs: recording!.inputs)
      }
      return recording!.step(input)
    }

    /// Reads the simulation; nil before the first reset.
    func read<Answer>(_ body: (borrowing S) -> Answer) -> Answer? {
      recording.map { body($0.simulation) }
    }
  }

  /// A simulation and how it came to its state.
  ///
  /// `@unchecked Sendable`: it changes only while one value refers to it alone.
  private final class Recording<S: Simulation & ~Copyable>: @unchecked Sendable {
    private(set) var start: PCG64
    private(set) var inputs: [S.Input]
    private(set) var simulation: S

    init(_ setup: S.Setup, using random: inout PCG64) {
      start = random
      inputs = []
      simulation = S(setup, using: &random)
      simulation.present()
    }

    init(_ setup: S.Setup, start: PCG64, inputs: [S.Input]) {
      self.start = start
      self.inputs = inputs
      var random = start
      simulation = S(setup, using: &random)
      for input in inputs { _ = simulation.step(input) }
      simulation.present()
    }

    func begin(_ setup: S.Setup, using random: inout PCG64) {
      start = random
      inputs.removeAll(keepingCapacity: true)
      simulation = S(setup, using: &random)
      simulation.present()
    }

    func step(_ input: S.Input) -> StepResult {
      inputs.append(input)
      let result = simulation.step(input)
      simulation.present()
      return result
    }
  }

  extension Replayed: Codable where S: ~Copyable {
    private enum CodingKeys: String, CodingKey { case setup, start, inputs }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(setup, forKey: .setup)
      try container.encodeIfPresent(recording?.start, forKey: .start)
      try container.encodeIfPresent(recording?.inputs, forKey: .inputs)
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      setup = try container.decode(S.Setup.self, forKey: .setup)
      if let start = try container.decodeIfPresent(PCG64.self, forKey: .start) {
        let inputs = try container.decode([S.Input].self, forKey: .inputs)
        // Forces beyond all measure make the library trap.
        guard inputs.allSatisfy({ $0.numbers.allSatisfy { $0.magnitude <= 100 } }) else {
          throw DecodingError.dataCorruptedError(
            forKey: .inputs, in: container,
            debugDescription: "a step was given a number that is beyond ±100 or none")
        }
        recording = Recording(setup, start: start, inputs: inputs)
      }
    }
  }
#endif
