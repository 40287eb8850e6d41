import Language
import Runtime

/// What is trained beside a frozen model.
public enum AdapterKind: String, Choice {
  /// Thin products beside linear layers; see `LoRA`.
  case lora
  /// Small networks behind attention and feed-forward parts; see `BottleneckAdapters`.
  case bottleneck
  /// Keys and values before every sequence; see `PrefixTuning`.
  case prefix
}

/// Adapters as settings describe them.
enum Adapters: Hashable {
  case lora(LoRA)
  case bottleneck(BottleneckAdapters)
  case prefix(PrefixTuning)

  /// Whether a model has exactly these.
  func areIn(_ model: LanguageModel) -> Bool {
    switch self {
    case .lora(let lora): model.lora == lora
    case .bottleneck(let adapters): model.bottleneck == adapters
    case .prefix(let tuning): model.prefixTuning == tuning
    }
  }

  /// Puts them into a model; `ModelError` where they do not fit it.
  func add(to model: inout LanguageModel, using random: inout PCG64) throws {
    switch self {
    case .lora(let lora): try model.add(lora, using: &random)
    case .bottleneck(let adapters): try model.add(adapters, using: &random)
    case .prefix(let tuning): try model.add(tuning, using: &random)
    }
  }
}

extension ModelSettings {
  /// The kind that is trained, nil where the model itself is: a rank alone asks for low-rank ones.
  var adapterKind: AdapterKind? { adapter ?? (loraRank > 0 ? .lora : nil) }

  /// The adapters that the settings ask for, nil where the model itself is trained.
  var adapters: Adapters? {
    switch adapterKind {
    case nil: nil
    case .lora:
      .lora(
        LoRA(
          rank: loraRank > 0 ? loraRank : Self.loraRank, alpha: loraAlpha, dropout: loraDropout,
          targets: LoRA.Target.allCases.filter { loraTargets.contains($0.rawValue) }))
    case .bottleneck:
      .bottleneck(BottleneckAdapters(size: bottleneckSize ?? BottleneckAdapters().size))
    case .prefix: .prefix(PrefixTuning(tokens: prefixTokens ?? PrefixTuning().tokens))
    }
  }

  /// peft's rank where only the kind is asked for.
  private static let loraRank = 8

  /// With the sizes of the adapters filled in.
  func resolvingAdapters() -> ModelSettings {
    var result = self
    result.adapter = adapterKind
    switch adapters {
    case nil: break
    case .lora(let lora): result.loraRank = lora.rank
    case .bottleneck(let adapters): result.bottleneckSize = adapters.size
    case .prefix(let tuning): result.prefixTokens = tuning.tokens
    }
    return result
  }

  /// With the adapters of a run whose policy is trained on, unless others are asked for.
  func continuingAdapters(of run: ModelSettings) -> ModelSettings {
    let asksSize = loraRank > 0 || bottleneckSize != nil || prefixTokens != nil
    guard adapterKind == nil || (adapterKind == run.adapterKind && !asksSize) else { return self }
    var result = self
    result.adapter = run.adapter
    result.loraRank = run.loraRank
    result.loraAlpha = run.loraAlpha
    result.loraDropout = run.loraDropout
    result.loraTargets = run.loraTargets
    result.bottleneckSize = run.bottleneckSize
    result.prefixTokens = run.prefixTokens
    return result
  }

  func validateAdapters(_ require: Requirement<CodingKeys>) throws {
    try require.whole(loraRank, .loraRank, from: 0, to: 65_536)
    if let loraAlpha { try require.positive(loraAlpha, .loraAlpha) }
    try require.holds(
      0 <= loraDropout && loraDropout < 1, .loraDropout, loraDropout, "at least 0 and below 1")
    let known = LoRA.Target.allCases.map(\.rawValue)
    try require.holds(
      !loraTargets.isEmpty && loraTargets.allSatisfy(known.contains), .loraTargets, loraTargets,
      "some of \(known.joined(separator: ", "))")
    // A size of adapters that are not trained would do nothing.
    func belongs(_ kind: AdapterKind, _ key: CodingKeys, _ value: Int?, _ none: String) throws {
      guard let value, adapterKind != kind else { return }
      try require.holds(
        false, key, value,
        "\(none) where \(adapter.map { "adapter is \($0.rawValue)" } ?? "no adapter is set")")
    }
    try belongs(.lora, .loraRank, loraRank > 0 ? loraRank : nil, "0")
    try belongs(.bottleneck, .bottleneckSize, bottleneckSize, "null")
    try belongs(.prefix, .prefixTokens, prefixTokens, "null")
    if let bottleneckSize { try require.whole(bottleneckSize, .bottleneckSize, to: 65_536) }
    if let prefixTokens { try require.whole(prefixTokens, .prefixTokens, to: 1_048_576) }
    if let storage, storage != .float32 {
      try require.holds(
        adapterKind != nil, .storage, storage.rawValue,
        "float32 unless adapters are trained (adapter, or lora_r above 0): other weights are frozen"
      )
    }
  }
}
