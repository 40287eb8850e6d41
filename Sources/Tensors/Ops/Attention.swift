import CKernels

/// Which keys a query sees, by position in the sequence; queries are the last tokens of theirs.
public enum AttentionMask: Sendable, Hashable {
  /// Every key.
  case full
  /// Its own position and those before it.
  case causal
  /// Its own position and those before it, `n` tokens in all (sliding-window attention, as Mistral's).
  case slidingWindow(Int)
  /// From so many positions before its own to so many after it.
  case band(before: Int, after: Int)

  /// How far back and ahead a query sees.
  var reach: (before: Int, after: Int) {
    let unlimited = 1 << 30
    switch self {
    case .full: return (unlimited, unlimited)
    case .causal: return (unlimited, 0)
    case .slidingWindow(let tokens):
      if tokens < 1 { fail("attention", "a window of \(tokens) tokens shows a query nothing") }
      return (Swift.min(tokens - 1, unlimited), 0)
    case .band(let before, let after):
      if before < 0 || after < 0 {
        fail("attention", "a band from \(before) before to \(after) after a query is none")
      }
      return (Swift.min(before, unlimited), Swift.min(after, unlimited))
    }
  }
}

/// softmax(scale · q kᵀ + bias) v for every head, in tiles: memory grows with S, never with S × S.
///
/// FlashAttention (Dao, 2023). A token's result has the same bits alone, in a batch and in decoding: the
/// keys are taken in tiles counted from the sequence's first token. Use `attention(_:_:_:queries:…)` for
/// sequences of different lengths, and `MultiHeadAttention` for the layer with its projections.
///
/// - Parameters:
///   - q: `[B, queries, heads, dim]`; the queries are the last tokens of their sequence.
///   - k: `[B, keys, kvHeads, dim]`; `heads` is a multiple of `kvHeads`, and consecutive query heads
///     share one of them.
///   - v: As `k`.
///   - scale: What scores are multiplied by; 1/√dim where nil.
///   - softcap: c of c · tanh(score / c), as Gemma 2 has it.
///   - slopes: `[heads]`: ALiBi, −slope · |query − key| is added. Constant.
///   - bias: Added to the scores: `[B, heads, queries, keys]`, each axis but the last may be 1 or missing.
/// - Returns: `[B, queries, heads, dim]`; 0 for a query that sees no key.
public func attention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: AttentionMask = .full, scale: Float? = nil,
  softcap: Float? = nil, slopes: Tensor? = nil, bias: Tensor? = nil
) -> Tensor {
  guard q.rank == 4, k.rank == 4, q.shape[0] == k.shape[0] else {
    fail("attention", "shapes \(q.shape) and \(k.shape) are not [B, tokens, heads, dim] of one B")
  }
  return AttentionCall(
    q, k, v, SequenceOffsets(count: q.shape[0], length: q.shape[1]),
    SequenceOffsets(count: k.shape[0], length: k.shape[1]), mask, scale, softcap, slopes, bias
  ).run()
}

/// `attention` over packed sequences of different lengths: no padding is stored or computed.
///
/// - Parameters:
///   - q: `[tokens, heads, dim]`: the sequences one after another.
///   - k: `[key tokens, kvHeads, dim]`; as `v`.
///   - queries: Where each sequence's queries lie: all rows of `q`.
///   - keys: Where its keys lie: `queries` where nil. A sequence may have more keys than queries, as in
///     decoding: the queries are then its last tokens. Rows between sequences, such as the free part of a
///     cache, are not read.
///   - bias: `[sequences, heads, longest queries, longest keys]`, each axis but the last may be 1 or
///     missing, indexed within each sequence.
/// - Returns: `[tokens, heads, dim]`.
public func attention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, queries: SequenceOffsets, keys: SequenceOffsets? = nil,
  mask: AttentionMask = .full, scale: Float? = nil, softcap: Float? = nil, slopes: Tensor? = nil,
  bias: Tensor? = nil
) -> Tensor {
  guard q.rank == 3, k.rank == 3 else {
    fail("attention", "shapes \(q.shape) and \(k.shape) are not [tokens, heads, dim]")
  }
  return AttentionCall(q, k, v, queries, keys ?? queries, mask, scale, softcap, slopes, bias).run()
}

/// `attention` of packed queries over keys in pages, as a cache shared among sequences holds them: for
/// decoding, not differentiated. Bits are those of the same keys lying one after another.
///
/// - Parameters:
///   - k: `[pages · attentionPage, kvHeads, dim]`; as `v`.
///   - pages: The pages of every sequence, one sequence's after another's.
///   - keys: Where each sequence's first page stands in `pages`, and how many keys it has.
/// - Returns: `[tokens, heads, dim]`.
public func attention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, queries: SequenceOffsets, pages: Indices,
  keys: SequenceOffsets, mask: AttentionMask = .causal
) -> Tensor {
  guard q.rank == 3, k.rank == 3 else {
    fail("attention", "shapes \(q.shape) and \(k.shape) are not [tokens, heads, dim]")
  }
  if Trace(many: [q, k, v]) != nil {
    fail("attention", "pages are not differentiated; train on whole sequences")
  }
  return AttentionCall(q, k, v, queries, keys, mask, nil, nil, nil, nil, pages: pages).run()
}

/// Keys of a page of a cache that `attention` reads in pages.
public let attentionPage = Int(SWIRL_ATTENTION_PAGE)

/// One call of attention with its arguments checked.
package struct AttentionCall {
  let q, k, v: Tensor
  let slopes, bias: Tensor?
  let queries, keys: SequenceOffsets
  let reach: (before: Int, after: Int)
  let scale: Float
  let softcap: Float
  let pages: Indices?

  package init(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ queries: SequenceOffsets, _ keys: SequenceOffsets,
    _ mask: AttentionMask, _ scale: Float?, _ softcap: Float?, _ slopes: Tensor?, _ bias: Tensor?,
    pages: Indices? = nil
  ) {
    let (heads, dim) = (q.shape[q.rank - 2], q.shape[q.rank - 1])
    let kvHeads = k.shape[k.rank - 2]
    guard k.shape == v.shape, k.shape[k.rank - 1] == dim else {
      fail("attention", "queries \(q.shape), keys \(k.shape) and values \(v.shape) do not fit")
    }
    if kvHeads == 0 ? heads != 0 : heads % kvHeads != 0 {
      fail("attention", "\(heads) query heads are not a multiple of \(kvHeads) key heads")
    }
    let (rows, keyRows) = (q.count / Swift.max(heads * dim, 1), k.shape.dropLast(2).reduce(1, *))
    let keysFit =
      pages.map { Self.check($0, keys, rows: keyRows) } ?? (keys.end <= keyRows)
    guard queries.isDense, queries.end == rows || heads * dim == 0, keysFit,
      queries.count == keys.count
    else {
      fail(
        "attention",
        "\(queries.count) sequences of \(queries.end) queries and \(keys.count) of \(keys.end) keys "
          + "do not fit shapes \(q.shape) and \(k.shape)")
    }
    if let slopes, slopes.shape != Shape(heads) {
      fail("attention", "slopes of shape \(slopes.shape) for \(heads) heads")
    }
    let scores = Shape([queries.count, heads, queries.longest, keys.longest])
    if let bias, Shape.broadcast(bias.shape, scores) != scores {
      fail("attention", "a bias of shape \(bias.shape) does not broadcast to scores \(scores)")
    }
    (self.q, self.k, self.v, self.slopes) = (q, k, v, slopes)
    self.bias = bias.map {
      $0.shape.last == keys.longest ? $0 : $0.broadcast(to: Self.widened($0.shape, keys.longest))
    }
    (self.queries, self.keys, reach) = (queries, keys, mask.reach)
    self.scale = scale ?? 1 / Float(Swift.max(dim, 1)).squareRoot()
    self.softcap = softcap ?? 0
    self.pages = pages
  }

  /// Whether every key lies in a page that is there.
  private static func check(_ pages: Indices, _ keys: SequenceOffsets, rows: Int) -> Bool {
    let (least, largest) = pages.range
    if least < 0 || (largest + 1) * attentionPage > rows { return false }
    return (0..<keys.count).allSatisfy { sequence in
      let range = keys[sequence]
      return range.lowerBound + (range.count + attentionPage - 1) / attentionPage <= pages.count
    }
  }

  private static func widened(_ shape: Shape, _ width: Int) -> Shape {
    Shape(Array(shape.dropLast()) + [width])
  }

  /// From what a record saved.
  private init(_ many: Many) {
    (q, k, v) = (many.saved[0].float32, many.saved[1].float32, many.saved[2].float32)
    bias = many.numbers[2] == 1 ? many.saved[5] : nil
    slopes = many.numbers[3] == 1 ? many.saved.last! : nil
    queries = SequenceOffsets(many.indices[0], many.indices[1])
    keys = SequenceOffsets(many.indices[2], many.indices[3])
    reach = (many.numbers[0], many.numbers[1])
    (scale, softcap) = (many.scalars[0], many.scalars[1])
    pages = nil
  }

  var heads: Int { q.shape[q.rank - 2] }
  var kvHeads: Int { k.shape[k.rank - 2] }
  var dim: Int { q.shape[q.rank - 1] }

  /// Multiply-adds of the scores and of the result, whatever the mask.
  private var work: Int {
    var pairs = 0
    for sequence in 0..<queries.count { pairs += queries[sequence].count * keys[sequence].count }
    return 2 * pairs * heads * dim
  }

  package func run() -> Tensor {
    if Tensor.carryTangents(q, k, v, bias) { return formula() }
    let out = Tensor(uninitialized: q.shape)
    let lse = Tensor(uninitialized: Shape(heads, queries.end))
    if out.count == 0 { return out }
    withKernelArguments { arguments in
      arguments.out = out.pointer
      arguments.lse = lse.pointer
      var tasks = 0
      let tile = Int(SWIRL_ATTENTION_QUERIES)
      for sequence in 0..<queries.count {
        tasks += (queries[sequence].count + tile - 1) / tile * heads
      }
      run(kernels.attention_forward, tasks, &arguments, backward: false)
    }
    let operands = [q, k, v] + (bias.map { [$0] } ?? [])
    guard let trace = Trace(many: operands) else { return out }
    let saved = [q, k, v, out, lse] + (bias.map { [$0] } ?? []) + (slopes.map { [$0] } ?? [])
    return out.recorded(
      on: trace,
      Record(
        "attention", derivative: Self.derivative, fused: true,
        many: Many(
          operands: operands,
          saved: saved.enumerated().map { $0 < 4 ? $1.detached().narrowedForTape : $1.detached() },
          numbers: [reach.before, reach.after, bias == nil ? 0 : 1, slopes == nil ? 0 : 1],
          scalars: [scale, softcap],
          indices: [queries.starts, queries.lengths, keys.starts, keys.lengths])))
  }

  private static let derivative: Derivative = { record, dy, gradients in
    let many = record.many
    let call = AttentionCall(many)
    let (heads, kvHeads, dim) = (call.heads, call.kvHeads, call.dim)
    let keyRows = call.k.count / Swift.max(kvHeads * dim, 1)
    let dout = dy.float32.contiguous()
    let dq = Tensor(uninitialized: call.q.shape)
    // Rows of no sequence are not written.
    let partShape: Shape = [keyRows, kvHeads, heads / Swift.max(kvHeads, 1), dim]
    let isCovered = call.keys.isDense && call.keys.end == keyRows
    let dk: Tensor = isCovered ? Tensor(uninitialized: partShape) : .zeros(partShape)
    let dv: Tensor = isCovered ? Tensor(uninitialized: partShape) : .zeros(partShape)
    var dbias: Tensor?
    if let bias = call.bias, gradients.wants(many.operands[3]) {
      let hasBatch = bias.rank == 4 && bias.shape[0] != 1
      dbias = .zeros(
        Shape([hasBatch ? call.queries.count : 1, heads, call.queries.longest, call.keys.longest]))
    }
    call.withKernelArguments { arguments in
      arguments.out = many.saved[3].pointer
      arguments.lse = many.saved[4].pointer
      arguments.dout = UnsafePointer(dout.pointer)
      (arguments.dq, arguments.dk, arguments.dv) = (dq.pointer, dk.pointer, dv.pointer)
      var tasks = call.queries.count * heads
      if let dbias {
        arguments.dbias = dbias.pointer
        arguments.dbias_sequence = dbias.shape[0] == 1 ? 0 : dbias.strides[0]
        arguments.dbias_head = dbias.strides[1]
        arguments.dbias_row = dbias.strides[2]
        if arguments.dbias_sequence == 0 { tasks = heads }
      }
      call.run(kernels.attention_backward, tasks, &arguments, backward: true)
    }
    gradients.add(dq, to: many.operands[0])
    // Query heads that share a key head: their parts are summed in one order.
    let isGrouped = heads > kvHeads
    gradients.add(
      (isGrouped ? dk.sum(axes: [2]) : dk).reshaped(to: call.k.shape), to: many.operands[1])
    gradients.add(
      (isGrouped ? dv.sum(axes: [2]) : dv).reshaped(to: call.v.shape), to: many.operands[2])
    if let dbias { gradients.add(dbias.summed(to: many.operands[3].shape), to: many.operands[3]) }
  }

  private typealias Kernel =
    @convention(c) (
      UnsafePointer<swirl_attention>?, Int, Int, UnsafeMutablePointer<Float>?
    ) -> Void

  private func run(
    _ kernel: Kernel?, _ tasks: Int, _ arguments: inout swirl_attention, backward: Bool
  ) {
    let scratchCount = kernels.attention_scratch(&arguments, backward ? 1 : 0)
    withUnsafePointer(to: &arguments) { arguments in
      parallelRows(tasks, work: backward ? work * 5 / 2 : work, partsPerThread: 16) { range in
        let scratch = Storage(byteCount: scratchCount * MemoryLayout<Float>.stride)
        withExtendedLifetime(scratch) {
          kernel!(
            arguments, range.lowerBound, range.upperBound,
            scratch.pointer.assumingMemoryBound(to: Float.self))
        }
      }
    }
  }

  /// Calls `body` with what the kernels read; it adds what they write.
  private func withKernelArguments(_ body: (inout swirl_attention) -> Void) {
    let (q, k, v) = (Self.rows(q), Self.rows(k), Self.rows(v))
    let slopes = slopes?.float32.contiguous()
    let bias = bias.map { bias in
      let dense = bias.float32
      let last = bias.rank - 1
      return bias.shape[last] == 1 || dense.strides[last] == 1 ? dense : dense.contiguous()
    }
    var arguments = swirl_attention()
    arguments.sequences = queries.count
    arguments.tokens = queries.end
    (arguments.heads, arguments.kv_heads, arguments.dim) = (heads, kvHeads, dim)
    arguments.query_start = queries.starts.pointer
    arguments.query_count = queries.lengths.pointer
    arguments.key_start = keys.starts.pointer
    arguments.key_count = keys.lengths.pointer
    arguments.pages = pages?.pointer
    arguments.q = UnsafePointer(q.pointer)
    arguments.k = UnsafePointer(k.pointer)
    arguments.v = UnsafePointer(v.pointer)
    (arguments.q_token, arguments.q_head) = (q.strides[0], q.strides[1])
    (arguments.k_token, arguments.k_head) = (k.strides[0], k.strides[1])
    (arguments.v_token, arguments.v_head) = (v.strides[0], v.strides[1])
    (arguments.before, arguments.after) = reach
    (arguments.scale, arguments.softcap) = (scale, softcap)
    arguments.slopes = slopes.map { UnsafePointer($0.pointer) }
    if let bias {
      let steps = bias.strides(
        broadcastTo: Shape([queries.count, heads, queries.longest, keys.longest]))
      arguments.bias = UnsafePointer(bias.pointer)
      (arguments.bias_sequence, arguments.bias_head) = (steps[0], steps[1])
      arguments.bias_row = steps[2]
    }
    withExtendedLifetime((q, k, v, slopes, bias, queries, keys, pages)) { body(&arguments) }
  }

  /// `x` as `[tokens, heads, dim]` with one step from token to token: a view where it is one already, such
  /// as a slice of a fused projection.
  private static func rows(_ x: Tensor) -> Tensor {
    let dense = x.float32
    let rank = x.rank
    let isUsable =
      (dense.strides[rank - 1] == 1 || x.shape[rank - 1] == 1)
      && (rank == 3 || x.shape[0] <= 1 || dense.strides[0] == x.shape[1] * dense.strides[1])
    let source = isUsable ? dense : dense.contiguous()
    if rank == 3 { return source.detached() }
    var strides = Shape()
    for axis in 1..<4 { strides.append(source.strides[axis]) }
    return Tensor(
      view: source.storage, offset: source.offset,
      shape: Shape(x.shape[0] * x.shape[1], x.shape[2], x.shape[3]), strides: strides)
  }
}
