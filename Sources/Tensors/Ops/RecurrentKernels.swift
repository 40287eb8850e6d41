import CKernels

// A recurrent op by its kernels, forward and, beside it, backward through time.
extension RecurrentCall {
  /// h after every step, `[T, B, H]`; of an LSTM `[T + 1, B, H]`, where c after the last step comes last.
  package func run() -> Tensor {
    if Tensor.carryTangents(
      x, hidden, cell, inputWeight, hiddenWeight, inputBias, hiddenBias)
    {
      return formula()
    }
    let shape = Shape(steps + (kind == .lstm ? 1 : 0), batch, units)
    if steps * stateShape.elementCount == 0 { return .zeros(shape) }
    let result = Tensor(uninitialized: shape)
    let operands = [x, inputWeight, hiddenWeight, inputBias, hiddenBias, hidden, cell]
      .map { $0 ?? Self.absent }
    let trace = Trace(many: operands)
    let x = x.float32.contiguous()
    let weights = (inputWeight.float32.contiguous(), hiddenWeight.float32.contiguous())
    let (initial, cell) = (hidden?.float32.contiguous(), cell?.float32.contiguous())
    let starts = starts?.float32.contiguous()
    let saved: Tensor? =
      trace?.tape == nil
      ? nil : Tensor(uninitialized: Shape([steps, batch, kind == .lstm ? 6 : 4, units]))
    let bias = startOfSums()
    if kind == .lstm {
      let place = result.pointer + steps * batch * units
      if let cell {
        place.update(from: cell.pointer, count: batch * units)
      } else {
        place.update(repeating: 0, count: batch * units)
      }
    }
    var start: Tensor?
    var arguments = arguments()
    arguments.x = UnsafePointer(x.pointer)
    arguments.input_weight = UnsafePointer(weights.0.pointer)
    arguments.hidden_weight = UnsafePointer(weights.1.pointer)
    arguments.initial = initial.map { UnsafePointer($0.pointer) }
    arguments.starts = starts.map { UnsafePointer($0.pointer) }
    arguments.bias = UnsafePointer(bias.pointer)
    arguments.y = result.pointer
    arguments.cell = result.pointer + steps * batch * units
    arguments.saved = saved?.pointer
    // Few rows a step leave a tile half empty: then the products with the input come first, for all
    // steps. Its chains are the same.
    if steps > 1 && batch < 12 {
      let sums = saved ?? Tensor(uninitialized: Shape([steps, batch, kind.gates, units]))
      arguments.start = UnsafePointer(sums.pointer)
      arguments.start_row = sums.strides[1]
      start = sums
      multiplyInputs(x, weights.0, bias, into: sums)
    }
    // Packing reads and writes the weights once more, which one step of few rows would not earn.
    let packed = steps * batch < 16 ? nil : Self.pack(&arguments, backward: false)
    withExtendedLifetime((x, weights, initial, cell, starts, bias, start, packed)) {
      withUnsafePointer(to: &arguments) { arguments in
        Self.overRows(batch, work: work) { rows in
          let scratch = Storage(byteCount: rows.count * units * MemoryLayout<Float>.stride)
          kernels.recurrent_forward(
            arguments, rows.lowerBound, rows.upperBound,
            scratch.pointer.assumingMemoryBound(to: Float.self))
          withExtendedLifetime(scratch) {}
        }
      }
    }
    guard let trace else { return result }
    return result.recorded(
      on: trace,
      Record(
        kind == .lstm ? "lstm" : "gru", derivative: Self.derivative, fused: true,
        many: Many(
          operands: operands,
          saved: [
            x, weights.0, weights.1, initial ?? Self.absent, starts ?? Self.absent, result, saved!,
          ].map { $0.detached() },
          numbers: [kind.rawValue, initial == nil ? 0 : 1, starts == nil ? 0 : 1])))
  }

  /// Stands for an operand that is not given: nobody wants its gradient.
  private static let absent = Tensor.zeros([0])

  /// Multiply-adds of the forward pass.
  private var work: Int { steps * batch * (inputs + units) * kind.gates * units }

  private func arguments() -> swirl_recurrent {
    var arguments = swirl_recurrent()
    arguments.kind = Int32((kind == .lstm ? SWIRL_LSTM : SWIRL_GRU).rawValue)
    (arguments.steps, arguments.batch) = (steps, batch)
    (arguments.inputs, arguments.hidden) = (inputs, units)
    return arguments
  }

  /// `[4, H]`: both biases together, but for a GRU's n, whose two parts are apart.
  func startOfSums() -> Tensor {
    let sums = Tensor(uninitialized: Shape(4, units))
    let (direct, recurrent) = (inputBias?.float32.contiguous(), hiddenBias?.float32.contiguous())
    for i in 0..<4 * units {
      let isApart = kind == .gru && i >= 2 * units
      let first = i < kind.gates * units ? direct?.pointer[i] ?? 0 : 0
      let second = isApart ? 0 : recurrent?.pointer[i] ?? 0
      sums.pointer[i] =
        i < kind.gates * units ? first + second : recurrent?.pointer[i - units] ?? 0
    }
    return sums
  }

  /// x · weight + bias of every step and row into the first gates of each row of `sums`.
  private func multiplyInputs(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, into sums: Tensor) {
    let columns = kind.gates * units
    parallelRows(steps * batch, work: steps * batch * inputs * columns) { rows in
      kernels.gemm(
        rows.count, columns, inputs, x.pointer + rows.lowerBound * inputs, inputs, 1,
        weight.pointer, columns, 1, sums.pointer + rows.lowerBound * sums.strides[1],
        sums.strides[1], bias.pointer, 0, 0)
    }
  }

  private static func pack(_ arguments: inout swirl_recurrent, backward: Bool) -> Tensor {
    let direction: Int32 = backward ? 1 : 0
    let packed = Tensor(uninitialized: Shape(kernels.recurrent_packed(&arguments, direction)))
    kernels.recurrent_pack(&arguments, direction, packed.pointer)
    arguments.packed = UnsafePointer(packed.pointer)
    return packed
  }

  /// Runs `body` over ranges of the batch, each for the whole sequence: about 32 rows each, so that a
  /// step's numbers stay near, and enough of them for every thread, unless that left a thread less than
  /// a tile.
  private static func overRows(_ batch: Int, work: Int, _ body: (Range<Int>) -> Void) {
    guard work >= 500_000, let pool = engineWorkers, pool.threads > 1 else {
      return body(0..<batch)
    }
    let whole = ((batch + 31) / 32 + pool.threads - 1) / pool.threads * pool.threads
    let parts = Swift.min(whole, (batch + 3) / 4)
    if parts == 1 { return body(0..<batch) }
    pool.parallelFor(parts) { part in body(batch * part / parts..<batch * (part + 1) / parts) }
  }

  /// Rows of the batch whose gradients of the weights are summed as one: more of them share a tile,
  /// fewer make more work that threads can share. From the sizes alone, so that threads change no bit.
  private var rowsOfBlock: Int { Swift.max(16, (batch + 7) / 8) }

  private static let derivative: Derivative = { record, dy, gradients in
    let (many, saved) = (record.many, record.many.saved)
    let kind = Recurrence(rawValue: many.numbers[0])!
    let (x, inputWeight, hiddenWeight, result) = (saved[0], saved[1], saved[2], saved[5])
    let call = RecurrentCall(
      kind, x, many.numbers[1] == 1 ? saved[3] : nil, nil, many.numbers[2] == 1 ? saved[4] : nil,
      inputWeight, hiddenWeight, nil, nil)
    let (steps, batch, units) = (call.steps, call.batch, call.units)
    let dense = dy.float32.contiguous()
    let dh = Tensor(repeating: 0, shape: call.stateShape)
    let dcell = Tensor(uninitialized: call.stateShape)
    if kind == .lstm {
      dcell.pointer.update(from: dense.pointer + steps * batch * units, count: batch * units)
    }
    let dx = gradients.wants(many.operands[0]) ? Tensor(uninitialized: x.shape) : nil
    let block = call.rowsOfBlock
    let blocks = (batch + block - 1) / block
    let weightCount = inputWeight.count + hiddenWeight.count
    let wantsWeights = gradients.wants(many.operands[1]) || gradients.wants(many.operands[2])
    let dweights = wantsWeights ? Tensor(uninitialized: Shape(blocks, weightCount)) : nil
    let dbias = Tensor(uninitialized: Shape(blocks, 4 * units))
    var arguments = call.arguments()
    arguments.x = UnsafePointer(x.pointer)
    arguments.input_weight = UnsafePointer(inputWeight.pointer)
    arguments.hidden_weight = UnsafePointer(hiddenWeight.pointer)
    arguments.initial = call.hidden.map { UnsafePointer($0.pointer) }
    arguments.starts = call.starts.map { UnsafePointer($0.pointer) }
    arguments.y = result.pointer
    arguments.saved = saved[6].pointer
    arguments.dy = UnsafePointer(dense.pointer)
    (arguments.dh, arguments.dcell, arguments.dx) = (dh.pointer, dcell.pointer, dx?.pointer)
    let packed = pack(&arguments, backward: true)
    withExtendedLifetime((dense, packed, dx, dweights)) {
      withUnsafePointer(to: &arguments) { arguments in
        parallelRows(blocks, work: 2 * call.work) { range in
          for i in range {
            let rows = i * block..<Swift.min((i + 1) * block, batch)
            let scratch = Storage(
              byteCount: swirl_recurrent_scratch(arguments, rows.count)
                * MemoryLayout<Float>.stride)
            kernels.recurrent_backward(
              arguments, rows.lowerBound, rows.upperBound,
              dweights.map { $0.pointer + i * weightCount }, dbias.pointer + i * 4 * units,
              scratch.pointer.assumingMemoryBound(to: Float.self))
            withExtendedLifetime(scratch) {}
          }
        }
      }
    }
    if let dx { gradients.add(dx, to: many.operands[0]) }
    if let dweights {
      // Blocks in one order; one is its own sum.
      let sum = blocks == 1 ? dweights.reshaped([-1]) : dweights.sum(axes: [0])
      let direct = sum.sliced(0..<inputWeight.count).reshaped(to: inputWeight.shape)
      gradients.add(call.inPlace(direct, axis: 1), to: many.operands[1])
      gradients.add(
        sum.sliced(inputWeight.count..<weightCount).reshaped(to: hiddenWeight.shape),
        to: many.operands[2])
    }
    let sums = dbias.sum(axes: [0])
    if kind == .lstm {
      gradients.add(sums, to: many.operands[3])
      gradients.add(sums, to: many.operands[4])
    } else {
      gradients.add(call.inPlace(sums.sliced(0..<3 * units), axis: 0), to: many.operands[3])
      gradients.add(sums.sliced(units..<4 * units), to: many.operands[4])
    }
    gradients.add(dh, to: many.operands[5])
    gradients.add(dcell, to: many.operands[6])
  }

  /// Gradients of a GRU's gates, which the kernel has in the order n, r, z, in that of the weights.
  private func inPlace(_ gates: Tensor, axis: Int) -> Tensor {
    if kind == .lstm { return gates }
    return .concatenated(
      [gates.sliced(units..<3 * units, axis: axis), gates.sliced(0..<units, axis: axis)],
      axis: axis)
  }
}
