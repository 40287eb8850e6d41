import Runtime

/// A module that makes one tensor of one: what `Sequential` is put together from.
///
/// A layer with several inputs or results, such as `LSTM`, is a plain `Module`.
public protocol Layer: Module {
  func callAsFunction(_ x: Tensor) -> Tensor

  /// The layer in training, where it may draw random numbers, as dropout does. Without it, as above.
  func callAsFunction(_ x: Tensor, using random: inout PCG64) -> Tensor
}

extension Layer {
  public func callAsFunction(_ x: Tensor, using random: inout PCG64) -> Tensor { self(x) }
}

extension Linear: Layer {}
extension MultilayerPerceptron: Layer {}
// Not BatchNorm, whose training pass changes the layer itself.
extension LayerNorm: Layer {}
extension RMSNorm: Layer {}
extension GroupNorm: Layer {}
extension Conv1D: Layer {}
extension Conv2D: Layer {}
extension MaxPool2D: Layer {}
extension AveragePool2D: Layer {}

/// Without a generator, in evaluation, dropout passes numbers through.
extension Dropout: Layer {
  public func callAsFunction(_ x: Tensor) -> Tensor { x }
}

/// An activation stands among layers as it is: `Activation.relu`.
extension Activation: Layer {
  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {}
}

/// Joins the axes from `first` to the last into one: `[N, C, H, W]` becomes `[N, C · H · W]`.
public struct Flatten: Layer {
  /// The first axis that is joined.
  public var first: Int

  public init(from first: Int = 1) { self.first = first }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    if first < 0 || first > x.rank {
      fail("Flatten", "axis \(first) is not in a tensor of shape \(x.shape)")
    }
    let joined = x.shape.dropFirst(first).reduce(1, *)
    return x.reshaped(to: Shape(Array(x.shape.prefix(first)) + [joined]))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {}
}

/// A function without parameters as a layer: `Apply { $0.reshaped([-1, 8, 8]) }`.
public struct Apply: Layer {
  private let function: @Sendable (Tensor) -> Tensor

  public init(_ function: @escaping @Sendable (Tensor) -> Tensor) { self.function = function }

  public func callAsFunction(_ x: Tensor) -> Tensor { function(x) }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {}
}
