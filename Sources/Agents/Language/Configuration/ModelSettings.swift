import Envs
import Language

/// Settings of a language agent's model, its optimiser and its task. The names are TRL's, PEFT's
/// and transformers'.
public struct ModelSettings: SettingsGroup {
  /// A GGUF file, a Hugging Face folder, a run directory, the name of a known model, or
  /// `characters`: the project's own small model, made from the seed.
  public var model = "characters"
  /// How weights are held: `float32` trains all of them; the others are frozen and need adapters.
  /// Null chooses float32 where all are trained and what the file has beside adapters.
  public var storage: LanguageModel.WeightStorage?
  /// What is trained in place of the model: lora, bottleneck or prefix; null is lora where it has
  /// a rank, and else the model.
  public var adapter: AdapterKind?
  /// Rank of low-rank adapters; 0 is none, or 8 where `adapter` asks for them.
  public var loraRank = 0
  /// The adapters' products are scaled by alpha / rank; null is twice the rank.
  public var loraAlpha: Double?
  /// The share of inputs that an adapter does not see in training.
  public var loraDropout = 0.0
  /// The linear layers that get adapters.
  public var loraTargets = LoRA.Target.allCases.map(\.rawValue)
  /// Numbers in the middle of each bottleneck adapter; null is 64.
  public var bottleneckSize: Int?
  /// Keys and values of a tuned prefix, in each block; null is 16.
  public var prefixTokens: Int?
  /// Whether prompts are messages under the model's chat template; null where it has one.
  public var usesChat: Bool?
  /// What conversations begin with; null for the template's own.
  public var systemPrompt: String?

  /// Width, blocks, heads and context of the `characters` model.
  public var hiddenSize = 96
  public var blockCount = 3
  public var headCount = 4
  public var contextLength = 128

  /// Step size of AdamW; null chooses one for what is trained.
  public var learningRate: Schedule?
  /// Updates over which the step size rises to its value.
  public var warmupSteps = 0
  public var weightDecay = 0.0
  public var adamBeta1 = 0.9
  public var adamBeta2 = 0.999
  public var adamEpsilon = 1e-8
  /// Gradients with a larger global norm are scaled down to it.
  public var maxGradNorm = 1.0
  /// Tokens that go through the model together in an update; fewer need less memory and change
  /// nothing else.
  public var microbatchTokens = 256
  /// Whether each block's inner values are computed again in the backward pass instead of kept.
  public var recomputes = false

  /// Options of the task, those that differ from its defaults.
  public var taskOptions: [String: OptionValue] = [:]
  /// A program that marks answers in place of the task; see `RewardProgram`.
  public var rewardProgram: String?
  /// Seconds that program may take for an answer.
  public var rewardTimeout = 10.0

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case model = "model_name_or_path"
    case storage = "dtype"
    case adapter
    case loraRank = "lora_r"
    case loraAlpha = "lora_alpha"
    case loraDropout = "lora_dropout"
    case loraTargets = "lora_target_modules"
    case bottleneckSize = "bottleneck_size"
    case prefixTokens = "num_virtual_tokens"
    case usesChat = "use_chat_template"
    case systemPrompt = "system_prompt"
    case hiddenSize = "hidden_size"
    case blockCount = "num_hidden_layers"
    case headCount = "num_attention_heads"
    case contextLength = "max_position_embeddings"
    case learningRate = "learning_rate"
    case warmupSteps = "warmup_steps"
    case weightDecay = "weight_decay"
    case adamBeta1 = "adam_beta1"
    case adamBeta2 = "adam_beta2"
    case adamEpsilon = "adam_epsilon"
    case maxGradNorm = "max_grad_norm"
    case microbatchTokens = "micro_batch_tokens"
    case recomputes = "gradient_checkpointing"
    case taskOptions = "task_kwargs"
    case rewardProgram = "reward_program"
    case rewardTimeout = "reward_timeout"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.holds(!model.isEmpty, .model, "empty", "a model")
    try validateAdapters(require)
    try require.whole(hiddenSize, .hiddenSize, from: 4, to: 65_536)
    try require.whole(blockCount, .blockCount, to: 1024)
    try require.whole(headCount, .headCount, to: 1024)
    try require.holds(
      hiddenSize % (2 * headCount) == 0, .hiddenSize, hiddenSize,
      "a multiple of twice num_attention_heads, \(2 * headCount)")
    try require.whole(contextLength, .contextLength, from: 8, to: 1_048_576)
    if let learningRate { try require.positive(learningRate.start, .learningRate) }
    try require.whole(warmupSteps, .warmupSteps, from: 0, to: 1_000_000_000)
    try require.notNegative(weightDecay, .weightDecay)
    try require.share(adamBeta1, .adamBeta1)
    try require.share(adamBeta2, .adamBeta2)
    try require.positive(adamEpsilon, .adamEpsilon)
    try require.positive(maxGradNorm, .maxGradNorm)
    try require.whole(microbatchTokens, .microbatchTokens, to: 1 << 24)
    try require.holds(
      0.01...86_400 ~= rewardTimeout, .rewardTimeout, rewardTimeout, "from 0.01 to 86400 seconds")
  }
}
