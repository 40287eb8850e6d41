import Runtime
import Tensors
import Testing

private func values(_ indices: Indices) -> [Int32] { (0..<indices.count).map { indices[$0] } }

@Test func sortingLongRowsAgreesWithTheStandardLibrary() {
  var random = PCG64(seed: 41)
  for n in [47, 48, 49, 300, 5000] {
    // Few distinct numbers, so that stability shows.
    let x = (0..<n).map { _ in Float(Int(random.uniform(-40, 40))) / 8 }
    let ascending = x.indices.sorted { (x[$0], $0) < (x[$1], $1) }
    let descending = x.indices.sorted { (-x[$0], $0) < (-x[$1], $1) }
    #expect(values(Tensor(x).sortingOrder()).map(Int.init) == ascending)
    #expect(values(Tensor(x).sortingOrder(descending: true)).map(Int.init) == descending)
    for k in [0, 1, 5, n / 2, n] {
      #expect(values(Tensor(x).topK(k).positions).map(Int.init) == Array(descending[..<k]))
      #expect(
        values(Tensor(x).topK(k, largest: false).positions).map(Int.init)
          == Array(ascending[..<k]))
    }
  }
}

@Test func ordersOfRowsDoNotDependOnTheBatchOrTheThreads() {
  var random = PCG64(seed: 42)
  let x = Tensor.normal([64, 2000], using: &random)
  let alone = (0..<64).flatMap { values(x.sliced($0..<$0 + 1).sortingOrder()) }
  #expect(values(x.sortingOrder()) == alone)
  let shared = withWorkers(WorkerPool(threads: 3)) { values(x.sortingOrder()) }
  #expect(shared == alone)
}

@Test func repeatedRowsAddUpTheSameWayOnAnyNumberOfThreads() {
  var random = PCG64(seed: 43)
  let table = Tensor.normal([50, 300], using: &random)
  let weights = Tensor.normal([4000, 300], using: &random)
  let tokens = Indices((0..<4000).map { Int32($0 * $0 % 50) })
  func gradient() -> [Float] {
    valueWithGradient(at: table) { (embedding(tokens, weight: $0) * weights).sum() }.gradient
      .scalars
  }
  let one = gradient()
  for threads in [2, 3] {
    #expect(withWorkers(WorkerPool(threads: threads)) { gradient() } == one)
  }
}

@Test func largeOpsHaveTheSameBitsOnAnyNumberOfThreads() {
  var random = PCG64(seed: 44)
  let x = Tensor.normal([301, 700], using: &random)
  let y = Tensor.normal([301, 700], using: &random)
  let targets = Indices((0..<301).map { Int32($0 * 7 % 700) })
  func results() -> [[Float]] {
    [
      x.gelu(), x + y, x * 3, x.clamped(to: -1...1), Tensor.where(x .> y, x, y),
      x.cumulativeSum(axis: 1), x.logSumExp(axes: [1]), x.magnitude().pow(y),
      crossEntropy(x, targets, reduction: .none),
      valueWithGradient(at: x) { crossEntropy($0, targets) }.gradient,
    ].map(\.scalars)
  }
  let one = results()
  for threads in [2, 3] {
    #expect(withWorkers(WorkerPool(threads: threads)) { results() } == one)
  }
}

@Test func dropoutKeepsTheMeanAndItsGradientFollowsTheMask() {
  var random = PCG64(seed: 45)
  var copy = random
  let x = Tensor.ones([100, 1001])
  let y = dropout(x, probability: 0.3, using: &random)
  #expect(Set(y.scalars) == [0, Float(1 / 0.7)])
  #expect((y.mean().item - 1).magnitude < 0.01)
  // The same stream gives the same mask, and another draw another.
  #expect(dropout(x, probability: 0.3, using: &copy).scalars == y.scalars)
  #expect(dropout(x, probability: 0.3, using: &copy).scalars != y.scalars)
  let seed = copy
  let gradient = valueWithGradient(at: x) { x in
    var random = seed
    return dropout(x, probability: 0.3, using: &random).sum()
  }.gradient
  var again = seed
  #expect(gradient.scalars == dropout(x, probability: 0.3, using: &again).scalars)
  let small = Tensor([1, -2, 3, 0.5, -1])
  let findings = checkTangent(at: [small]) { inputs in
    var random = seed
    return dropout(inputs[0], probability: 0.5, using: &random).squared()
  }
  #expect(findings.isEmpty)
  // Rows that draw from streams of their own lose the same whatever stands beside them.
  let rows = Tensor.ones([5, 3])
  let parts = [(random: PCG64(seed: 1), rows: 2), (random: PCG64(seed: 2), rows: 3)]
  var (first, second) = (PCG64(seed: 1), PCG64(seed: 2))
  #expect(
    dropout(rows, probability: 0.5, streams: parts).scalars
      == dropout(.ones([2, 3]), probability: 0.5, using: &first).scalars
      + dropout(.ones([3, 3]), probability: 0.5, using: &second).scalars)
  #expect(dropout(x, probability: 1, using: &copy).scalars.allSatisfy { $0 == 0 })
  #expect(dropout(x, probability: 0, using: &copy).scalars == x.scalars)
  #expect(Dropout(0.5, isOn: false)(x, using: &copy).scalars == x.scalars)
}

@Test func embeddingIsAModule() {
  var random = PCG64(seed: 46)
  let layer = Embedding(count: 5, dim: 3, paddingIndex: 2, using: &random)
  #expect(checkModule(layer).isEmpty)
  let y = layer([2, 0, 2])
  #expect(y.shape == [3, 3])
  #expect(y.scalars[..<3] == [0, 0, 0] && y.scalars[3..<6] == layer.weight.scalars[..<3])
  let gradient = valueWithGradient(at: layer) { $0([2, 0, 2, 4, 0]).sum() }.gradients[0]
  #expect(gradient.scalars == [2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
}

@Test func joiningManyTensorsTakesOneOp() {
  let parts = (0..<300).map { Tensor([Float($0), -1]) }
  #expect(Tensor.concatenated(parts).shape == [600])
  let gradients = vectorJacobianProduct(at: parts, cotangent: { .ones($0.shape) }) {
    Tensor.stacked($0).squared()
  }.gradients
  #expect(gradients.enumerated().allSatisfy { $1.scalars == [2 * Float($0), -2] })
}

@Test func whatIsNotChosenSendsNoNaN() {
  let x = Tensor([-1, 0, 4])
  let gradient = valueWithGradient(at: x) { x in
    Tensor.where(x .> 0, Tensor.where(x .> 0, x, Tensor(1)).log(), x).sum()
  }.gradient
  #expect(gradient.scalars == [1, 1, 0.25])
}
