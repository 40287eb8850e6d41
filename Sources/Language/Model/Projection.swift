import Runtime
import Tensors

/// A linear layer of a language model, x · weightᵀ + bias, with the adapter that may stand beside it.
///
/// The weight is `[out, in]` as checkpoints have it: Float32 numbers that training may move, or a frozen
/// matrix of halves or of GGML's blocks, read as it lies.
public struct Projection: Sendable {
  /// `[out, in]`; nil where the weight is quantised.
  public internal(set) var dense: Tensor?
  /// `[out, in]`; nil where the weight is dense.
  public internal(set) var quantized: QuantizedTensor?
  /// `[out]`
  public internal(set) var bias: Tensor?
  public internal(set) var lora: LoRA.Pair?

  public init(weight: Tensor, bias: Tensor? = nil) {
    dense = weight
    self.bias = bias
  }

  public init(weight: QuantizedTensor, bias: Tensor? = nil) {
    quantized = weight
    self.bias = bias
  }

  init(_ matrix: StoredMatrix, bias: Tensor? = nil) {
    switch matrix {
    case .dense(let tensor): self.init(weight: tensor, bias: bias)
    case .quantized(let tensor): self.init(weight: tensor, bias: bias)
    }
  }

  /// `[out, in]`
  public var shape: Shape { dense?.shape ?? quantized!.shape }

  /// `x`: `[…, in]`; the result: `[…, out]`.
  ///
  /// - Parameter dropout: Where an adapter in training draws what it drops; nil drops nothing.
  func callAsFunction(_ x: Tensor, dropout: DropoutSeeds? = nil) -> Tensor {
    let y = product(with: x)
    guard let lora else { return y }
    return y + lora(x, dropout: dropout)
  }

  private func product(with x: Tensor) -> Tensor {
    if let quantized { return linear(x, weight: quantized, bias: bias) }
    return linear(x, weight: dense!.transposed(), bias: bias)
  }

  /// The weight in Float32 with the adapter added: what `merged` makes of it.
  func mergedWeight() -> Tensor {
    let weight = denseWeight()
    guard let lora else { return weight }
    return withoutGradient { weight + lora.b.matmul(lora.a) * lora.scale }
  }

  /// The weight in Float32 without the adapter.
  func denseWeight() -> Tensor { dense?.float32 ?? quantized!.dequantized() }

  mutating func visitBase(_ body: (String, inout Tensor) -> Void) {
    visit("weight", &dense, body)
    visit("bias", &bias, body)
  }

  mutating func visitAdapters(_ body: (String, inout Tensor) -> Void) {
    if lora == nil { return }
    body("lora_A.weight", &lora!.a)
    body("lora_B.weight", &lora!.b)
  }
}
