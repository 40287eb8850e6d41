import Tensors

/// A network on raw rows, as rollouts need it: no tensors, no tape, no allocation once made. The bits of a
/// row are those the network itself gives.
final class NetworkRunner {
  /// A piece of a row: where it begins in the row and among the features, and what reads it, if it is a
  /// picture.
  private struct Piece {
    let first, target, count: Int
    let convolutions: ConvolutionStack?
  }

  /// None where the row is no picture at all and read as it is.
  private let pieces: [Piece]
  /// Numbers of a row, and of its pieces once they are read.
  private let inputs, joined: Int
  private let dense: DenseStack?
  private let memory: RecurrentStack?
  private let perceptron: DenseStack
  private let scratch: [UnsafeMutablePointer<Float>]
  /// Keeps the parameters alive that the stacks point to.
  private let network: Network

  init(_ network: Network, capacity: Int) {
    self.network = network
    var (pieces, joined): ([Piece], Int) = ([], 0)
    if let features = network.features, !features.pictures.isEmpty {
      for (columns, reader) in features.pieces {
        let convolutions = reader.map {
          ConvolutionStack(
            $0.convolutions, channels: $0.picture.channels, height: $0.picture.height,
            width: $0.picture.width, channelsFirst: $0.picture.channelsFirst)
        }
        pieces.append(
          Piece(
            first: columns.lowerBound, target: joined, count: columns.count,
            convolutions: convolutions))
        joined += convolutions?.outputs ?? columns.count
      }
    }
    (self.pieces, self.joined) = (pieces, joined)
    inputs = network.features?.inputs ?? 0
    dense = network.features.map { DenseStack($0.dense) }
    memory = network.memory.map {
      RecurrentStack($0.layers, $0.kind == .lstm ? .lstm : .gru, capacity: capacity)
    }
    perceptron = DenseStack(network.perceptron)
    let features = pieces.reduce(dense?.widest ?? 0) { max($0, $1.convolutions?.widest ?? 0) }
    let widths = [features, features, perceptron.widest, perceptron.widest, joined]
    scratch = widths.map { .allocate(capacity: max($0 * capacity, 1)) }
  }

  deinit { for pointer in scratch { pointer.deallocate() } }

  /// Numbers of a row's state.
  var memorySize: Int { memory?.stateSize ?? 0 }

  /// Features of encoded rows, good until the next call; the rows themselves where there are none.
  func features(rows: Int, _ input: UnsafePointer<Float>) -> UnsafePointer<Float> {
    guard let dense else { return input }
    for piece in pieces {
      let (source, target) = (input + piece.first, scratch[4] + piece.target)
      if let convolutions = piece.convolutions {
        convolutions.run(
          rows: rows, source, stride: inputs, into: target, stride: joined, scratch[0], scratch[1])
      } else {
        for row in 0..<rows {
          (target + row * joined).update(from: source + row * inputs, count: piece.count)
        }
      }
    }
    let read = pieces.isEmpty ? input : UnsafePointer(scratch[4])
    return dense.depth == 0
      ? read : UnsafePointer(dense.run(rows: rows, read, scratch[0], scratch[1]))
  }

  /// What the last layers read, of features: one step of memory, whose state moves on.
  func remembered(
    rows: Int, _ features: UnsafePointer<Float>, state: UnsafeMutablePointer<Float>?, stride: Int
  ) -> UnsafePointer<Float> {
    guard let memory, let state else { return features }
    return memory.step(rows: rows, features, state: state, stride: stride)
  }

  /// What the last layer reads and what it gives, good until the next call.
  func outputs(
    rows: Int, _ input: UnsafePointer<Float>
  ) -> (latent: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    let output = perceptron.run(rows: rows, input, scratch[2], scratch[3])
    let other = output == scratch[2] ? scratch[3] : scratch[2]
    return (perceptron.depth > 1 ? UnsafePointer(other) : input, output)
  }
}
