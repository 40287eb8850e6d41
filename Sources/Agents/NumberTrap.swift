import Runtime
import Tensors

/// What to say when learning gives a number that is not finite: where, by which op first, and from what.
enum NumberTrap {
  /// A failure that names the first op, found by running the computation again on this thread with every
  /// value and gradient looked at.
  ///
  /// - Parameters:
  ///   - what: What is not finite, such as "the gradient of update 7".
  ///   - hint: What may help, such as "a lower learning_rate".
  ///   - model: Whose parameters are looked at first: one that is not finite explains the rest.
  ///   - again: The computation, every region of it on this thread.
  static func failure(
    _ what: String, hint: String, model: some Module, batch: [String: Tensor],
    again: () -> Void
  ) -> TrainingFailure {
    TrainingFailure(
      "\(what) is not finite: \(cause(model, batch, again)); \(hint) may help", batch: batch)
  }

  private static func cause(
    _ model: some Module, _ batch: [String: Tensor], _ again: () -> Void
  ) -> String {
    if let name = model.firstBadParameter {
      return "the parameter \(name) was not finite before it"
    }
    if let name = batch.keys.sorted().first(where: { batch[$0]?.isFinite == false }) {
      return "\(name) was not finite before it"
    }
    // First what made a NaN; an infinity alone is no mistake in a masked score.
    for infinities in [false, true] {
      do { try detectingAnomalies(infinities: infinities, again) } catch let anomaly as Anomaly {
        return "\(anomaly)"
      } catch {}
    }
    return "its squares have no sum"
  }
}

extension Module {
  /// The first parameter with a number that is not finite.
  var firstBadParameter: String? {
    parameters.first { !$0.value.isFinite }?.name
  }

  /// - Throws: `TrainingFailure` naming the first parameter with a number that is not finite.
  func requireFiniteParameters(after step: Int) throws {
    // One fast pass; large numbers have squares without a sum, so the answer no needs a closer look.
    if globalNorm(parameters.map(\.value)).isFinite { return }
    if let name = firstBadParameter {
      throw TrainingFailure(
        "the parameter \(name) is not finite after step \(step); a lower learning_rate may help")
    }
  }
}

extension Tensor {
  fileprivate var isFinite: Bool { scalars.allSatisfy(\.isFinite) }
}

extension GradientReducer {
  /// As `sum`, with the gradients' global norm.
  ///
  /// - Parameters:
  ///   - update: What the gradient is of, such as "update 7".
  ///   - hint: What may help against numbers that are not finite.
  ///   - batch: What is learnt from, by name; asked for only when numbers are not finite.
  /// - Throws: `TrainingFailure` when the norm is not finite: it names the op that was first and holds the
  ///   batch.
  func finiteSum<M: Module>(
    at model: M, rows count: Int, chunkRows: Int = Self.chunkRows,
    _ update: @autoclosure () -> String, hint: String,
    batch: () -> [String: Tensor],
    _ body: @Sendable (M, Range<Int>) -> (loss: Tensor, statistics: InlineArray<5, Double>)
  ) throws -> (gradients: [Tensor], norm: Double, statistics: InlineArray<5, Double>) {
    let (gradients, statistics) = sum(at: model, rows: count, chunkRows: chunkRows, body)
    let norm = globalNorm(gradients)
    if norm.isFinite { return (gradients, norm, statistics) }
    throw NumberTrap.failure(
      "the gradient of \(update())", hint: hint, model: model, batch: batch()
    ) {
      for start in stride(from: 0, to: count, by: chunkRows) {
        _ = valueWithGradient(at: model) { model in
          body(model, start..<min(start + chunkRows, count)).loss
        }
      }
    }
  }
}
