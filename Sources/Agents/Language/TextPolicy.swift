import Foundation
import Language
import Runtime
import Tensors

/// A language model with what turns conversations into its tokens and back: the policy of a
/// language agent.
///
/// ```swift
/// let policy = try TextPolicy("runs/grpo-addition-s0")
/// let answers = try policy.answers(to: ["What is 3 + 4? Answer with only the number."])
/// print(answers[0])
/// ```
public struct TextPolicy: Sendable {
  public var model: LanguageModel
  public let tokenizer: Tokenizer
  /// Whether prompts are messages under the model's chat template; else they are text to continue.
  public let usesChat: Bool
  /// What conversations begin with; nil for the template's own.
  public let systemPrompt: String?

  public init(
    model: LanguageModel, tokenizer: Tokenizer, usesChat: Bool? = nil, systemPrompt: String? = nil
  ) {
    self.model = model
    self.tokenizer = tokenizer
    self.usesChat = usesChat ?? (tokenizer.chatTemplate != nil)
    self.systemPrompt = systemPrompt
  }

  /// The tokens at any of which an answer ends.
  public var stopTokens: Set<Int> { Set(tokenizer.endTokens) }

  /// The tokens that come before the model's first answer.
  ///
  /// - Throws: `ModelError` where the prompt has no tokens or the template lacks one.
  public func promptTokens(_ prompt: String) throws -> [Int] {
    guard usesChat else {
      let begin = tokenizer.addsBeginToken ? tokenizer.beginToken.map { [$0] } ?? [] : []
      let tokens = begin + tokenizer.encode(prompt)
      if tokens.isEmpty {
        throw ModelError(
          "the prompt '\(prompt.prefix(60))' has no tokens in this model's vocabulary")
      }
      return tokens
    }
    return try tokenizer.encode(opening(prompt), addingPrompt: true)
  }

  private func opening(_ prompt: String) -> [ChatMessage] {
    (systemPrompt.map { [ChatMessage(.system, $0)] } ?? []) + [ChatMessage(.user, prompt)]
  }

  /// The tokens between an answer of the model and its next one: the end of its turn, where it did
  /// not sample that itself, and the other side's message.
  public func turnTokens(_ message: String, afterStop: Bool) throws -> [Int] {
    guard usesChat else { return tokenizer.encode("\n" + message + "\n") }
    return try turnTokens([ChatMessage(.user, message)], afterStop: afterStop)
  }

  /// The same under the template for messages of any role; for none, where one answer follows
  /// another.
  func turnTokens(_ messages: [ChatMessage], afterStop: Bool) throws -> [Int] {
    // What follows an answer is what the template writes after it: the difference of two
    // conversations.
    let said = opening("?") + [ChatMessage(.assistant, "!")]
    let before = try tokenizer.encode(said, addingPrompt: false)
    let whole = try tokenizer.encode(said + messages, addingPrompt: true)
    let rest = Array(whole[before.count...])
    guard let end = before.lastIndex(where: { stopTokens.contains($0) }) else { return rest }
    return Array(before[(afterStop ? end + 1 : end)...]) + rest
  }

  /// The text of an answer's tokens, without the token that ended it.
  public func text(_ tokens: some Collection<Int>) -> String {
    tokenizer.decode(tokens.filter { !stopTokens.contains($0) }, skippingSpecials: true)
  }

  /// The text of each token that the model chose; together they are the text of the answers, a line
  /// each. A character of several tokens stands whole with its last.
  func pieces(of trajectory: Trajectory) -> [String] {
    var pieces: [String] = []
    var stream = TextStream()
    var isTold = false
    let stops = stopTokens
    for (token, isChosen) in zip(trajectory.tokens, trajectory.isChosen) {
      if isChosen {
        let isShown = !stops.contains(token) && !tokenizer.isSpecial(token)
        pieces.append(isShown ? stream.add(tokenizer.bytes(of: token)) : "")
      } else if !isTold, !pieces.isEmpty {
        pieces[pieces.count - 1] += stream.finish() + "\n"
      }
      isTold = !isChosen
    }
    if !pieces.isEmpty { pieces[pieces.count - 1] += stream.finish() }
    return pieces
  }

  /// Answers to prompts, each drawn by itself.
  ///
  /// - Parameters:
  ///   - temperature: 0 takes the most probable token each time.
  ///   - seed: What the answers are drawn from; nothing at temperature 0.
  public func answers(
    to prompts: [String], temperature: Float = 0, maximumTokens: Int = 64, seed: UInt64 = 0
  ) throws -> [String] {
    let tokens = try prompts.map(promptTokens)
    let seeds = SeedSequence(seed).generateState64(prompts.count)
    return try Generator(model).generate(
      prompts: tokens,
      settings: SamplingSettings(
        temperature: temperature, maximumTokens: maximumTokens, stopTokens: stopTokens),
      seeds: seeds
    ).map { text($0.tokens) }
  }
}

// MARK: - Making

extension TextPolicy {
  /// The name of the project's own small model, which is made from a run's seed and knows printable
  /// ASCII, a token a character.
  public static let characters = "characters"

  private static let alphabet = "\n" + String(decoding: (32...126).map(UInt8.init), as: UTF8.self)

  /// The policy of a run's latest checkpoint, or of a model that was never trained here.
  ///
  /// - Parameter path: A run directory, a GGUF file, a Hugging Face folder or the name of a known
  ///   model.
  /// - Throws: `RunError` or `ModelError`, one sentence.
  public init(_ path: String) throws {
    var settings = ModelSettings()
    settings.model = path
    try self.init(settings, seed: 0)
  }

  /// The model that settings name, with the adapters they ask for.
  init(_ settings: ModelSettings, seed: UInt64, depth: Int = 0) throws {
    self = try Self.beginning(settings, seed: seed, depth: depth).policy
  }

  /// What training begins with, and the model that its distance is measured from: without adapters
  /// that are new, which may change it from the start, and with those that are trained on.
  static func beginning(
    _ settings: ModelSettings, seed: UInt64, depth: Int = 0
  ) throws -> (policy: TextPolicy, reference: LanguageModel) {
    guard depth < 16 else {
      throw RunError(.data, "\(settings.model) is a run that goes back through more than 16 others")
    }
    var random = PCG64(SeedSequence(seed, spawnKey: [0x4D4F_4445]))
    var model: LanguageModel
    let tokenizer: Tokenizer
    var (usesChat, systemPrompt) = (settings.usesChat, settings.systemPrompt)
    if settings.model == characters {
      tokenizer = .characters(alphabet)
      model = LanguageModel(
        LanguageModelConfiguration(
          vocabularySize: tokenizer.vocabularySize, width: settings.hiddenSize,
          blockCount: settings.blockCount, headCount: settings.headCount,
          hiddenSize: 4 * settings.hiddenSize, contextLength: settings.contextLength,
          rotary: RotaryEmbedding(dim: settings.hiddenSize / settings.headCount)),
        using: &random)
    } else if let saved = try ofRun(settings.model, depth: depth) {
      (model, tokenizer) = (saved.model, saved.tokenizer)
      (usesChat, systemPrompt) = (usesChat ?? saved.usesChat, systemPrompt ?? saved.systemPrompt)
    } else {
      let file = try Checkpoint.open(ModelStore.path(of: settings.model))
      tokenizer = try file.tokenizer()
      model = try LanguageModel(
        file.configuration, weights: file,
        as: settings.storage ?? (settings.adapters != nil ? .stored : .float32))
    }
    var reference = model
    if let adapters = settings.adapters, !adapters.areIn(model) {
      guard model.bottleneck == nil && model.prefixTuning == nil else {
        throw RunError(
          .usage,
          "\(settings.model) has trained adapters that cannot be added into its weights, as "
            + "low-rank ones can; go on with the same ones, by leaving out adapter and what goes "
            + "with it")
      }
      reference = model.merged()
      model = reference
      try adapters.add(to: &model, using: &random)
    }
    let policy = TextPolicy(
      model: model, tokenizer: tokenizer, usesChat: usesChat, systemPrompt: systemPrompt)
    return (policy, reference)
  }

  /// The policy that a run has learnt; nil where the folder is no run.
  private static func ofRun(_ path: String, depth: Int) throws -> TextPolicy? {
    guard FileManager.default.fileExists(atPath: path + "/run.json") else { return nil }
    let run = try RunDirectory(reading: path)
    let settings = try ModelSettings(ofRun: run)
    let description = try run.description()
    // A model that is trained whole is in the checkpoint, whatever became of the one it began as.
    if settings.adapters != nil {
      try description.baseModel?.requireUnchanged(settings.model, under: path)
    }
    var policy = try TextPolicy(settings, seed: description.seed, depth: depth + 1)
    guard let checkpoint = try run.latestCheckpoint() else {
      throw RunError(
        .missing, "\(path) has no checkpoint yet; go on with: swirl train --resume \(path)")
    }
    let files = CheckpointFiles(files: checkpoint.files, directory: checkpoint.directory)
    policy.model = policy.model.replacingParameters(
      try files.parameters("model.safetensors", like: policy.model))
    return policy
  }
}

extension ModelSettings {
  /// The settings of the model that a run has trained.
  ///
  /// - Throws: `RunError` where the run is none of a language model.
  init(ofRun run: RunDirectory) throws {
    self.init()
    let file = run.file("config.yaml")
    let known = Set(Self.keys)
    var found = 0
    for (key, value) in try Setting.mapping(yaml: run.configuration(), file: file)
    where known.contains(key) {
      guard let setting = Setting(value) else { continue }
      self = try self.setting(key, to: setting, where: file)
      if key == CodingKeys.model.rawValue { found += 1 }
    }
    guard found == 1 else {
      throw RunError(.usage, "\(run.path) is not a run of a language model: its policy has no text")
    }
    try validate()
  }

  /// The task, its answers marked by the program that the settings name, where they name one.
  func withRewardProgram(_ source: TextSource) throws -> TextSource {
    guard let rewardProgram else { return source }
    guard case .task(let task) = source else {
      throw RunError(
        .usage,
        "a reward program marks single answers, and the task is a conversation; leave it out")
    }
    return .task(
      try RewardProgram(
        RewardProgram.words(rewardProgram), problems: task, timeout: rewardTimeout))
  }
}
