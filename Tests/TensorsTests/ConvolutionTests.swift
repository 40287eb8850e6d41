import CKernels
import Foundation
import Runtime
import Tensors
import Testing

private let goldens: [GoldenCase] = {
  let file = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "References/convolution.json")
  guard let data = try? Data(contentsOf: file),
    let cases = try? JSONDecoder().decode([GoldenCase].self, from: data)
  else { fatalError("cannot read \(file.path)") }
  return cases
}()

private func run(_ golden: GoldenCase, _ x: [Tensor]) -> Tensor {
  let n = golden.arguments.map(\.integer)
  func sides(_ i: Int) -> Sides { Sides(n[i], n[i + 1]) }
  let bias = x.count > 2 ? x[2] : nil
  switch golden.op {
  case "conv2d":
    return conv2d(
      x[0], weight: x[1], bias: bias, stride: sides(1),
      padding: .sides(top: n[3], bottom: n[4], left: n[5], right: n[6]), dilation: sides(7),
      groups: n[9], activation: Activation(rawValue: golden.arguments[0].word)!)
  case "conv1d":
    return conv1d(
      x[0], weight: x[1], bias: bias, stride: n[1], padding: (n[2], n[3]), dilation: n[4],
      groups: n[5])
  case "maxPool2d":
    return maxPool2d(
      x[0], kernel: sides(0), stride: sides(2), padding: Padding(n[4], n[5]), dilation: sides(6))
  case "averagePool2d":
    return averagePool2d(
      x[0], kernel: sides(0), stride: sides(2), padding: Padding(n[4], n[5]),
      countsPadding: n[6] == 1)
  case "maxPool1d": return maxPool1d(x[0], kernel: n[0], stride: n[1], padding: n[2])
  case "averagePool1d": return averagePool1d(x[0], kernel: n[0], stride: n[1], padding: n[2])
  case "adaptiveAveragePool2d": return adaptiveAveragePool2d(x[0], output: sides(0))
  case "globalAveragePool": return globalAveragePool(x[0])
  default: fatalError("the golden file has an op \(golden.op) that no test knows")
  }
}

@Test(arguments: goldens)
func convolutionAndPoolingAgreeWithPyTorch(_ golden: GoldenCase) {
  let inputs = golden.inputs.map(\.tensor)
  func gradients(_ inputs: [Tensor]) -> (value: Tensor, gradients: [Tensor]) {
    vectorJacobianProduct(
      at: inputs, cotangent: { Tensor(golden.cotangent.map(\.value), shape: $0.shape) }
    ) { run(golden, $0) }
  }
  let (value, found) = gradients(inputs)
  #expect(Array(value.shape) == golden.value.shape)
  #expect(distance(value.scalars, golden.value.values.map(\.value)) < 1e-5)
  for (found, expected) in zip(found, golden.gradients) {
    #expect(distance(found.scalars, expected.map(\.value)) < 2e-5)
  }
  if inputs[0].rank == 4 {
    // The same numbers with the channels side by side, and with rows and columns exchanged.
    for (order, back) in [([0, 2, 3, 1], [0, 3, 1, 2]), ([0, 1, 3, 2], [0, 1, 3, 2])] {
      let moved = inputs[0].permuted(order)
      let view = Tensor(moved.scalars, shape: moved.shape).permuted(back)
      let (same, again) = gradients([view] + inputs.dropFirst())
      #expect(same.scalars == value.scalars)
      #expect(zip(again, found).allSatisfy { $0.scalars == $1.scalars })
    }
  }
  let isSmooth = golden.arguments.first?.word != "relu" && !golden.op.hasPrefix("max")
  if isSmooth && inputs.allSatisfy({ $0.count <= 200 }) {
    #expect(checkGradient(at: inputs) { run(golden, $0) }.isEmpty)
  }
  if isSmooth && inputs.allSatisfy({ $0.count <= 1000 }) {
    #expect(checkTangent(at: inputs) { run(golden, $0) }.isEmpty)
  }
}

/// The formula of a max does not see the kink: ⟨w, J t⟩ = ⟨Jᵀ w, t⟩ still holds.
@Test func maxPoolingMovesForward() {
  let x = filled([2, 3, 6, 7], seed: 1)
  let t = filled(x.shape, seed: 2)
  let f = { (x: Tensor) in maxPool2d(x, kernel: 3, stride: 2, padding: 1) }
  let (value, move) = jacobianVectorProduct(at: [x], tangents: [t]) { f($0[0]) }
  #expect(value.scalars == f(x).scalars)
  let w = filled(value.shape, seed: 3)
  let (_, g) = vectorJacobianProduct(at: [x], cotangent: { _ in w }) { f($0[0]) }
  let (forward, reverse) = ((w * move).sum().item, (g[0] * t).sum().item)
  #expect((forward - reverse).magnitude < 1e-4 * (1 + forward.magnitude))
}

/// Law 2: an image alone and among others, by any number of threads, to the same bits.
@Test func convolutionIsBatchInvariant() {
  let x = filled([37, 4, 20, 21], seed: 1)
  let weight = filled([33, 4, 5, 3], seed: 2)
  let bias = filled([33], seed: 3)
  func f(_ x: Tensor) -> Tensor {
    let y = conv2d(x, weight: weight, bias: bias, stride: 2, padding: 1, activation: .relu)
    return averagePool2d(maxPool2d(y, kernel: 2), kernel: 2)
  }
  let whole = f(x)
  for (start, count) in [(0, 1), (36, 1), (5, 2), (3, 17)] {
    let part = f(x.sliced(start..<start + count))
    #expect(part.scalars == whole.sliced(start..<start + count).scalars)
  }
  func all() -> [[Float]] {
    let (y, gradients) = vectorJacobianProduct(
      at: [x, weight, bias], cotangent: { filled($0.shape, seed: 4) }
    ) { conv2d($0[0], weight: $0[1], bias: $0[2], stride: 2, padding: 1, activation: .relu) }
    return [y.scalars] + gradients.map(\.scalars)
  }
  let alone = all()
  for threads in [2, 3] { #expect(withWorkers(WorkerPool(threads: threads)) { all() } == alone) }
}

@Test func imagesOfBytesAreReadByTheKernel() {
  let pixels = Tensor((0..<2 * 4 * 12 * 12).map { Float(($0 * 37) % 256) }, shape: [2, 4, 12, 12])
  let bytes = pixels.converted(to: .uint8)
  let weight = filled([6, 4, 4, 4], seed: 2)
  for padding: Padding in [0, 1, .same] {
    func f(_ x: Tensor) -> (value: Tensor, gradients: [Tensor]) {
      vectorJacobianProduct(at: [weight], cotangent: { filled($0.shape, seed: 4) }) {
        conv2d(x, weight: $0[0], stride: padding == .same ? 1 : 2, padding: padding)
      }
    }
    let (value, gradients) = f(bytes)
    let (expected, expectedGradients) = f(pixels * (1 / 255))
    #expect(distance(value.scalars, expected.scalars) < 1e-5)
    #expect(distance(gradients[0].scalars, expectedGradients[0].scalars) < 1e-5)
  }
}

@Test func convolutionLayersHavePyTorchsShapes() {
  var random = PCG64(seed: 1)
  let layer = Conv2D(
    inputs: 6, outputs: 8, kernel: Sides(3, 5), padding: .same, groups: 2, using: &random)
  #expect(layer.weight.shape == [8, 3, 3, 5])
  #expect(layer(filled([2, 6, 7, 9], seed: 1)).shape == [2, 8, 7, 9])
  #expect(checkModule(layer).isEmpty)
  let causal = Conv1D(inputs: 2, outputs: 3, kernel: 4, padding: (3, 0), using: &random)
  #expect(causal(filled([1, 2, 10], seed: 1)).shape == [1, 3, 10])
  #expect(checkModule(causal).isEmpty)
  #expect(MaxPool2D(kernel: 2)(filled([1, 1, 4, 4], seed: 1)).shape == [1, 1, 2, 2])
  #expect(AveragePool2D(kernel: 2)(filled([1, 1, 4, 4], seed: 1)).shape == [1, 1, 2, 2])
}

@Test(arguments: 0..<3)
func everyLevelsConvolutionAgreesWithTheReference(_ position: Int) {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  guard position < Int(swirl_levels(&found, 3)) else { return }
  let (level, reference) = (found[position]!.pointee, swirl_reference)
  let x = filled([4000], seed: 1).scalars
  for (m, n, k) in [(1, 1, 1), (7, 3, 5), (13, 17, 33), (20, 33, 40), (9, 70, 600), (3, 64, 0)] {
    let (b, bias) = (filled([k, n], seed: 2).scalars, filled([n], seed: 3).scalars)
    let rows = (0..<m).map { Int32(($0 * 131) % 1000) }
    let steps = (0..<k).map { Int32(($0 * 17) % 3000) }
    for accumulate: Int32 in [0, 1] {
      var (y, expected) = (filled([m, n], seed: 4).scalars, filled([m, n], seed: 4).scalars)
      level.patch_product(m, n, k, x, rows, steps, b, n, &y, n, bias, accumulate, 1)
      reference.patch_product(m, n, k, x, rows, steps, b, n, &expected, n, bias, accumulate, 1)
      #expect(distance(y, expected) < 2e-4, "\(String(cString: level.name)), \(m) × \(n) × \(k)")
    }
  }
  for (rows, columns) in [(1, 1), (16, 16), (33, 20), (8, 49)] {
    var y = [Float](repeating: 0, count: rows * columns)
    var expected = y
    level.transpose_matrix(rows, columns, x, &y)
    reference.transpose_matrix(rows, columns, x, &expected)
    #expect(y == expected)
  }
}
