/// The keys and values of one sequence so far, for decoding token by token.
///
/// Room doubles when it is full, so that a token costs no copy of those before it.
public struct KeyValueCache: Sendable {
  /// `[room, kvHeads, dim]`; the first `count` rows are filled.
  public private(set) var keys: Tensor
  public private(set) var values: Tensor
  /// How many tokens it holds.
  public private(set) var count = 0

  public init(kvHeads: Int, dim: Int, room: Int = 64) {
    keys = .zeros([room, kvHeads, dim])
    values = .zeros([room, kvHeads, dim])
  }

  /// Adds tokens: `keys` and `values` are `[tokens, kvHeads, dim]`. Ends the process where a tape
  /// follows them: their gradient would be lost.
  public mutating func append(_ keys: Tensor, _ values: Tensor) {
    guard keys.rank == 3, keys.shape == values.shape,
      keys.shape.dropFirst().elementsEqual(self.keys.shape.dropFirst())
    else {
      fail(
        "KeyValueCache",
        "keys \(keys.shape) and values \(values.shape) do not join \(self.keys.shape)")
    }
    if Trace(keys, values) != nil {
      fail(
        "KeyValueCache",
        "decoding is not differentiated; wrap it in withoutGradient, or train on whole sequences")
    }
    let needed = count + keys.shape[0]
    Self.write(keys, after: count, into: &self.keys, needed: needed)
    Self.write(values, after: count, into: &self.values, needed: needed)
    count = needed
  }

  /// Forgets all but the first `count` tokens.
  public mutating func truncate(to count: Int) {
    if count < 0 || count > self.count {
      fail("KeyValueCache", "cannot keep \(count) of \(self.count) tokens")
    }
    self.count = count
  }

  private static func write(
    _ rows: Tensor, after count: Int, into store: inout Tensor, needed: Int
  ) {
    let width = store.shape[1] * store.shape[2]
    if needed > store.shape[0] {
      let old = store
      var larger = Tensor.zeros([Swift.max(needed, 2 * old.shape[0]), old.shape[1], old.shape[2]])
      larger.mutate { $0.baseAddress?.update(from: old.pointer, count: count * width) }
      store = larger
    }
    rows.withUnsafeBuffer { source in
      store.mutate { target in
        guard let base = source.baseAddress, source.count > 0 else { return }
        (target.baseAddress! + count * width).update(from: base, count: source.count)
      }
    }
  }
}
