/// `body` at `inputs`, of which the tape keeps only the inputs: the backward pass computes the rest
/// again (gradient checkpointing; Chen et al., 2016). Memory for time: one more forward pass.
///
/// The result and the gradients have the same bits as without. `body` runs twice, so it must give the
/// same result both times: copy a random generator into the closure rather than advancing one outside.
public func recomputed(
  at inputs: [Tensor], _ body: @escaping @Sendable ([Tensor]) -> Tensor
) -> Tensor {
  let y = withoutTape { body(inputs.map { $0.offTape() }) }
  // A forward pass needs no tape: the tangent was computed with the value.
  guard let tape = Trace(many: inputs)?.tape else { return y }
  let rules = CustomRules(
    derivative: { inputs, _, dy in
      vectorJacobianProduct(at: inputs, cotangent: { _ in dy }, body).gradients
    }, tangent: nil)
  return y.recorded(
    on: Trace(tape: tape, forward: nil),
    Record(
      "recomputed",
      derivative: { record, dy, gradients in
        let many = record.many
        // `dy` stands for the output too, which these rules do not read.
        for (operand, gradient) in zip(
          many.operands, many.custom!.derivative(many.saved, dy, dy))
        {
          gradients.add(gradient, to: operand)
        }
      }, many: Many(operands: inputs, saved: inputs, custom: rules)))
}

/// `body` of a model and an input, recomputed in the backward pass: for a block of a deep network.
///
/// ```swift
/// for block in blocks { x = recomputed(block, x) { block, x in block(x) } }
/// ```
public func recomputed<M: Module>(
  _ model: M, _ x: Tensor, _ body: @escaping @Sendable (M, Tensor) -> Tensor
) -> Tensor {
  let constant = model.offTape()
  return recomputed(at: [x] + model.parameters.map(\.value)) { inputs in
    body(constant.replacingParameters(Array(inputs.dropFirst())), inputs[0])
  }
}
