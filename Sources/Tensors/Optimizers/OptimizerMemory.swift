/// One parameter in one step of an optimiser.
struct ParameterStep {
  let shape: Shape
  let parameter: UnsafeMutablePointer<Float>
  let gradient: UnsafePointer<Float>
  let learningRate: Double
  let weightDecay: Double
  /// How many updates this parameter has had, this one included.
  let updates: Int
  fileprivate let moments: InlineArray<3, UnsafeMutablePointer<Float>?>

  var count: Int { shape.elementCount }

  /// What is remembered under the kind of this position.
  func moment(_ kind: Int) -> UnsafeMutablePointer<Float> { moments[kind]! }

  /// Calls `body` with ranges of elements that cover the parameter, shared among the scope's workers
  /// where it is large.
  func forEachRange(_ body: (Range<Int>) -> Void) {
    let block = 4096
    // A square root and a division weigh as much as about sixteen multiply-adds.
    parallelRows((count + block - 1) / block, work: count * 16) { blocks in
      body(blocks.lowerBound * block..<min(blocks.upperBound * block, count))
    }
  }
}

/// What an optimiser remembers: tensors of each parameter's shape, and how many updates each had.
///
/// A frozen parameter has empty tensors. One that is released later starts as if new, with a bias
/// correction of its own; a count shared by all would make its first steps far too long.
struct OptimizerMemory: Sendable {
  private let owner: String
  /// At most three kinds of tensors, as `state` names them, and what they start from.
  private let kinds: [(name: String, start: Float)]
  private(set) var step = 0
  private var moments: [[Tensor]]
  private var updates: [Int] = []

  init(_ owner: String, _ kinds: [(name: String, start: Float)]) {
    self.owner = owner
    self.kinds = kinds
    moments = kinds.map { _ in [] }
  }

  /// Calls `body` with every parameter that is neither frozen nor `skipped`, ready to be written.
  mutating func update(
    _ model: inout some Module, _ gradients: [Tensor], learningRate: Double,
    weightDecay: Double, groups: [ParameterGroup], skipping: ((String, Shape) -> Bool)? = nil,
    _ body: (ParameterStep) -> Void
  ) {
    step += 1
    var position = 0
    model.visitParameters { name, parameter in
      guard position < gradients.count, gradients[position].shape == parameter.shape else {
        fail(owner, "there is no gradient of shape \(parameter.shape) for the parameter \(name)")
      }
      if position == updates.count {
        updates.append(0)
        for kind in kinds.indices { moments[kind].append(.zeros(Shape(0))) }
      }
      defer { position += 1 }
      let group = groups.first { $0.matches(name) }
      if group?.isFrozen == true || skipping?(name, parameter.shape) == true { return }
      if parameter.type != .float32 {
        fail(
          owner,
          "the parameter \(name) is stored as \(parameter.type); update float32 copies of it, "
            + "or freeze it")
      }
      if updates[position] == 0 {
        for (kind, (_, start)) in kinds.enumerated() {
          moments[kind][position] = Tensor(repeating: start, shape: parameter.shape)
        }
      }
      updates[position] += 1
      let gradient = gradients[position].float32.contiguous()
      // The tensors live on in their owners, so the pointers outlast the closures.
      var pointers = InlineArray<3, UnsafeMutablePointer<Float>?>(repeating: nil)
      for kind in kinds.indices {
        pointers[kind] = moments[kind][position].mutate { $0.baseAddress }
      }
      parameter.mutate { values in
        guard let base = values.baseAddress, values.count > 0 else { return }
        body(
          ParameterStep(
            shape: gradient.shape, parameter: base, gradient: gradient.pointer,
            learningRate: learningRate * (group?.learningRateScale ?? 1),
            weightDecay: group?.weightDecay ?? weightDecay, updates: updates[position],
            moments: pointers))
      }
    }
    if position != gradients.count {
      fail(owner, "\(gradients.count) gradients for \(position) parameters")
    }
  }

  /// The tensors under `kind.position`. Where parameters have had different numbers of updates,
  /// `updates` holds those, each as two numbers (n / 2²⁰, n mod 2²⁰) that Float32 keeps exactly.
  func state(prefix: String = "") -> [(name: String, value: Tensor)] {
    var result: [(name: String, value: Tensor)] = []
    for (kind, (name, _)) in kinds.enumerated() {
      for (position, tensor) in moments[kind].enumerated() {
        result.append(("\(prefix)\(name).\(position)", tensor))
      }
    }
    if updates.contains(where: { $0 != step }) {
      let halves = updates.flatMap { [Float($0 >> 20), Float($0 & 0xfffff)] }
      result.append(("\(prefix)updates", Tensor(halves, shape: Shape(updates.count, 2))))
    }
    return result
  }

  mutating func restore(
    _ tensors: [String: Tensor], prefix: String = "", step: Int, for model: some Module
  ) throws {
    let parameters = model.parameters
    var counts = [Int](repeating: step, count: parameters.count)
    if let saved = tensors["\(prefix)updates"] {
      let halves = saved.scalars
      guard saved.shape == Shape(parameters.count, 2), halves.allSatisfy({ $0 >= 0 && $0 < 1e9 })
      else {
        throw SafetensorsError(
          "the optimiser state \(prefix)updates has shape \(saved.shape) or counts that are none; "
            + "a model of \(parameters.count) parameters needs [\(parameters.count), 2]")
      }
      for i in counts.indices { counts[i] = Int(halves[2 * i]) << 20 | Int(halves[2 * i + 1]) }
    }
    func tensor(_ kind: String, _ i: Int) throws -> Tensor {
      let name = "\(prefix)\(kind).\(i)"
      guard let tensor = tensors[name] else {
        throw SafetensorsError("the optimiser state \(name) is missing")
      }
      let needed = counts[i] == 0 ? Shape(0) : parameters[i].value.shape
      guard tensor.shape == needed else {
        throw SafetensorsError(
          "the optimiser state \(name) has shape \(tensor.shape), "
            + "but its parameter \(parameters[i].name) has \(needed)")
      }
      return tensor.float32
    }
    if step == 0 {
      self.moments = kinds.map { _ in [] }
      updates = []
    } else {
      moments = try kinds.map { kind in
        try parameters.indices.map { try tensor(kind.name, $0) }
      }
      updates = counts
    }
    self.step = step
  }
}
