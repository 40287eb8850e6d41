/// Every setting of supervised fine-tuning.
public typealias SFTConfiguration = LanguageConfiguration<SFTSettings>

/// Supervised fine-tuning's own settings.
public struct SFTSettings: LanguageAgentSettings {
  /// Examples of an update.
  public var batchSize = 16
  /// Tokens after which an example is cut.
  public var maxLength = 1024
  /// Whether the answer alone is learnt, else the prompt too.
  public var completionOnly = true
  /// The most tokens of an answer in evaluations.
  public var maxCompletionLength = 64

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case batchSize = "per_device_train_batch_size"
    case maxLength = "max_length"
    case completionOnly = "completion_only_loss"
    case maxCompletionLength = "max_completion_length"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public static func learningRate(_ trained: TrainedPart) -> Double {
    switch trained {
    case .adapters: 2e-4
    case .prefix: 1e-2
    case .all: 2e-5
    case .small: 1e-3
    }
  }

  public static func completionLimit(_ settings: Self) -> Int { settings.maxCompletionLength }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.whole(batchSize, .batchSize, to: 1_048_576)
    try require.whole(maxLength, .maxLength, from: 2, to: 1_048_576)
    try require.whole(maxCompletionLength, .maxCompletionLength, to: 1_048_576)
  }
}
