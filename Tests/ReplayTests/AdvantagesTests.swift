import Replay
import Testing

/// Two environments, four steps, γ = ½, λ = ½, worked by hand. Environment 0 terminates at step 1,
/// environment 1 is truncated at step 2 with V(final observation) = 8.
@Test func advantagesFollowTheFormula() {
  let rewards: [Float] = [1, 1, 2, 1, 3, 1, 4, 1]
  let values: [Float] = [2, 4, 4, 4, 2, 4, 2, 4, 6, 8]
  let endings: [UInt8] = [0, 0, 1, 0, 0, 2, 0, 0]
  let finalValues: [Float] = [0, 0, 0, 0, 0, 8, 0, 0]
  var advantages = [Float](repeating: 0, count: 8)
  var returns = advantages
  generalizedAdvantages(
    steps: 4, environments: 2, rewards: rewards, values: values, endings: endings,
    finalValues: finalValues, gamma: 0.5, lambda: 0.5, advantages: &advantages, returns: &returns)
  // Environment 0, backwards: 4 + ½·6 − 2 = 5; 3 + ½·2 − 2 + ¼·5 = 3.25; 2 − 4 = −2;
  // 1 + ½·4 − 2 + ¼·(−2) = ½.
  #expect([0, 2, 4, 6].map { advantages[$0] } == [0.5, -2, 3.25, 5])
  // Environment 1: 1 + ½·8 − 4 = 1; 1 + ½·8 − 4 = 1 (bootstrapped through the time limit, nothing of the next
  // episode); 1 + ½·4 − 4 + ¼ = −0.75; −1 + ¼·(−0.75) = −1.1875.
  #expect([1, 3, 5, 7].map { advantages[$0] } == [-1.1875, -0.75, 1, 1])
  #expect(returns == zip(advantages, values).map { $0 + $1 })
}

@Test func aTimeLimitIsNotATermination() {
  func advantage(_ ending: UInt8) -> Float {
    var (advantage, target): (Float, Float) = (0, 0)
    generalizedAdvantages(
      steps: 1, environments: 1, rewards: [1], values: [0, 100], endings: [ending],
      finalValues: [10],
      gamma: 0.9, lambda: 1, advantages: &advantage, returns: &target)
    return advantage
  }
  #expect(advantage(0) == 91)
  #expect(advantage(1) == 1)
  #expect(advantage(2) == 10)
}

@Test func explainedVarianceOfAPerfectAndAConstantValue() {
  let buffer = RolloutBuffer(stepCount: 4, environmentCount: 1, observationSize: 1, actionSize: 1)
  for i in 0..<4 {
    buffer.returns[i] = Float(i)
    buffer.values[i] = Float(i)
  }
  #expect(buffer.explainedVariance == 1)
  for i in 0..<4 { buffer.values[i] = 7 }
  #expect(buffer.explainedVariance == 0)
}
