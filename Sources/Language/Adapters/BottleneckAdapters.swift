import Runtime
import Tensors

/// Small networks behind the two parts of every block (Houlsby et al., 2019): y + up(gelu(down(y))) of what
/// attention, and then the feed-forward part, add to the stream. `up` starts at 0, so that nothing changes
/// at first.
///
/// ```swift
/// try model.add(BottleneckAdapters(size: 32), using: &random)   // now only the adapters are parameters
/// ```
public struct BottleneckAdapters: Sendable, Hashable, Codable {
  /// Numbers in the middle of each.
  public var size: Int

  public init(size: Int = 64) { self.size = size }

  /// One of them.
  public struct Adapter: Sendable {
    /// `[size, width]` and `[size]`
    public var down: Tensor
    public var downBias: Tensor
    /// `[width, size]` and `[width]`
    public var up: Tensor
    public var upBias: Tensor

    func callAsFunction(_ y: Tensor) -> Tensor {
      let inner = linear(y, weight: down.transposed(), bias: downBias).gelu()
      return y + linear(inner, weight: up.transposed(), bias: upBias)
    }

    mutating func visit(_ body: (String, inout Tensor) -> Void) {
      body("adapter_down.weight", &down)
      body("adapter_down.bias", &downBias)
      body("adapter_up.weight", &up)
      body("adapter_up.bias", &upBias)
    }
  }

  func adapter(width: Int, using random: inout PCG64) -> Adapter {
    Adapter(
      down: .normal([size, width], standardDeviation: 0.02, using: &random),
      downBias: .zeros([size]), up: .zeros([width, size]), upBias: .zeros([width]))
  }
}

extension LanguageModel {
  /// Puts adapters behind both parts of every block and freezes everything but adapters.
  ///
  /// - Throws: `ModelError` where the size is none.
  public mutating func add(_ adapters: BottleneckAdapters, using random: inout PCG64) throws {
    try check(adapters)
    let width = configuration.width
    for block in blocks.indices {
      blocks[block].attentionAdapter = adapters.adapter(width: width, using: &random)
      blocks[block].feedForwardAdapter = adapters.adapter(width: width, using: &random)
    }
    bottleneck = adapters
    isFrozen = true
  }

  func check(_ adapters: BottleneckAdapters) throws(ModelError) {
    let most = 4 * configuration.width
    guard adapters.size >= 1, adapters.size <= most else {
      throw ModelError(
        "bottleneck adapters of size \(adapters.size) do not fit this model: 1 to \(most)",
        kind: .usage)
    }
  }
}
