import Envs
import Testing

@Suite struct AutoresetTests {
  @Test(arguments: Goldens.cartPole.vectors.indices)
  func equalsGymnasium(_ index: Int) throws {
    let golden = Goldens.cartPole.vectors[index]
    let mode = try #require(Autoreset(gymnasium: golden.mode))
    var environments = VectorEnvironment(
      count: golden.count, seed: 9, autoreset: mode, timeLimit: golden.timeLimit
    ) { CartPole() }
    environments.reset(seed: golden.seed)
    var observations = hex(environments.observations)
    var (rewards, endings, finals) = ("", "", "")
    var resets = golden.resets[...]
    let actions = golden.actions.map { $0.wholeNumberValue! }
    for step in 0..<actions.count / golden.count {
      environments.step(Array(actions[step * golden.count..<(step + 1) * golden.count]))
      observations += hex(environments.observations)
      rewards += hex(environments.rewards)
      for n in 0..<golden.count {
        endings += letter(environments.endings[n])
        if mode == .sameStep, let final = environments.finalObservation(n) { finals += hex(final) }
      }
      if mode == .disabled {
        let ended = environments.endings.indices.filter { environments.endings[$0] != .none }
        for n in ended { environments.reset(environment: n) }
        if !ended.isEmpty {
          let reset = resets.removeFirst()
          #expect(reset.step == step)
          #expect(reset.observations == hex(environments.observations))
        }
      }
    }
    #expect(observations == golden.observations)
    #expect(rewards == golden.rewards)
    #expect(endings == golden.endings)
    #expect(finals == golden.finalObservations)
  }
}

extension Autoreset {
  init?(gymnasium name: String) {
    switch name {
    case "nextstep": self = .nextStep
    case "samestep": self = .sameStep
    case "disabled": self = .disabled
    default: return nil
    }
  }
}
