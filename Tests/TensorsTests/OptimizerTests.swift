import CKernels
import Foundation
import Runtime
import Tensors
import Testing

/// A matrix and a vector, as make_optimizers.py has them.
private struct Pair: Module {
  var w: Tensor
  var b: Tensor
  mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("w", &w)
    body("b.bias", &b)
  }
  var numbers: [Float] { w.scalars + b.scalars }
}

private struct OptimizerGoldens: Decodable {
  let shown: [Int]
  let start: [[Float]]
  let gradients: [[[Float]]]
  let variants: [String: [[Float]]]
  let schedules: [String: [Double]]

  static func read() throws -> Self {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/optimizers.json")
    return try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
  }

  var model: Pair { Pair(w: Tensor(start[0], shape: [5, 7]), b: Tensor(start[1])) }

  /// Non-contiguous on purpose.
  func gradients(_ step: Int) -> [Tensor] {
    let w = Tensor(gradients[step][0], shape: [5, 7])
    return [
      Tensor(w.transposed().scalars, shape: [7, 5]).transposed(), Tensor(gradients[step][1]),
    ]
  }
}

private let bias: @Sendable (String) -> Bool = { $0.hasSuffix("bias") }

private let variants: [(name: String, tolerance: Float, make: @Sendable () -> any Optimizer)] = [
  ("sgd", 1e-6, { SGD(learningRate: 0.05) }),
  ("sgd_momentum", 1e-6, { SGD(learningRate: 0.05, momentum: 0.9) }),
  (
    "sgd_dampening", 1e-6,
    { SGD(learningRate: 0.05, momentum: 0.9, dampening: 0.5, weightDecay: 0.1) }
  ),
  (
    "sgd_nesterov", 1e-6,
    { SGD(learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.1) }
  ),
  ("adam", 1e-6, { Adam(learningRate: 0.01) }),
  (
    "adam_decay", 1e-6,
    { Adam(learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1) }
  ),
  ("adam_amsgrad", 1e-6, { Adam(learningRate: 0.01, beta2: 0.9, amsgrad: true) }),
  ("adamw", 1e-6, { AdamW(learningRate: 0.01, weightDecay: 0.1) }),
  (
    "adamw_amsgrad", 1e-6,
    { AdamW(learningRate: 0.01, beta2: 0.9, weightDecay: 0.1, amsgrad: true) }
  ),
  (
    "adamw_groups", 1e-6,
    {
      var optimizer = AdamW(learningRate: 0.01, weightDecay: 0.1)
      optimizer.groups = [
        ParameterGroup(learningRateScale: 0.5, weightDecay: 0, matching: bias), .frozen(bias),
      ]
      return optimizer
    }
  ),
  (
    "adam_frozen", 1e-6,
    {
      var optimizer = Adam(learningRate: 0.01)
      optimizer.groups = [.frozen { $0 == "w" }]
      return optimizer
    }
  ),
  ("adam_clipped", 1e-6, { Adam(learningRate: 0.01) }),
  ("rmsprop", 1e-6, { RMSprop(learningRate: 0.01) }),
  (
    "rmsprop_momentum", 1e-6,
    { RMSprop(learningRate: 0.01, alpha: 0.9, momentum: 0.9, weightDecay: 0.1) }
  ),
  (
    "rmsprop_centered", 4e-6,
    { RMSprop(learningRate: 0.01, alpha: 0.9, epsilon: 1e-5, momentum: 0.9, centered: true) }
  ),
  ("rmsprop_tensorflow", 1e-6, { RMSprop.tensorFlowLike(learningRate: 0.01, epsilon: 1e-5) }),
  (
    "rmsprop_tensorflow_centered", 2e-6,
    {
      RMSprop.tensorFlowLike(
        learningRate: 0.01, alpha: 0.9, epsilon: 1e-3, momentum: 0.9, centered: true,
        weightDecay: 0.1)
    }
  ),
  ("muon", 4e-6, { Muon(learningRate: 0.02, rest: AdamW(learningRate: 0.01, weightDecay: 0.1)) }),
  (
    "muon_plain", 4e-6,
    {
      Muon(
        learningRate: 0.02, momentum: 0.8, nesterov: false, weightDecay: 0, iterations: 3,
        rest: AdamW(learningRate: 0.01, weightDecay: 0.1))
    }
  ),
  (
    "muon_adamw", 4e-6,
    {
      Muon(
        learningRate: 0.02, adjustment: .matchingAdamW,
        rest: AdamW(learningRate: 0.01, weightDecay: 0.1))
    }
  ),
  (
    "muon_bfloat16", 2e-3,
    { Muon(learningRate: 0.02, rest: AdamW(learningRate: 0.01, weightDecay: 0.1)) }
  ),
]

@Test func optimizersFollowPyTorch() throws {
  let goldens = try OptimizerGoldens.read()
  #expect(Set(goldens.variants.keys) == Set(variants.map(\.name)))
  for (name, tolerance, make) in variants {
    let expected = try #require(goldens.variants[name])
    var model = goldens.model
    var optimizer = make()
    for step in goldens.gradients.indices {
      var gradients = goldens.gradients(step)
      if name == "adam_clipped" { gradients = clippedValues(gradients, to: 0.2) }
      optimizer.update(&model, gradients)
      #expect(optimizer.step == step + 1)
      guard let row = goldens.shown.firstIndex(of: step + 1) else { continue }
      let found = distance(model.numbers, expected[row])
      #expect(found < tolerance, "\(name), step \(step + 1)")
    }
  }
}

/// Gradients multiplied by `scale` count as scaled gradients do.
@Test func scaleMultipliesGradients() throws {
  let goldens = try OptimizerGoldens.read()
  for (name, tolerance, make) in variants {
    var (model, other) = (goldens.model, goldens.model)
    var (optimizer, peer) = (make(), make())
    for step in 0..<5 {
      optimizer.update(&model, goldens.gradients(step), scale: 0.25)
      peer.update(&other, goldens.gradients(step).map { $0 * 0.25 })
    }
    #expect(distance(model.numbers, other.numbers) <= tolerance, "\(name)")
  }
}

/// A run goes on from saved state to the same bits, through a file.
@Test func optimizersResumeExactly() throws {
  let goldens = try OptimizerGoldens.read()
  for (name, _, make) in variants {
    var model = goldens.model
    var optimizer = make()
    for step in 0..<7 { optimizer.update(&model, goldens.gradients(step)) }
    let file = Safetensors.encode(optimizer.state)
    let saved = try Safetensors.decode(file, file: "state").tensors
    var resumed = model
    var restored = make()
    try restored.restore(saved, step: optimizer.step, for: resumed)
    #expect(restored.step == 7)
    for step in 7..<20 {
      optimizer.update(&model, goldens.gradients(step))
      restored.update(&resumed, goldens.gradients(step))
    }
    #expect(model.numbers == resumed.numbers, "\(name)")
    if let first = optimizer.state.first {
      var lacking = saved
      lacking[first.name] = nil
      var untouched = make()
      #expect(throws: SafetensorsError.self) {
        try untouched.restore(lacking, step: 7, for: resumed)
      }
      #expect(untouched.step == 0 && untouched.state.isEmpty, "\(name)")
      lacking[first.name] = Tensor([1, 2])
      #expect(throws: SafetensorsError.self) {
        try untouched.restore(lacking, step: 7, for: resumed)
      }
    }
  }
}

/// Law 1: a copy goes on from the moments it was copied with, and its model too.
@Test func optimizersAreValues() throws {
  let goldens = try OptimizerGoldens.read()
  for (name, _, make) in variants {
    var model = goldens.model
    var optimizer = make()
    optimizer.update(&model, goldens.gradients(0))
    var (copy, copied) = (model, optimizer)
    optimizer.update(&model, goldens.gradients(1))
    let expected = model.numbers
    copied.update(&copy, goldens.gradients(1))
    #expect(copy.numbers == expected, "\(name)")
  }
}

/// A parameter that is released late is corrected for its own first step, not for the model's.
@Test func releasedParametersStartAfresh() throws {
  let goldens = try OptimizerGoldens.read()
  var model = goldens.model
  var optimizer = Adam(learningRate: 0.01)
  optimizer.groups = [.frozen(bias)]
  for step in 0..<10 { optimizer.update(&model, goldens.gradients(step)) }
  #expect(model.b.scalars == goldens.start[1])
  optimizer.groups = []
  let state = Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0.name, $0.value) })
  #expect(state["m.1"]?.count == 0)
  var (copy, restored) = (model, Adam(learningRate: 0.01))
  try restored.restore(state, step: 10, for: copy)
  optimizer.update(&model, goldens.gradients(10))
  // Adam's first step is the learning rate long.
  #expect(
    distance((model.b - Tensor(goldens.start[1])).magnitude().scalars, [0.01, 0.01, 0.01]) < 1e-6)
  restored.update(&copy, goldens.gradients(10))
  #expect(copy.numbers == model.numbers)
}

/// A large parameter is shared among threads without changing a bit, and in-place writes stay in place.
@Test func threadsDoNotChangeAnUpdate() {
  var random = PCG64(seed: 1)
  let start = MultilayerPerceptron(sizes: [70, 900, 300], using: &random)
  let gradients = start.parameters.map { Tensor.normal($0.value.shape, using: &random) }
  for (name, _, make) in variants {
    func run() -> [[Float]] {
      var (model, optimizer) = (start, make())
      for _ in 0..<2 { optimizer.update(&model, gradients) }
      return model.parameters.map(\.value.scalars)
    }
    #expect(run() == withWorkers(WorkerPool(threads: 3)) { run() }, "\(name)")
  }
}

@Test func warmUpdatesTakeNoBufferFromTheSystem() throws {
  let goldens = try OptimizerGoldens.read()
  for (name, _, make) in variants {
    var (model, optimizer) = (goldens.model, make())
    let gradients = goldens.gradients(0).map { $0.contiguous() }
    for _ in 0..<3 { optimizer.update(&model, gradients) }
    let misses = BufferPool.missesOfThisThread
    for _ in 0..<10 { optimizer.update(&model, gradients) }
    #expect(BufferPool.missesOfThisThread == misses, "\(name)")
  }
}

/// Axes of 0 and 1 and no axes at all.
@Test func optimizersTakeEveryShape() {
  struct Shapes: Module {
    var values = [Tensor.zeros([0, 3]), Tensor.zeros([3, 0]), Tensor(1), Tensor.ones([1, 1])]
    mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
      for i in values.indices { body("\(i)", &values[i]) }
    }
  }
  for (name, _, make) in variants where !name.contains("frozen") {
    var (model, optimizer) = (Shapes(), make())
    for _ in 0..<2 { optimizer.update(&model, model.values.map { .ones($0.shape) }) }
    #expect(model.values[2].item < 1 && model.values[3].item < 1, "\(name)")
  }
}

@Test func orthogonalizedMatricesAreNearlyOrthogonal() {
  var random = PCG64(seed: 2)
  for shape: Shape in [[20, 50], [50, 20], [30, 30]] {
    let matrix = Tensor.normal(shape, using: &random)
    let x = orthogonalized(matrix, iterations: 10)
    let small = shape[0] < shape[1] ? x.matmul(x.transposed()) : x.transposed().matmul(x)
    // The iteration keeps singular values between about 0.7 and 1.2.
    let n = small.shape[0]
    for i in 0..<n { #expect(small[i, i] > 0.4 && small[i, i] < 1.6) }
  }
  #expect(Muon.isHiddenMatrix("layers.0.attention.query.weight", [4, 4]))
  #expect(!Muon.isHiddenMatrix("embedding.weight", [4, 4]))
  #expect(!Muon.isHiddenMatrix("lm_head.weight", [4, 4]))
  #expect(!Muon.isHiddenMatrix("layers.0.norm.weight", [4]))
}

@Test func schedulesFollowPyTorch() throws {
  let goldens = try OptimizerGoldens.read()
  let schedules: [String: LearningRateSchedule] = [
    "linear": .linear(from: 0.1, to: 0.025, steps: 20),
    "cosine": .cosine(from: 0.1, to: 0.01, steps: 39),
    "restarts": .cosineRestarts(from: 0.1, to: 0.01, period: 7),
    "growing_restarts": .cosineRestarts(from: 0.1, to: 0.01, period: 5, growth: 2),
    "exponential": .exponential(from: 0.1, factor: 0.9, steps: 1),
    "piecewise": .piecewise(
      start: 0.1, [.init(step: 10, value: 0.01), .init(step: 25, value: 0.001)]),
    "warmup": .warmup(steps: 10, from: 0.1, then: .cosine(from: 0.1, to: 0, steps: 30)),
  ]
  #expect(Set(schedules.keys) == Set(goldens.schedules.keys))
  for (name, schedule) in schedules {
    for (step, expected) in try #require(goldens.schedules[name]).enumerated() {
      #expect(abs(schedule.value(at: step) - expected) < 1e-12, "\(name), step \(step)")
    }
    let copy = try JSONDecoder().decode(
      LearningRateSchedule.self, from: JSONEncoder().encode(schedule))
    #expect(copy == schedule)
  }
}

@Test func schedulesComposeAndEnd() {
  let product = LearningRateSchedule.linear(from: 1, to: 0, steps: 4) * 0.5
  #expect((0...6).map { product.value(at: $0) } == [0.5, 0.375, 0.25, 0.125, 0, 0, 0])
  let sequence = LearningRateSchedule.sequence(
    .constant(3), steps: 2, then: .linear(from: 2, to: 1, steps: 2))
  #expect((0...5).map { sequence.value(at: $0) } == [3, 3, 2, 1.5, 1, 1])
  let both = sequence * .constant(2)
  #expect(both.value(at: 3) == 3)
  #expect(LearningRateSchedule.cosine(from: 1, to: 0.1, steps: 5).value(at: 9) == 0.1)
  #expect(LearningRateSchedule.warmup(steps: 0, then: .constant(2)).value(at: 0) == 2)
  #expect(LearningRateSchedule.linear(from: 1, to: 0.5, steps: 0).value(at: 0) == 0.5)
  #expect(LearningRateSchedule.warmup(steps: 4, then: .constant(2)).value(at: 0) == 0)
}

/// Every level's kernels against the plain loops of the reference.
@Test func optimizerKernelsAgreeWithTheReference() {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  let levels = found.withUnsafeMutableBufferPointer { Int(swirl_levels($0.baseAddress, 3)) }
  var random = PCG64(seed: 3)
  func numbers(_ n: Int, _ low: Double, _ high: Double) -> [Float] {
    (0..<n).map { _ in Float(random.uniform(low, high)) }
  }
  let reference = swirl_reference
  for level in found[..<levels].map({ $0!.pointee }) {
    for n in [0, 1, 3, 4, 15, 16, 17, 33, 100] {
      let gradient = numbers(n, -2, 2)
      let arrays = [numbers(n, -2, 2), numbers(n, -1, 1), numbers(n, 0.5, 1), numbers(n, 0.5, 2)]
      func compare(_ name: String, _ run: (swirl_kernels, inout [[Float]]) -> Void) {
        var (a, b) = (arrays, arrays)
        run(level, &a)
        run(reference, &b)
        for (x, y) in zip(a, b) {
          #expect(distance(x, y) < 2e-6, "\(String(cString: level.name)), \(name), \(n) numbers")
        }
      }
      for option in 0..<4 {
        let (one, other) = (option & 1 == 1, option & 2 == 2)
        compare("adam \(option)") { kernels, a in
          var settings = swirl_adam(
            step_size: 0.01, root_scale: 1.2, beta1: 0.9, beta2: 0.999, epsilon: 1e-5,
            gradient_scale: 0.7, weight_decay: one ? 0.01 : 0, l2: one ? 0 : 0.02)
          a.withPointers { p in
            kernels.adam(n, p[0], gradient, p[1], p[2], other ? p[3] : nil, &settings)
          }
        }
        compare("sgd \(option)") { kernels, a in
          var settings = swirl_sgd(
            learning_rate: 0.1, momentum: 0.9, fresh: 0.8, gradient_scale: 0.7, l2: 0.02,
            nesterov: one ? 1 : 0)
          a.withPointers { p in kernels.sgd(n, p[0], gradient, other ? p[1] : nil, &settings) }
        }
        compare("rmsprop \(option)") { kernels, a in
          var settings = swirl_rmsprop(
            learning_rate: 0.1, alpha: 0.9, epsilon: 1e-3, momentum: 0.9, gradient_scale: 0.7,
            l2: 0.02, epsilon_inside: one ? 1 : 0)
          a.withPointers { p in
            kernels.rmsprop(
              n, p[0], gradient, p[3], other ? p[1] : nil, one ? p[2] : nil, &settings)
          }
        }
        compare("momentum \(option)") { kernels, a in
          a.withPointers { p in
            kernels.momentum(n, gradient, 0.7, p[1], 0.9, one ? 1 : 0, p[0])
          }
        }
      }
    }
  }
}

extension [[Float]] {
  /// Calls `body` with a pointer to each list's numbers.
  fileprivate mutating func withPointers(_ body: ([UnsafeMutablePointer<Float>]) -> Void) {
    let copies = map { list in
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: list.count + 1)
      copy.initialize(from: list + [7], count: list.count + 1)
      return copy
    }
    body(copies)
    for (i, copy) in copies.enumerated() {
      // Nothing may be written past the end.
      #expect(copy[self[i].count] == 7)
      self[i] = Array<Float>(UnsafeBufferPointer(start: copy, count: self[i].count))
      copy.deallocate()
    }
  }
}
