import Runtime

/// Dropout with its probability; off it passes numbers through. Calls the function `dropout`.
public struct Dropout: Module {
  public var probability: Double
  /// On while training, off in evaluation.
  public var isOn: Bool

  public init(_ probability: Double, isOn: Bool = true) {
    self.probability = probability
    self.isOn = isOn
  }

  /// `x` of any shape.
  public func callAsFunction(_ x: Tensor, using random: inout PCG64) -> Tensor {
    isOn ? dropout(x, probability: probability, using: &random) : x
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {}
}
