import CKernels
import Foundation
import Runtime
import Tensors
import Testing

/// An LSTM or a GRU at one point as PyTorch computed it, of which the file has some numbers of each result.
struct RecurrentCase: Decodable, Sendable, CustomTestStringConvertible {
  let kind: String
  let steps, batch, inputs, hidden: Int
  let state, bias, starts: Bool
  let values: [AttentionCase.Sample]
  let gradients: [String: AttentionCase.Sample]

  var testDescription: String {
    "\(kind) [\(steps), \(batch), \(inputs)] to \(hidden)\(state ? ", state" : "")"
      + "\(bias ? ", bias" : "")\(starts ? ", starts" : "")"
  }

  static let all: [RecurrentCase] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/recurrent.json")
    guard let data = try? Data(contentsOf: file),
      let cases = try? JSONDecoder().decode([RecurrentCase].self, from: data)
    else { fatalError("cannot read \(file.path)") }
    return cases
  }()

  var isLSTM: Bool { kind == "lstm" }
  var columns: Int { (isLSTM ? 4 : 3) * hidden }

  /// Names and values, in the order `call` takes them.
  var tensors: [(name: String, value: Tensor)] {
    let scale: Float = hidden < 20 ? 2 : 8
    var all = [
      ("x", filled(Shape(steps, batch, inputs), seed: 1)),
      ("inputWeight", filled(Shape(inputs, columns), seed: 2) / scale),
      ("hiddenWeight", filled(Shape(hidden, columns), seed: 3) / scale),
    ]
    if bias {
      all.append(("inputBias", filled(Shape(columns), seed: 4)))
      all.append(("hiddenBias", filled(Shape(columns), seed: 5)))
    }
    if state {
      all.append(("hidden", filled(Shape(batch, hidden), seed: 6)))
      if isLSTM { all.append(("cell", filled(Shape(batch, hidden), seed: 7))) }
    }
    return all
  }

  var inputTensors: [Tensor] { tensors.map(\.value) }

  var startsTensor: Tensor? {
    starts ? Tensor(1) .< filled(Shape(steps, batch), seed: 8) : nil
  }

  func call(_ x: [Tensor]) -> RecurrentCall {
    var rest = x[3...]
    let biases = bias ? (rest.popFirst(), rest.popFirst()) : (nil, nil)
    let hidden = state ? rest.popFirst() : nil
    return RecurrentCall(
      isLSTM ? .lstm : .gru, x[0], hidden, rest.popFirst(), startsTensor, x[1], x[2], biases.0,
      biases.1)
  }

  /// The output and the state after the last step.
  func results(_ call: RecurrentCall, _ result: Tensor) -> [Tensor] {
    if !isLSTM { return [result, call.last(of: result, at: steps - 1)] }
    let (output, state) = call.lstmResults(result)
    return [output, state.hidden, state.cell]
  }

  func loss(_ call: RecurrentCall, _ result: Tensor) -> Tensor {
    results(call, result).enumerated().map { (i, y) in
      (y * filled(y.shape, seed: 9 + UInt64(i))).sum()
    }.reduce(Tensor(0), +)
  }

  func gradients(_ body: (RecurrentCall) -> Tensor) -> [Tensor] {
    vectorJacobianProduct(at: inputTensors, cotangent: { _ in Tensor(1) }) { x in
      loss(call(x), body(call(x)))
    }.gradients
  }
}

@Test(arguments: RecurrentCase.all)
func recurrentOpsAgreeWithPyTorchAndTheirFormula(_ golden: RecurrentCase) {
  let call = golden.call(golden.inputTensors)
  let (result, formula) = (call.run(), call.formula())
  for (sample, value) in zip(golden.values, golden.results(call, result)) {
    #expect(sample.distance(from: value) < 5e-6)
  }
  #expect(distance(result.scalars, formula.scalars) < 5e-6)
  let gradients = golden.gradients { $0.run() }
  let expected = golden.gradients { $0.formula() }
  for (i, (name, _)) in golden.tensors.enumerated() {
    #expect(golden.gradients[name]!.distance(from: gradients[i]) < 2e-5, "gradient of \(name)")
    #expect(distance(gradients[i].scalars, expected[i].scalars) < 2e-5, "gradient of \(name)")
  }
}

@Test func recurrentGradientsAgreeWithDifferencesAndForwardMode() {
  for golden in RecurrentCase.all where golden.steps * golden.batch * golden.hidden < 150 {
    let inputs = golden.inputTensors
    #expect(checkGradient(at: inputs) { golden.call($0).run() / 4 }.isEmpty)
    #expect(checkTangent(at: inputs) { golden.call($0).run() / 4 }.isEmpty)
  }
}

/// Law 2: a row has the same bits alone, in any batch, on any number of threads and step by step, and an
/// episode those it has on its own.
@Test(arguments: [(5, 17), (33, 64), (64, 50)])
func aRowsStateDoesNotDependOnItsBatchOrItsCalls(_ sizes: (inputs: Int, hidden: Int)) {
  var random = PCG64(seed: 1)
  let (steps, batch) = (11, 45)
  let x = filled([steps, batch, sizes.inputs], seed: 1)
  let starts = Tensor(1.5) .< filled([steps, batch], seed: 8)
  let memory = LSTM(inputs: sizes.inputs, hidden: sizes.hidden, layers: 2, using: &random)
  let unit = GRU(inputs: sizes.inputs, hidden: sizes.hidden, layers: 2, using: &random)
  func run(_ rows: Range<Int>, threads: Int = 1) -> [[Float]] {
    let part = x.sliced(rows, axis: 1)
    return withWorkers(WorkerPool(threads: threads)) {
      let (y, state) = memory(part, starts: starts.sliced(rows, axis: 1))
      let (z, last) = unit(part, starts: starts.sliced(rows, axis: 1))
      return [y, state.hidden, state.cell, z, last].map(\.scalars)
    }
  }
  let whole = run(0..<batch)
  for threads in [2, 3] { #expect(run(0..<batch, threads: threads) == whole) }
  func rows(_ values: [Float], _ range: Range<Int>) -> [Float] {
    Tensor(values, shape: [values.count / batch / sizes.hidden, batch, sizes.hidden])
      .sliced(range, axis: 1).scalars
  }
  for count in [1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 16, 20, 31, 44] {
    let range = batch - count..<batch
    #expect(run(range) == whole.map { rows($0, range) }, "\(count) rows")
  }
  // Step by step, as a rollout does it, for any number of rows.
  for range in [0..<batch, 3..<4, 7..<20] {
    var (state, last): (LSTMState?, Tensor?) = (nil, nil)
    for t in 0..<steps {
      let part = x.sliced(t..<t + 1).sliced(range, axis: 1).reshaped([range.count, sizes.inputs])
      let start = starts.sliced(t..<t + 1).sliced(range, axis: 1).reshaped([-1])
      let (y, after) = memory.step(part, state: state, starts: start)
      let (z, next) = unit.step(part, state: last, starts: start)
      (state, last) = (after, next)
      let at = t * batch * sizes.hidden..<(t + 1) * batch * sizes.hidden
      #expect(y.scalars == rows(Array(whole[0][at]), range), "step \(t)")
      #expect(z.scalars == rows(Array(whole[3][at]), range), "step \(t)")
    }
    #expect(state!.cell.scalars == rows(whole[2], range))
  }
  // From the start of an episode on.
  let row = (0..<batch).first { starts[4, $0] != 0 }!
  let tail = memory(x.sliced(4..<steps).sliced(row..<row + 1, axis: 1)).output
  let first = starts.sliced(5..<steps).sliced(row..<row + 1, axis: 1).scalars.firstIndex(of: 1) ?? 6
  let all = Tensor(whole[0], shape: [steps, batch, sizes.hidden]).sliced(row..<row + 1, axis: 1)
  #expect(tail.sliced(0..<first + 1).scalars == all.sliced(4..<5 + first).scalars)
}

@Test func threadsDoNotChangeABitOfRecurrentGradients() {
  for golden in RecurrentCase.all where golden.hidden == 64 || golden.batch == 40 {
    let one = golden.gradients { $0.run() }.map(\.scalars)
    for threads in [2, 3] {
      let shared = withWorkers(WorkerPool(threads: threads)) {
        golden.gradients { $0.run() }.map(\.scalars)
      }
      #expect(shared == one)
    }
  }
}

/// Every SIMD level against plain loops, with weights packed, in place and with products that came before.
@Test func recurrentKernelsAgreeWithTheReference() {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  let levels = found.withUnsafeMutableBufferPointer { buffer in
    let count = Int(swirl_levels(buffer.baseAddress, 3))
    return buffer[..<count].map { $0! }
  }
  for kind in [SWIRL_LSTM, SWIRL_GRU] {
    for (steps, batch, inputs, hidden) in [
      (1, 1, 1, 1), (3, 2, 5, 4), (4, 13, 9, 33), (5, 6, 16, 16), (2, 8, 3, 19), (3, 11, 0, 7),
    ] {
      let gates = kind == SWIRL_LSTM ? 4 : 3
      let slots = kind == SWIRL_LSTM ? 6 : 4
      func numbers(_ shape: Int..., seed: UInt64) -> Tensor { filled(Shape(shape), seed: seed) }
      let x = numbers(steps, batch, inputs, seed: 1)
      let weights = numbers(inputs, gates * hidden, seed: 2)
      let recurrent = numbers(hidden, gates * hidden, seed: 3) * 0.3
      let bias = numbers(4, hidden, seed: 4)
      let initial = numbers(batch, hidden, seed: 5)
      let starts = Tensor(1) .< numbers(steps, batch, seed: 6)
      let dy = numbers(steps, batch, hidden, seed: 7)
      /// Everything the kernels write.
      func everything(_ level: swirl_kernels, packed isPacked: Bool, start hasStart: Bool)
        -> [[Float]]
      {
        let rows = steps * batch
        let weightCount = (inputs + hidden) * gates * hidden
        let sizes = [
          rows * hidden, batch * hidden, rows * slots * hidden, batch * hidden, batch * hidden,
          2 * weightCount, 8 * hidden, rows * inputs,
        ]
        let out = sizes.map { Tensor(repeating: 0.5, shape: [$0]) }
        var s = swirl_recurrent()
        s.kind = Int32(kind.rawValue)
        (s.steps, s.batch, s.inputs, s.hidden) = (steps, batch, inputs, hidden)
        s.x = UnsafePointer(x.pointer)
        s.initial = UnsafePointer(initial.pointer)
        s.starts = UnsafePointer(starts.pointer)
        s.input_weight = UnsafePointer(weights.pointer)
        s.hidden_weight = UnsafePointer(recurrent.pointer)
        s.bias = UnsafePointer(bias.pointer)
        (s.y, s.cell, s.saved) = (out[0].pointer, out[1].pointer, out[2].pointer)
        if hasStart {
          s.start = UnsafePointer(s.saved)
          s.start_row = slots * hidden
          level.gemm(
            rows, gates * hidden, inputs, s.x, inputs, 1, s.input_weight, gates * hidden, 1,
            s.saved, slots * hidden, s.bias, 0, 0)
        }
        let forward = Tensor.zeros([level.recurrent_packed(&s, 0)])
        let backward = Tensor.zeros([level.recurrent_packed(&s, 1)])
        let scratch = Tensor.zeros([batch * hidden])
        if isPacked {
          level.recurrent_pack(&s, 0, forward.pointer)
          s.packed = UnsafePointer(forward.pointer)
        }
        level.recurrent_forward(&s, 0, batch, scratch.pointer)
        s.dy = UnsafePointer(dy.pointer)
        (s.dh, s.dcell, s.dx) = (out[3].pointer, out[4].pointer, out[7].pointer)
        level.recurrent_pack(&s, 1, backward.pointer)
        s.packed = UnsafePointer(backward.pointer)
        let room = Tensor.zeros([swirl_recurrent_scratch(&s, batch) + 4 * hidden])
        level.recurrent_backward(
          &s, 0, batch / 2, out[5].pointer, out[6].pointer, room.pointer)
        level.recurrent_backward(
          &s, batch / 2, batch, out[5].pointer + weightCount, out[6].pointer + 4 * hidden,
          room.pointer)
        return withExtendedLifetime((forward, backward)) { out.map(\.scalars) }
      }
      let expected = everything(swirl_reference, packed: false, start: false)
      #expect(
        zip(everything(swirl_reference, packed: false, start: true), expected).allSatisfy {
          distance($0, $1) < 1e-5
        })
      for level in levels {
        let name = String(cString: level.pointee.name)
        let results = everything(level.pointee, packed: true, start: false)
        for (i, (y, wanted)) in zip(results, expected).enumerated() {
          #expect(
            distance(y, wanted) < 1e-5, "\(name), \(steps) × \(batch), \(inputs) → \(hidden): \(i)")
        }
        // Where the weights lie and when the input's products were taken does not change a bit.
        #expect(everything(level.pointee, packed: false, start: false) == results)
        #expect(everything(level.pointee, packed: true, start: true) == results)
        #expect(everything(level.pointee, packed: false, start: true) == results)
      }
    }
  }
}

@Test func recurrentLayersCarryStateAndKeepTheirNames() {
  var random = PCG64(seed: 2)
  let memory = LSTM(inputs: 3, hidden: 4, layers: 2, using: &random)
  let unit = GRU(inputs: 3, hidden: 4, layers: 2, bias: false, using: &random)
  let cell = LSTMCell(inputs: 3, hidden: 4, using: &random)
  let gruCell = GRUCell(inputs: 3, hidden: 4, using: &random)
  #expect(
    checkModule(memory) + checkModule(unit) + checkModule(cell) + checkModule(gruCell) == [])
  #expect(
    memory.parameters.map(\.name)
      == [0, 1].flatMap { i in
        ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map { "\($0)_l\(i)" }
      })
  #expect(cell.parameters.map(\.name) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"])
  let x = filled([6, 5, 3], seed: 1)
  let whole = memory(x)
  // In two pieces, and with the batch in front.
  let first = memory(x.sliced(0..<2))
  let second = memory(x.sliced(2..<6), state: first.state)
  #expect(first.output.scalars + second.output.scalars == whole.output.scalars)
  #expect(second.state.cell.scalars == whole.state.cell.scalars)
  #expect(whole.state.hidden.shape == [2, 5, 4])
  let turned = LSTM(layers: memory.layers, isBatchFirst: true)(x.permuted([1, 0, 2]))
  #expect(turned.output.permuted([1, 0, 2]).scalars == whole.output.scalars)
  let pieces = unit(x.sliced(3..<6), state: unit(x.sliced(0..<3)).state)
  #expect(pieces.state.scalars == unit(x).state.scalars)
  // Cells are steps of a layer.
  let plain = LSTM(layers: [cell.weights])(x).state
  let alone = LSTM(layers: [cell.weights])
  var state: LSTMState?
  for t in 0..<6 { state = cell(x.sliced(t..<t + 1).reshaped([5, 3]), state: state) }
  #expect(state!.cell.scalars == plain.cell.scalars)
  #expect(alone.step(x.sliced(0..<1).reshaped([5, 3])).output.shape == [5, 4])
  var h: Tensor?
  for t in 0..<6 { h = gruCell(x.sliced(t..<t + 1).reshaped([5, 3]), state: h) }
  #expect(h!.scalars == GRU(layers: [gruCell.weights])(x).state.scalars)
}

@Test func recurrentOpsTakeEmptyAxesAndViews() {
  var random = PCG64(seed: 3)
  let memory = LSTM(inputs: 3, hidden: 4, using: &random)
  let unit = GRU(inputs: 3, hidden: 4, using: &random)
  for shape: Shape in [[0, 2, 3], [2, 0, 3], [0, 0, 3]] {
    let x = Tensor.zeros(shape)
    #expect(memory(x).output.shape == [shape[0], shape[1], 4])
    #expect(memory(x).state.cell.shape == [1, shape[1], 4])
    #expect(unit(x).output.shape == [shape[0], shape[1], 4])
    let gradients = valueWithGradient(at: memory) { $0(x).output.sum() + $0(x).state.cell.sum() }
    #expect(gradients.gradients.allSatisfy { $0.magnitude().sum().item == 0 })
  }
  let state = LSTMState(hidden: .ones([1, 2, 4]), cell: .ones([1, 2, 4]))
  #expect(memory(.zeros([0, 2, 3]), state: state).state.cell.scalars == state.cell.scalars)
  // Inputs of no numbers, weights that are views, one unit.
  let none = LSTM(inputs: 0, hidden: 1, using: &random)
  #expect(none(.zeros([2, 3, 0])).output.shape == [2, 3, 1])
  let x = filled([3, 7, 5], seed: 1)
  let view = x.permuted([2, 1, 0])
  let dense = Tensor(view.scalars, shape: view.shape)
  #expect(memory(view).output.scalars == memory(dense).output.scalars)
  var turned = unit
  let weight = unit.layers[0].hiddenWeight.transposed()
  turned.layers[0].hiddenWeight = Tensor(weight.scalars, shape: weight.shape).transposed()
  #expect(turned(view).output.scalars == unit(dense).output.scalars)
}

/// Law 5: once warm, a training step takes every buffer from the pool.
@Test func aWarmRecurrentStepTakesNoBufferFromTheSystem() {
  var random = PCG64(seed: 4)
  let memory = LSTM(inputs: 8, hidden: 16, using: &random)
  let x = Tensor.normal([10, 16, 8], using: &random)
  func step() { _ = valueWithGradient(at: memory) { $0(x).output.squared().mean() } }
  for _ in 0..<5 { step() }
  let misses = BufferPool.missesOfThisThread
  for _ in 0..<20 { step() }
  #expect(BufferPool.missesOfThisThread == misses)
}
