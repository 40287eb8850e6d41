import Tensors

/// A network on raw rows, as rollouts need it: no tensors, no tape, no allocation once made. The bits of a
/// row are those the network itself gives.
final class NetworkRunner {
  private let convolutions: ConvolutionStack?
  private let dense: DenseStack?
  private let memory: RecurrentStack?
  private let perceptron: DenseStack
  private let scratch: [UnsafeMutablePointer<Float>]
  /// Keeps the parameters alive that the stacks point to.
  private let network: Network

  init(_ network: Network, capacity: Int) {
    self.network = network
    if let features = network.features {
      if let picture = features.picture, !features.convolutions.isEmpty {
        convolutions = ConvolutionStack(
          features.convolutions, channels: picture.channels, height: picture.height,
          width: picture.width, channelsFirst: picture.channelsFirst)
      } else {
        convolutions = nil
      }
      dense = DenseStack(features.dense)
    } else {
      (convolutions, dense) = (nil, nil)
    }
    memory = network.memory.map {
      RecurrentStack($0.layers, $0.kind == .lstm ? .lstm : .gru, capacity: capacity)
    }
    perceptron = DenseStack(network.perceptron)
    let features = max(convolutions?.widest ?? 0, dense?.widest ?? 0)
    let widths = [features, features, perceptron.widest, perceptron.widest]
    scratch = widths.map { .allocate(capacity: max($0 * capacity, 1)) }
  }

  deinit { for pointer in scratch { pointer.deallocate() } }

  /// Numbers of a row's state.
  var memorySize: Int { memory?.stateSize ?? 0 }

  /// Features of encoded rows, good until the next call; the rows themselves where there are none.
  func features(rows: Int, _ input: UnsafePointer<Float>) -> UnsafePointer<Float> {
    guard let dense else { return input }
    var (source, target, spare) = (input, scratch[0], scratch[1])
    if let convolutions {
      let (result, other) = convolutions.run(rows: rows, input, target, spare)
      (source, target, spare) = (UnsafePointer(result), other, result)
    }
    return dense.depth == 0 ? source : UnsafePointer(dense.run(rows: rows, source, target, spare))
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
