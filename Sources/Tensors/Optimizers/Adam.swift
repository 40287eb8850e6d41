import CKernels
import Foundation

/// Adam (Kingma and Ba, 2015), with PyTorch's arithmetic: ε is added after the bias correction.
///
/// ```swift
/// var optimizer = Adam(learningRate: 1e-3)
/// let (loss, gradients) = valueWithGradient(at: model) { loss($0) }
/// optimizer.update(&model, gradients)
/// ```
public struct Adam: Sendable {
  public var learningRate: Double
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  /// Updates made so far.
  public private(set) var step = 0
  private var firstMoments: [Tensor] = []
  private var secondMoments: [Tensor] = []

  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// One step against `gradients`, which stand in visit order and are first multiplied by `scale`
  /// (what `clipScale` returns).
  public mutating func update(_ model: inout some Module, _ gradients: [Tensor], scale: Float = 1) {
    step += 1
    var settings = swirl_adam()
    settings.step_size = Float(learningRate / (1 - pow(beta1, Double(step))))
    settings.root_scale = Float(1 / (1 - pow(beta2, Double(step))).squareRoot())
    settings.beta1 = Float(beta1)
    settings.beta2 = Float(beta2)
    settings.epsilon = Float(epsilon)
    settings.gradient_scale = scale
    var position = 0
    model.visitParameters { name, parameter in
      guard position < gradients.count, gradients[position].shape == parameter.shape else {
        fail("Adam", "there is no gradient of shape \(parameter.shape) for the parameter \(name)")
      }
      if position == firstMoments.count {
        firstMoments.append(.zeros(parameter.shape))
        secondMoments.append(.zeros(parameter.shape))
      }
      let gradient = gradients[position].contiguous()
      parameter.mutate { values in
        firstMoments[position].mutate { first in
          secondMoments[position].mutate { second in
            kernels.adam(
              values.count, values.baseAddress, gradient.pointer, first.baseAddress,
              second.baseAddress, &settings)
          }
        }
      }
      position += 1
    }
    if position != gradients.count {
      fail("Adam", "\(gradients.count) gradients for \(position) parameters")
    }
  }

  /// What has to be saved for an exact resume, under dotted names.
  public var state: [(name: String, value: Tensor)] {
    firstMoments.enumerated().map { ("m.\($0)", $1) }
      + secondMoments.enumerated().map { ("v.\($0)", $1) }
  }

  /// Restores what `state` returned after `step` updates.
  ///
  /// - Throws: A sentence naming the first tensor that is missing or has another shape than `model` needs.
  public mutating func restore(
    _ tensors: [String: Tensor], step: Int, for model: some Module
  ) throws {
    let parameters = model.parameters
    func moments(_ kind: String) throws -> [Tensor] {
      try parameters.indices.map { i in
        guard let tensor = tensors["\(kind).\(i)"] else {
          throw SafetensorsError("the optimiser state \(kind).\(i) is missing")
        }
        guard tensor.shape == parameters[i].value.shape else {
          throw SafetensorsError(
            "the optimiser state \(kind).\(i) has shape \(tensor.shape), "
              + "but its parameter \(parameters[i].name) has \(parameters[i].value.shape)")
        }
        return tensor
      }
    }
    if step == 0 {
      (firstMoments, secondMoments) = ([], [])
    } else {
      (firstMoments, secondMoments) = (try moments("m"), try moments("v"))
    }
    self.step = step
  }
}
