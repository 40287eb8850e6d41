/// A value that owns parameters: a layer, a network, a model.
///
/// Write one line a child. `checkModule` compares the visit with the type's stored properties, so
/// that none is forgotten.
///
/// ```swift
/// struct Network: Module {
///   var first, second: Linear
///   mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
///     first.visitParameters { body("first.\($0)", &$1) }
///     second.visitParameters { body("second.\($0)", &$1) }
///   }
/// }
/// ```
public protocol Module: Sendable {
  /// Calls `body` with the dotted name of every parameter and the parameter, always in one order.
  mutating func visitParameters(_ body: (String, inout Tensor) -> Void)

  /// As `visitParameters` for tensors that are the model's but that no optimiser moves, such as
  /// `BatchNorm`'s running statistics: state dictionaries hold both. None unless a type says otherwise; a
  /// type whose children have some passes the visit on.
  mutating func visitBuffers(_ body: (String, inout Tensor) -> Void)
}

extension Module {
  public mutating func visitBuffers(_ body: (String, inout Tensor) -> Void) {}

  /// The buffers and their names, in visit order.
  public var buffers: [(name: String, value: Tensor)] {
    var copy = self
    var result: [(name: String, value: Tensor)] = []
    copy.visitBuffers { result.append(($0, $1)) }
    return result
  }

  /// The parameters and their names, in visit order.
  public var parameters: [(name: String, value: Tensor)] {
    var copy = self
    var result: [(name: String, value: Tensor)] = []
    copy.visitParameters { result.append(($0, $1)) }
    return result
  }

  /// This model with other parameters, given in visit order.
  public func replacingParameters(_ values: [Tensor]) -> Self {
    var copy = self
    var position = 0
    copy.visitParameters { name, parameter in
      if position >= values.count || values[position].shape != parameter.shape {
        fail(
          "replacingParameters",
          position >= values.count
            ? "there is no value for the parameter \(name)"
            : "a value of shape \(values[position].shape) does not fit \(name), "
              + "which has shape \(parameter.shape)")
      }
      parameter = values[position]
      position += 1
    }
    if position != values.count {
      fail("replacingParameters", "\(values.count) values for \(position) parameters")
    }
    return copy
  }

  /// This model as a constant: no gradient and no tangent flows into its parameters.
  public func detached() -> Self {
    var copy = self
    copy.visitParameters { $1 = $1.detached() }
    return copy
  }

  /// This model as a constant to tapes.
  func offTape() -> Self {
    var copy = self
    copy.visitParameters { $1 = $1.offTape() }
    return copy
  }

  /// How many numbers the parameters hold.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.value.count } }

  /// Calls `body` with `count` copies of this model whose parameters borrow its storage, one for each
  /// thread: threads that share one reference count wait for each other on every op.
  package func withReplicas<R>(count: Int, _ body: ([Self]) throws -> R) rethrows -> R {
    let replicas = (0..<count).map { _ in
      var replica = self
      replica.visitParameters { _, parameter in
        let dense = parameter.contiguous()
        let storage = Storage(
          borrowing: dense.storage.pointer, byteCount: dense.storage.byteCount)
        parameter = Tensor(
          view: storage, offset: dense.offset, shape: dense.shape, strides: dense.strides,
          type: dense.type)
      }
      return replica
    }
    return try withExtendedLifetime(self) { try body(replicas) }
  }
}

/// Visits a parameter a layer may lack, moved out and back so that a write sees storage that is
/// referenced once.
package func visit(
  _ name: String, _ parameter: inout Tensor?, _ body: (String, inout Tensor) -> Void
) {
  guard var value = parameter.take() else { return }
  body(name, &value)
  parameter = value
}

/// Compares the parameters and buffers a module visits with the tensors and modules its type stores.
///
/// One may be visited under another name than its property's, such as PyTorch's.
///
/// - Returns: A sentence for each stored tensor that no visit reached; empty when all is well.
public func checkModule(_ module: some Module) -> [String] {
  let tensors = module.parameters + module.buffers
  let visited = Set(tensors.map(\.name))
  let storages = Set(tensors.map { ObjectIdentifier($0.value.storage) })
  var findings: [String] = []
  if visited.count != tensors.count {
    findings.append("\(type(of: module)) visits two tensors under one name")
  }
  func walk(_ value: Any, _ path: String) {
    if let tensor = value as? Tensor {
      if !visited.contains(path) && !storages.contains(ObjectIdentifier(tensor.storage)) {
        findings.append("\(type(of: module)) does not visit its tensor \(path)")
      }
      return
    }
    let mirror = Mirror(reflecting: value)
    for (position, child) in mirror.children.enumerated() {
      let label =
        mirror.displayStyle == .optional
        ? "" : mirror.displayStyle == .collection ? "\(position)" : child.label ?? "\(position)"
      let next = label.isEmpty ? path : path.isEmpty ? label : "\(path).\(label)"
      walk(child.value, next)
    }
  }
  walk(module, "")
  return findings
}
