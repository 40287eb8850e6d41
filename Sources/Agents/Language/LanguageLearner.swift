import Foundation
import Language
import Runtime
import Tensors

/// What a language agent trains: the model, and for PPO a head that values each state.
struct ValuedModel: Module {
  var model: LanguageModel
  /// `[width] → [1]`; nil where nothing is valued.
  var valueHead: Linear?

  mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    model.visitParameters(body)
    valueHead?.visitParameters { body("value_head.\($0)", &$1) }
  }
}

/// A model, its optimiser, and the cut of a batch into microbatches that changes nothing but
/// memory.
struct LanguageLearner: Sendable {
  var trained: ValuedModel
  var optimizer: AdamW
  let settings: ModelSettings
  /// The model as it was before training, where a loss needs it.
  let reference: LanguageModel?
  private let base: TextPolicy
  /// What dropout is drawn from.
  private let seed: UInt64
  /// Updates made; an optimiser that begins anew counts fewer.
  private var updates = 0

  init(
    _ base: TextPolicy, _ settings: ModelSettings, seed: UInt64, reference: LanguageModel? = nil,
    valueHead: Linear? = nil
  ) {
    self.base = base
    self.seed = seed
    trained = ValuedModel(model: base.model, valueHead: valueHead)
    self.settings = settings
    self.reference = reference
    optimizer = Self.optimizer(settings)
  }

  /// The model as it answers now.
  var policy: TextPolicy {
    var policy = base
    policy.model = trained.model
    return policy
  }

  private static func optimizer(_ settings: ModelSettings) -> AdamW {
    AdamW(
      beta1: settings.adamBeta1, beta2: settings.adamBeta2, epsilon: settings.adamEpsilon,
      weightDecay: settings.weightDecay)
  }

  /// Forgets what the optimiser remembers.
  mutating func resetOptimizer() {
    let groups = optimizer.groups
    optimizer = Self.optimizer(settings)
    optimizer.groups = groups
  }

  /// The learning rate of the next update.
  func learningRate(progressRemaining: Double) -> Double {
    let ramp = min(1, Double(updates + 1) / Double(max(settings.warmupSteps, 1)))
    return (settings.learningRate ?? .constant(0)).value(at: progressRemaining) * ramp
  }

  // MARK: - Looking

  /// log π of the chosen tokens of each trajectory under `model`, without gradients.
  func logProbabilities(
    of trajectories: [Trajectory], under model: LanguageModel, temperature: Float,
    pool: WorkerPool
  ) -> [[Float]] {
    var result = [[Float]](repeating: [], count: trajectories.count)
    look(trajectories, pool) { batch in
      let rows = model.hidden(batch.packed).selectingRows(Indices(batch.rows))
      return model.logProbabilities(
        of: batch.targets, at: rows, temperature: temperature
      ).logProbabilities
    } into: { member, value in
      result[member].append(value)
    }
    return result
  }

  /// The value of the state in which each chosen token was chosen.
  func values(of trajectories: [Trajectory], pool: WorkerPool) -> [[Float]] {
    var result = [[Float]](repeating: [], count: trajectories.count)
    guard let head = trained.valueHead else { return result }
    look(trajectories, pool) { batch in
      head(trained.model.hidden(batch.packed).selectingRows(Indices(batch.rows))).squeezed(1)
    } into: { member, value in
      result[member].append(value)
    }
    return result
  }

  private func look(
    _ trajectories: [Trajectory], _ pool: WorkerPool, _ body: (Microbatch) -> Tensor,
    into place: (Int, Float) -> Void
  ) {
    let batches = Microbatch.pack(
      trajectories, Array(trajectories.indices), budget: settings.microbatchTokens)
    withWorkers(pool) {
      withoutGradient {
        for batch in batches where !batch.targets.isEmpty {
          for (owner, value) in zip(batch.owner, body(batch).scalars) {
            place(batch.members[owner], value)
          }
        }
      }
    }
  }

  // MARK: - Learning

  /// What a loss reads of a microbatch: for each chosen token, in order.
  struct Outcome {
    /// log π, `[n]`
    let logProbabilities: Tensor
    /// Of the distribution that the token was chosen from, `[n]`; a constant.
    let entropies: Tensor
    /// V of the state it was chosen in, `[n]`, where there is a value head.
    let values: Tensor?
  }

  /// One update from the trajectories at `places`: their gradients are summed microbatch by
  /// microbatch, in an order that depends on sizes alone.
  ///
  /// - Parameter loss: A sum over the microbatch's tokens or completions, its weights made from the
  ///   whole batch.
  /// - Returns: The gradient's norm before it was clipped, and the sums of the statistics.
  /// - Throws: `TrainingFailure` when the gradient is not finite.
  mutating func update(
    _ trajectories: [Trajectory], _ places: [Int], temperature: Float, learningRate: Double,
    pool: WorkerPool,
    loss: @escaping @Sendable (Outcome, Microbatch) -> (Tensor, InlineArray<5, Double>)
  ) throws -> (norm: Double, statistics: InlineArray<5, Double>) {
    let batches = Microbatch.pack(trajectories, places, budget: settings.microbatchTokens)
      .filter { !$0.targets.isEmpty }
    let recomputing = settings.recomputes
    let dropout =
      settings.loraDropout > 0
      ? SeedSequence(seed, spawnKey: [0x4452_4F50]).child(updates) : nil
    let body: @Sendable (ValuedModel, Int) -> (Tensor, InlineArray<5, Double>) = { trained, index in
      let batch = batches[index]
      let hidden = trained.model.hidden(
        batch.packed, recomputing: recomputing, dropout: dropout)
      let rows = hidden.selectingRows(Indices(batch.rows))
      let (logs, entropies) = trained.model.logProbabilities(
        of: batch.targets, at: rows, temperature: temperature)
      return loss(
        Outcome(
          logProbabilities: logs, entropies: entropies.detached(),
          values: trained.valueHead.map { $0(rows).squeezed(1) }), batch)
    }
    let (gradients, statistics) = summedGradients(batches.count, pool, body)
    let norm = globalNorm(gradients)
    guard norm.isFinite else {
      throw NumberTrap.failure(
        "the gradient of update \(updates + 1)", hint: "a lower learning_rate",
        model: trained, batch: [:]
      ) {
        for index in batches.indices {
          _ = valueWithGradient(at: trained) { body($0, index).0 }
        }
      }
    }
    optimizer.learningRate = learningRate
    updates += 1
    if !gradients.isEmpty {
      optimizer.update(
        &trained, gradients, scale: clipScale(norm: norm, maximum: settings.maxGradNorm))
    }
    return (norm, statistics)
  }

  /// Above so many trained numbers there is room for one sum of gradients only, and a microbatch's
  /// own products are what threads share.
  private static let fewParameters = 8_000_000

  /// Microbatches whose gradients are held at a time where threads take one each.
  private static let wave = 8

  private func summedGradients(
    _ count: Int, _ pool: WorkerPool,
    _ body: @Sendable (ValuedModel, Int) -> (Tensor, InlineArray<5, Double>)
  ) -> ([Tensor], InlineArray<5, Double>) {
    if count == 0 { return ([], .init(repeating: 0)) }
    let size = trained.parameters.reduce(0) { $0 + $1.value.count }
    var sum: [Tensor] = []
    var statistics = InlineArray<5, Double>(repeating: 0)
    func add(_ gradients: [Tensor], _ found: InlineArray<5, Double>) {
      if sum.isEmpty {
        sum = gradients
      } else {
        for i in sum.indices { sum[i].add(gradients[i]) }
      }
      for i in 0..<5 { statistics[i] += found[i] }
    }
    if size <= Self.fewParameters && count > 1 {
      let reducer = GradientReducer(pool: pool)
      for start in stride(from: 0, to: count, by: Self.wave) {
        let (gradients, found) = reducer.sum(
          at: trained, rows: min(Self.wave, count - start), chunkRows: 1
        ) { model, chunk in body(model, start + chunk.lowerBound) }
        add(gradients, found)
      }
    } else {
      withWorkers(pool) {
        for index in 0..<count {
          let (_, found, gradients) = valueWithGradient(at: trained) { body($0, index) }
          add(gradients, found)
        }
      }
    }
    return (sum, statistics)
  }

  // MARK: - Saving

  /// What `state.json` holds of a learner.
  struct State: Codable {
    var optimizerStep: Int
    var updates: Int
  }

  var state: State { State(optimizerStep: optimizer.step, updates: updates) }

  /// `model.safetensors` holds what is trained; what is frozen stays in the file that the settings
  /// name.
  ///
  /// - Parameter state: What the agent writes to `state.json`.
  func snapshot(_ state: some Encodable) throws -> [String: Data] {
    [
      "model.safetensors": Safetensors.encode(
        trained.parameters.map { ($0.name, $0.value) }, metadata: ["swirl.kind": "language"]),
      "state.safetensors": Safetensors.encode(optimizer.state),
      "state.json": try encodedState(state),
    ]
  }

  mutating func restore(_ checkpoint: CheckpointFiles, _ state: State) throws {
    updates = state.updates
    trained = trained.replacingParameters(
      try checkpoint.parameters("model.safetensors", like: trained))
    try optimizer.restore(
      try checkpoint.tensors("state.safetensors"), step: state.optimizerStep, for: trained)
  }
}
