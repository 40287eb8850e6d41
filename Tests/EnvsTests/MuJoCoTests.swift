import Envs
import Foundation
import Runtime
import Testing

/// Skipped where `make setup` could not fetch MuJoCo.
@Suite(
  .enabled(if: MuJoCoLibrary.isThere, "MuJoCo is not in .swirl/mujoco; 'make setup' fetches it"))
struct MuJoCoTests {
  private static let ids = Goldens.muJoCo.filter(\.options.isEmpty).map(\.id)

  @Test(arguments: Goldens.muJoCo)
  func equalsGymnasium(_ run: MuJoCoRun) throws {
    try withTask(run.id, run.options) { run.compare($0) }
  }

  @Test(arguments: Goldens.muJoCo.filter(\.options.isEmpty))
  func registeredAsInGymnasium(_ run: MuJoCoRun) throws {
    let environments = try make(run.id, seed: 0)
    #expect(environments.timeLimit == run.limit)
    #expect(environments.spec?.rewardThreshold == run.threshold)
    #expect("\(environments.observationSpace)" == run.observationSpace)
    #expect("\(environments.actionSpace)" == run.actionSpace)
    #expect(environments.metricNames.contains { $0.hasPrefix("reward_") })
  }

  /// The copy of an episode, and what was saved and read back, go on as the original does to the last bit,
  /// whatever other simulations their thread runs in between.
  @Test(arguments: ids)
  func forksReplay(_ id: String) throws {
    let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    func fork<E: MuJoCoEnvironment>(_ task: E) throws {
      var streams = task.actionSpace.streams(seed: 6)
      let actions = (0..<40).map { _ in
        task.actionSpace.sampleRow(using: &streams).withUnsafeBufferPointer {
          E.Action(row: $0.baseAddress!, count: $0.count)
        }
      }
      func step(_ episode: inout Episode<E>, _ action: E.Action) -> [Double] {
        let result = episode.step(action)
        let seen =
          episode.environment.observation + [result.reward, Double(result.ending.rawValue)]
        if result.ending != .none { episode.reset() }
        return seen
      }
      var original = Episode(task, seed: 5)
      for action in actions[..<10] { _ = step(&original, action) }
      let copy = original
      let data = try encoder.encode(original)
      let expected = actions[10...].map { step(&original, $0) }
      var other = Episode(task, seed: 9)
      for var branch in [copy, try decoder.decode(Episode<E>.self, from: data)] {
        let replayed = actions[10...].map { action in
          _ = step(&other, actions[0])
          return step(&branch, action)
        }
        #expect(replayed == expected, "\(E.self)")
      }
      // The branches have left what they came from alone.
      let saved = try decoder.decode(Episode<E>.self, from: data)
      #expect(copy.environment.observation == saved.environment.observation)
    }
    try withTask(id) { try fork($0) }
  }

  /// How the environments are shared among threads changes nothing.
  @Test func threadsChangeNothing() throws {
    func played(threads: Int) throws -> [Float] {
      var environments = try make("Hopper-v5", count: 6, seed: 3)
      let size = environments.observationSize
      var seen: [Float] = []
      let pool = WorkerPool(threads: threads)
      let rows = HeldRows(count: 6, actions: environments.actionSize, observations: size)
      environments.withStepper { stepper in
        for _ in 0..<60 {
          pool.parallelFor(threads) { worker in
            let slice = 6 * worker / threads..<6 * (worker + 1) / threads
            stepper.sampleActions(slice, into: rows.actions)
            stepper.step(slice, rows.step)
          }
          seen += rows.observed
        }
      }
      return seen
    }
    #expect(try played(threads: 1) == played(threads: 3))
  }

  @Test func aDivergingSimulationIsTruncated() async throws {
    let model = MuJoCoLibrary.folder.appending(path: "assets/half_cheetah.xml")
    let text = try String(contentsOf: model, encoding: .utf8)
      .replacing("timestep=\"0.01\"", with: "timestep=\"0.3\"")
    let file = FileManager.default.temporaryDirectory
      .appending(path: "swirl-\(ProcessInfo.processInfo.globallyUniqueString).xml")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    var options = HalfCheetah.Options()
    options.xmlFile = file.path
    var episode = Episode(try HalfCheetah(options), seed: 42, timeLimit: 1000)
    var last = episode.observation()
    while true {
      let result = episode.step([1, -1, 1, -1, 1, -1])
      if episode.ending != .none {
        #expect(result == StepResult(reward: 0, ending: .truncated))
        break
      }
      last = episode.observation()
    }
    #expect(episode.elapsedSteps < 1000)
    #expect(episode.observation() == last && last.allSatisfy(\.isFinite))
    let divergence = try #require(episode.environment.divergence)
    #expect(divergence.seed == 42 && divergence.step == episode.elapsedSteps)
    #expect(
      divergence.description.hasPrefix(
        "HalfCheetah's simulation diverged at step \(episode.elapsedSteps) of the episode of seed 42: the "
      )
        && divergence.description.hasSuffix(
          "is not finite or too large; the episode is truncated"),
      "\(divergence)")
    episode.reset()
    #expect(episode.environment.divergence == nil)
    #expect(episode.step([0, 0, 0, 0, 0, 0]).ending == .none)
  }

  @Test func anActionThatIsNoNumberIsReported() throws {
    var episode = Episode(try InvertedPendulum(), seed: 1)
    #expect(episode.step([.nan]).ending == .truncated)
    #expect(
      episode.environment.divergence?.description
        == "InvertedPendulum's simulation diverged at step 1 of the episode of seed 1: the action is not a "
        + "finite number; the episode is truncated")
  }

  @Test func warnsOnStandardError() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      var episode = Episode(try InvertedPendulum(), seed: 1)
      episode.step([.nan])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("swirl: InvertedPendulum's simulation diverged at step 1"), "\(text)")
  }

  @Test(arguments: [
    ("no.xml", "there is no MuJoCo model "), ("ant.xml", "the model ant.xml has 8 actuators"),
    ("/dev/null", "/dev/null is no model that MuJoCo reads: "),
  ])
  func refusesModels(_ file: String, _ sentence: String) {
    let error = #expect(throws: EnvironmentError.self) {
      try make("HalfCheetah-v5", seed: 0, options: ["xml_file": .text(file)])
    }
    #expect(error?.description.hasPrefix("HalfCheetah-v5: " + sentence) == true, "\(error as Any)")
  }

  @Test(arguments: [
    (
      "frame_skip=0", "option frame_skip of Ant-v5 is '0'; it must be a whole number from 1 to 1000"
    ),
    (
      "reset_noise_scale=-1",
      "option reset_noise_scale of Ant-v5 is '-1'; it must be a number from 0 to 10"
    ),
    (
      "healthy_z_range=2,1",
      "Ant-v5: option healthy_z_range is [2, 1]; it must be two numbers, the lower first"
    ),
    ("main_body=14", "Ant-v5: the main body is 14; the model has bodies 0 to 13"),
    ("main_body=tail", "Ant-v5: the model ant.xml has no body 'tail'; the task needs it"),
  ])
  func refusesOptions(_ option: String, _ sentence: String) {
    let error = #expect(throws: EnvironmentError.self) {
      try make("Ant-v5", seed: 0, options: environmentOptions([option], of: "Ant-v5"))
    }
    #expect(error?.description == sentence)
  }

  @Test func damagedStateIsRefused() throws {
    let data = try JSONEncoder().encode(InvertedPendulum())
    let text = String(decoding: data, as: UTF8.self)
    let damaged = text.replacing("\"state\":[0,", with: "\"state\":[")
    #expect(damaged != text)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(InvertedPendulum.self, from: Data(damaged.utf8))
    }
  }

  @Test func outdatedIdsStandForTheNew() throws {
    #expect(try environmentSpec("Ant-v4").id == "Ant-v5")
    #expect(try environmentSpec("Reacher-v2").id == "Reacher-v5")
  }

  /// Opens the type of a task made with options of the form `name=value`.
  private func withTask(
    _ id: String, _ options: [String] = [], _ body: (any MuJoCoEnvironment) throws -> Void
  ) throws {
    let values = try resolvedOptions(options, of: id)
    switch id {
    case "Ant-v5": try body(Ant(values))
    case "HalfCheetah-v5": try body(HalfCheetah(values))
    case "Hopper-v5": try body(Hopper(values))
    case "Humanoid-v5": try body(Humanoid(values))
    case "HumanoidStandup-v5": try body(HumanoidStandup(values))
    case "InvertedDoublePendulum-v5": try body(InvertedDoublePendulum(values))
    case "InvertedPendulum-v5": try body(InvertedPendulum(values))
    case "Pusher-v5": try body(Pusher(values))
    case "Reacher-v5": try body(Reacher(values))
    case "Swimmer-v5": try body(Swimmer(values))
    case "Walker2d-v5": try body(Walker2d(values))
    default: Issue.record("no task for \(id)")
    }
  }
}

/// Rows for a vector of environments, freed with the object.
private final class HeldRows: @unchecked Sendable {
  let step: StepRows
  let actions: UnsafeMutablePointer<Float>
  private let observations: UnsafeMutablePointer<Float>
  private let count: Int

  init(count: Int, actions: Int, observations size: Int) {
    self.count = count * size
    observations = .allocate(capacity: count * size)
    observations.initialize(repeating: 0, count: count * size)
    self.actions = .allocate(capacity: count * actions)
    step = StepRows(
      actions: self.actions, observations: observations,
      rewards: .allocate(capacity: count), endings: .allocate(capacity: count))
  }

  var observed: [Float] { Array(UnsafeBufferPointer(start: observations, count: count)) }

  deinit {
    actions.deallocate()
    observations.deallocate()
    step.rewards.deallocate()
    step.endings.deallocate()
  }
}

@Suite struct MuJoCoAbsenceTests {
  @Test func aMissingLibraryIsNamed() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      setenv("SWIRL_MUJOCO", "/nowhere", 1)
      func say(_ body: () throws -> Void) {
        do { try body() } catch { FileHandle.standardError.write(Data("\(error)\n".utf8)) }
      }
      say { _ = try make("Ant-v4", seed: 0) }
      say { _ = try HalfCheetah() }
      say { _ = try make("Antt-v5", seed: 0) }
      #expect(!registeredEnvironments().contains { $0.id == "Ant-v5" })
    }
    let lines = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      .split(separator: "\n")
    let remedy = "run 'make setup' in Swirl's folder, or name the folder it filled in SWIRL_MUJOCO"
    #expect(lines.first == "'Ant-v4' needs MuJoCo; \(remedy)")
    #expect(lines.dropFirst().first == "MuJoCo is not in /nowhere; \(remedy)")
    #expect(lines.dropFirst(2).first?.hasPrefix("unknown environment 'Antt-v5'") == true)
  }
}
