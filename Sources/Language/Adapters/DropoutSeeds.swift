import Runtime
import Tensors

/// Where adapters draw what they drop in training: stretches of rows, each from a seed of its own,
/// so that a sequence loses the same whichever others go through the model beside it.
struct DropoutSeeds: Sendable {
  /// One stretch after another, with the rows that each has.
  let stretches: [(seed: SeedSequence, rows: Int)]

  /// The seeds of a part of the model.
  func child(_ index: Int) -> DropoutSeeds {
    DropoutSeeds(stretches: stretches.map { ($0.seed.child(index), $0.rows) })
  }

  func callAsFunction(_ x: Tensor, probability: Double) -> Tensor {
    dropout(x, probability: probability, streams: stretches.map { (PCG64($0.seed), $0.rows) })
  }
}
