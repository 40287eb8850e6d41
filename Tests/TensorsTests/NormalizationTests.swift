import CKernels
import Foundation
import Runtime
import Tensors
import Testing

/// What make_normalization.py wrote.
private struct NormalizationGoldens: Decodable {
  struct Running: Decodable {
    let shape: [Int]
    let batches: [[Float]]
    let mean, variance, evaluated: [Float]
  }

  let cases: [GoldenCase]
  let running: [Running]

  static let all: NormalizationGoldens = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/normalization.json")
    guard let data = try? Data(contentsOf: file),
      let goldens = try? JSONDecoder().decode(NormalizationGoldens.self, from: data)
    else { fatalError("cannot read \(file.path)") }
    return goldens
  }()
}

private func normalized(_ golden: GoldenCase, _ x: [Tensor]) -> Tensor {
  let weight = x.count > 1 ? x[1] : nil
  let bias = x.count > 2 ? x[2] : nil
  switch golden.op {
  case "layerNorm": return layerNorm(x[0], weight: weight, bias: bias)
  case "rmsNorm": return rmsNorm(x[0], weight: weight)
  case "groupNorm":
    return groupNorm(x[0], groups: golden.arguments[0].integer, weight: weight, bias: bias)
  case "batchNorm": return batchNorm(x[0], weight: weight, bias: bias).result
  default: fatalError("the golden file has an op \(golden.op) that no test knows")
  }
}

@Test(arguments: NormalizationGoldens.all.cases)
func normalizationAgreesWithPyTorchAndDifferences(_ golden: GoldenCase) {
  let inputs = golden.inputs.map(\.tensor)
  func gradients(_ inputs: [Tensor]) -> (value: Tensor, gradients: [Tensor]) {
    vectorJacobianProduct(
      at: inputs, cotangent: { Tensor(golden.cotangent.map(\.value), shape: $0.shape) }
    ) { normalized(golden, $0) }
  }
  let (value, found) = gradients(inputs)
  #expect(Array(value.shape) == golden.value.shape)
  #expect(distance(value.scalars, golden.value.values.map(\.value)) < 1e-5)
  for (found, expected) in zip(found, golden.gradients) {
    #expect(distance(found.scalars, expected.map(\.value)) < 2e-5)
  }
  if inputs[0].rank == 2 && inputs[0].count > 0 {
    // The same numbers as a strided view.
    let view = Tensor(inputs[0].transposed().scalars, shape: Shape(inputs[0].shape.reversed()))
    let (same, again) = gradients([view.transposed()] + inputs.dropFirst())
    #expect(same.scalars == value.scalars)
    #expect(zip(again, found).allSatisfy { $0.scalars == $1.scalars })
  }
  // One number normalises to 0 or ±1, with no derivative worth a difference.
  let smooth = inputs[0].count <= 120 && inputs[0].shape.last! > 4
  if smooth && inputs[0].count > 1 {
    #expect(checkGradient(at: inputs, step: 5e-3) { normalized(golden, $0) }.isEmpty)
    #expect(
      checkTangent(at: inputs, step: 5e-3, hessianTolerance: 3e-2) { normalized(golden, $0) }
        .isEmpty)
  }
}

/// Law 2: a row, or an image, alone and among others, by any number of threads, to the same bits.
@Test func normalizationIsBatchInvariant() {
  let weight = filled([96], seed: 2)
  let bias = filled([96], seed: 3)
  let rows = filled([500, 96], seed: 1)
  let images = filled([40, 96, 5, 7], seed: 4)
  func byRow(_ x: Tensor) -> [Float] {
    layerNorm(x, weight: weight, bias: bias).scalars + rmsNorm(x, weight: weight).scalars
  }
  func byImage(_ x: Tensor) -> Tensor {
    groupNorm(x, groups: 8, weight: weight, bias: bias)
  }
  let whole = byRow(rows)
  let wholeImages = byImage(images)
  for (start, count) in [(0, 1), (499, 1), (7, 64), (100, 129)] {
    let part = byRow(rows.sliced(start..<start + count))
    let width = 96
    #expect(part[..<(count * width)] == whole[(start * width)..<((start + count) * width)])
    #expect(
      part[(count * width)...]
        .elementsEqual(whole[((500 + start) * width)..<((500 + start + count) * width)]))
  }
  for start in [0, 13, 39] {
    let part = byImage(images.sliced(start..<start + 1))
    #expect(part.scalars == wholeImages.sliced(start..<start + 1).scalars)
  }
}

@Test func normalizationDoesNotDependOnThreads() {
  let rows = filled([5000, 96], seed: 1)
  let images = filled([300, 96, 5, 7], seed: 4)
  let parameters = [filled([96], seed: 2), filled([96], seed: 3)]
  func all() -> [[Float]] {
    let bodies: [([Tensor]) -> Tensor] = [
      { layerNorm($0[0], weight: $0[1], bias: $0[2]) },
      { rmsNorm($0[0], weight: $0[1]) + $0[2] },
    ]
    let imageBodies: [([Tensor]) -> Tensor] = [
      { groupNorm($0[0], groups: 4, weight: $0[1], bias: $0[2]) },
      { batchNorm($0[0], weight: $0[1], bias: $0[2]).result },
    ]
    func results(_ x: Tensor, _ body: ([Tensor]) -> Tensor) -> [[Float]] {
      let (y, gradients) = vectorJacobianProduct(
        at: [x] + parameters, cotangent: { filled($0.shape, seed: 9) }, body)
      return [y.scalars] + gradients.map(\.scalars)
    }
    return bodies.flatMap { results(rows, $0) } + imageBodies.flatMap { results(images, $0) }
  }
  let alone = all()
  for threads in [2, 3] { #expect(withWorkers(WorkerPool(threads: threads)) { all() } == alone) }
}

@Test func runningStatisticsFollowPyTorch() {
  for golden in NormalizationGoldens.all.running {
    var layer = BatchNorm(channels: 3, momentum: 0.3)
    let batches = golden.batches.map { Tensor($0, shape: Shape(golden.shape)) }
    let before = layer
    for batch in batches {
      let (loss, _) = valueWithGradient(at: layer) { $0.training(batch).result.squared().mean() }
      #expect(loss.item > 0)
      layer.update(with: layer.training(batch).statistics)
    }
    #expect(before.runningMean.scalars == [0, 0, 0])
    #expect(before.runningVariance.scalars == [1, 1, 1])
    #expect(distance(layer.runningMean.scalars, golden.mean) < 1e-6)
    #expect(distance(layer.runningVariance.scalars, golden.variance) < 1e-6)
    #expect(distance(layer(batches[0]).scalars, golden.evaluated) < 1e-5)
  }
}

/// A module that passes both visits on to its child.
private struct Normed: Module {
  var norm = BatchNorm(channels: 3)
  mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    norm.visitParameters { body("norm.\($0)", &$1) }
  }
  mutating func visitBuffers(_ body: (String, inout Tensor) -> Void) {
    norm.visitBuffers { body("norm.\($0)", &$1) }
  }
}

@Test func runningStatisticsAreSavedButNotTrained() throws {
  var model = Normed()
  let x = filled([8, 3], seed: 5)
  model.norm.update(with: model.norm.training(x).statistics)
  let state = model.stateDictionary
  #expect(
    state.names == ["weight", "bias", "running_mean", "running_var"].map { "norm.\($0)" })
  #expect(model.parameters.map(\.name) == ["norm.weight", "norm.bias"])
  #expect(checkModule(model).isEmpty)
  var loaded = Normed()
  #expect(try loaded.load(state).isExact)
  #expect(loaded.norm(x).scalars == model.norm(x).scalars)
  #expect(loaded.norm.runningMean.scalars != Normed().norm.runningMean.scalars)
  let partial = state.renamed { $0.hasSuffix("running_var") ? nil : $0 }
  #expect(try loaded.load(partial, strictly: false).missing == ["norm.running_var"])
  #expect(throws: SafetensorsError.self) { try loaded.load(partial) }
  var optimizer = SGD(learningRate: 1)
  let before = model.norm.runningMean.scalars
  let (_, gradients) = valueWithGradient(at: model) { $0.norm(x).squared().mean() }
  optimizer.update(&model, gradients)
  #expect(model.norm.runningMean.scalars == before)
}

@Test func normalizationLayersVisitTheirParameters() {
  #expect(checkModule(LayerNorm(size: 3)).isEmpty)
  #expect(checkModule(RMSNorm(size: 3)).isEmpty)
  #expect(checkModule(GroupNorm(groups: 2, channels: 4)).isEmpty)
  #expect(checkModule(BatchNorm(channels: 4)).isEmpty)
  #expect(LayerNorm(size: 3, hasWeight: false).parameters.isEmpty)
  #expect(LayerNorm(size: 3, hasBias: false).parameters.map(\.name) == ["weight"])
}

@Test(arguments: 0..<3)
func everyLevelsNormalizationAgreesWithTheReference(_ position: Int) {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  guard position < Int(swirl_levels(&found, 3)) else { return }
  let (level, reference) = (found[position]!.pointee, swirl_reference)
  for n in [1, 3, 8, 15, 16, 17, 33, 64, 65, 200] {
    let rows = 5
    let x = filled([rows, n], seed: 1).scalars
    let dy = filled([rows, n], seed: 2).scalars
    let (weight, bias) = (filled([n], seed: 3).scalars, filled([n], seed: 4).scalars)
    #expect(distance([level.row_sum(n, x)], [reference.row_sum(n, x)]) < 1e-5)
    #expect(distance([level.row_squares(n, x, 0.3)], [reference.row_squares(n, x, 0.3)]) < 1e-5)
    func results(_ table: swirl_kernels, _ centred: Int32) -> [[Float]] {
      var (y, dx) = (x, x)
      var (dWeight, dBias) = (weight, bias)
      var (means, scales) = ([Float](repeating: 0, count: rows), [Float](repeating: 0, count: rows))
      var (sums, blended) = ([Float](repeating: 0, count: 2), x)
      table.layer_norm(rows, n, x, weight, bias, 1e-2, centred, &y, &means, &scales)
      table.layer_norm_gradient(
        rows, n, dy, x, weight, means, scales, centred, &dx, &dWeight, &dBias)
      table.row_products(n, dy, x, 0.2, &sums)
      table.blend(rows * n, dy, 0.7, x, 0.1, -0.4, 2, &blended)
      return [y, dx, dWeight, dBias, means, scales, sums, blended]
    }
    for centred: Int32 in [0, 1] {
      for (mine, expected) in zip(results(level, centred), results(reference, centred)) {
        #expect(distance(mine, expected) < 2e-5, "\(String(cString: level.name)), \(n) numbers")
      }
    }
  }
}
