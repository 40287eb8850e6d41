import Runtime

/// Layers one after another, chosen when the program runs: a value that owns them, as every module.
///
/// ```swift
/// let network = Sequential {
///   Linear(inputs: 8, outputs: 64, using: &random)
///   Activation.relu
///   for _ in 0..<depth { Linear(inputs: 64, outputs: 64, activation: .tanh, using: &random) }
/// }
/// let y = network(x)                          // in evaluation
/// let z = network(x, using: &random)          // in training, where a layer may be random
/// ```
///
/// Parameters are named by position, `0.weight`, as PyTorch's are. Write a plain `Module` struct instead
/// where the layers are known when the program is written: its properties have types and names,
/// the data may branch, and a layer may take or return more than one tensor. `Sequential` is for
/// networks whose layers come from a configuration, and for short chains within such a struct.
public struct Sequential: Layer {
  public var layers: [any Layer]

  public init(_ layers: [any Layer]) { self.layers = layers }

  public init(@SequentialBuilder _ layers: () -> [any Layer]) { self.layers = layers() }

  public func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0) } }

  public func callAsFunction(_ x: Tensor, using random: inout PCG64) -> Tensor {
    layers.reduce(x) { $1($0, using: &random) }
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    for i in layers.indices { layers[i].visitParameters { body("\(i).\($0)", &$1) } }
  }

  public mutating func visitBuffers(_ body: (String, inout Tensor) -> Void) {
    for i in layers.indices { layers[i].visitBuffers { body("\(i).\($0)", &$1) } }
  }
}

/// Reads the layers of a `Sequential` from the lines of a closure.
@resultBuilder
public enum SequentialBuilder {
  public static func buildExpression(_ layer: some Layer) -> [any Layer] { [layer] }
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
}
