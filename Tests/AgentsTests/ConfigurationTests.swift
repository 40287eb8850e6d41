import Agents
import Envs
import Testing

@Test func schedulesReadAndRun() throws {
  #expect(Schedule("0.001") == .constant(0.001))
  #expect(Schedule("lin_0.002") == .linear(0.002))
  #expect(Schedule("lin_") == nil && Schedule("fast") == nil)
  #expect(Schedule.linear(0.2).value(at: 0.25) == 0.05)
  #expect(Schedule.constant(0.2).value(at: 0.25) == 0.2)
}

@Test func everyValueSurvivesItsFile() throws {
  var configuration = PPOConfiguration.preset("CartPole-v1")
  configuration.targetKL = 0.03
  configuration.networkArchitecture = [32, 16]
  configuration.normalizeObservations = true
  let read = try PPOConfiguration().applying(yaml: configuration.yaml, file: "config.yaml")
  #expect(read == configuration)
  #expect(configuration.yaml.contains("n_envs: 8\n"))
  #expect(configuration.yaml.contains("learning_rate: lin_0.001\n"))
  #expect(PPOConfiguration().yaml.contains("target_kl: null\n"))
}

/// Presets are in range, survive their file, and are of environments that exist.
@Test func presetsAreWholeAndOfRegisteredEnvironments() throws {
  func check<A: TrainableAgent>(_ type: A.Type, hasPresets: Bool = true) throws {
    try A.Configuration().validate()
    #expect(A.Configuration.presetEnvironments.isEmpty != hasPresets, "\(A.name)")
    for environment in A.Configuration.presetEnvironments {
      let preset = A.Configuration.preset(environment)
      try preset.validate()
      let read = try A.Configuration().applying(yaml: preset.yaml, file: "config.yaml")
      #expect(read == preset, "\(A.name) \(environment)")
      #expect(preset != A.Configuration(), "\(A.name) \(environment)")
      // MuJoCo's tasks are registered only where its library is, Box2D's only with the package's trait.
      do { _ = try environmentSpec(environment) } catch {
        #expect(environment.hasSuffix("-v5") || "\(error)".contains("needs Box2D"), "\(error)")
      }
    }
  }
  try check(PPO.self)
  try check(A2C.self)
  try check(TRPO.self)
  try check(REINFORCE.self, hasPresets: false)
  try check(QAC.self, hasPresets: false)
  try check(DDPG.self)
  try check(TD3.self)
  try check(SAC.self)
  try check(DQN.self)
  for environment in [
    "LunarLander-v3", "Pendulum-v1", "MountainCarContinuous-v0", "HalfCheetah-v5", "Hopper-v5",
    "Walker2d-v5",
  ] {
    #expect(A2C.missingPreset(for: environment) == nil)
  }
  for environment in ["MountainCarContinuous-v0", "LunarLanderContinuous-v3"] {
    #expect(TRPO.missingPreset(for: environment) == nil)
  }
  #expect(
    QAC.missingPreset(for: "Pendulum-v1")
      == "qac has no preset for Pendulum-v1; its defaults are used")
}

@Test func settingsApplyInOrder() throws {
  let configuration = try PPOConfiguration()
    .applying(yaml: "gamma: 0.9\nn_steps: 1e3\nclip_range: lin_0.1\n# a comment\n", file: "a.yaml")
    .applying("gamma=0.8").applying("net_arch=[8, 8]").applying("target_kl=0.01")
    .applying("target_kl=null").applying("normalize_advantage=false").applying("activation=relu")
  #expect(configuration.gamma == 0.8)
  #expect(configuration.stepsPerRollout == 1000)
  #expect(configuration.clipRange == .linear(0.1))
  #expect(configuration.networkArchitecture == [8, 8])
  #expect(configuration.targetKL == nil && !configuration.normalizeAdvantage)
  #expect(configuration.activation == .relu)
}

@Test(arguments: [
  ("gama=1", "there is no setting 'gama'; did you mean 'gamma'"),
  ("gamma", "not of the form key=value"),
  ("gamma=high", "gamma cannot be 'high': a number is needed"),
  ("n_steps=1.5", "n_steps cannot be '1.5': a whole number is needed"),
  ("n_steps=abc", "n_steps cannot be 'abc': a whole number is needed"),
  ("n_steps=null", "a whole number is needed"),
  ("net_arch=3", "a list of whole numbers"),
  ("learning_rate=fast", "a schedule is a number such as 0.001, or lin_0.001"),
  ("normalize_advantage=3", "true or false"),
  ("activation=gelo", "activation cannot be 'gelo'"),
])
func aBadSettingGetsASentence(_ assignment: String, _ sentence: String) {
  let error = #expect(throws: RunError.self) { try PPOConfiguration().applying(assignment) }
  #expect(error?.kind == .usage)
  #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
}

@Test(arguments: [
  "[1, 2]", "just words", "a: b: c", "\u{0}", "{", String(repeating: "[", count: 50_000),
  String(repeating: "- ", count: 30_000), "gamma: {a: 1}", "gamma: [[1]]", "? [a]\n: 1",
  String(repeating: "x", count: 100_000), "gamma: &a [1]\nn_steps: *b",
])
func aHostileFileGetsASentence(_ yaml: String) {
  let error = #expect(throws: RunError.self) {
    try PPOConfiguration().applying(yaml: yaml, file: "settings.yaml")
  }
  #expect(error?.description.contains("settings.yaml") == true)
}

@Test(arguments: [
  "learning_rate=0", "learning_rate=-1", "n_envs=0", "n_envs=1000000", "n_steps=0", "batch_size=-4",
  "n_epochs=0", "gamma=1.5", "gamma=-0.1", "gae_lambda=2", "clip_range=0", "ent_coef=-1",
  "max_grad_norm=0", "target_kl=0", "net_arch=[0]", "net_arch=[100000]", "log_std_init=1000",
])
func aValueOutOfRangeIsRefused(_ assignment: String) throws {
  let configuration = try PPOConfiguration().applying(assignment)
  let error = #expect(throws: RunError.self) { try configuration.validate() }
  let key = String(assignment.split(separator: "=")[0])
  #expect(error?.description.contains(key) == true)
}

@Test func everyPresetIsValid() throws {
  for environment in PPOConfiguration.presetEnvironments {
    try PPOConfiguration.preset(environment).validate()
  }
  try PPOConfiguration().validate()
  #expect(Set(PPOConfiguration.keys).count == PPOConfiguration.keys.count)
}

/// Nesting that a count of the depth would not see; a parser that recurses would run out of stack.
@Test func hiddenNestingIsFound() {
  let texts = [
    "# " + String(repeating: "]", count: 30_000) + "\na: " + String(repeating: "[", count: 30_000),
    "a: " + String(repeating: "[ \"]\", ", count: 9_000),
    "gamma: 1\r\na:\r\n" + String(repeating: "- ", count: 30_000),
  ]
  for (number, yaml) in texts.enumerated() {
    let error = #expect(throws: RunError.self) {
      try PPOConfiguration().applying(yaml: yaml, file: "settings.yaml")
    }
    #expect(error?.description.contains("nested too deeply") == true, "text \(number)")
  }
}
