// Settings that are known to work, agent by agent: those of rl-baselines3-zoo where it has them
// (https://github.com/DLR-RM/rl-baselines3-zoo, hyperparams/*.yml).

extension PPOSettings {
  public static let presets: [String: PPOConfiguration] = {
    let cartPole = PPOConfiguration.with {
      $0.environmentCount = 8
      $0.stepsPerRollout = 32
      $0.batchSize = 256
      $0.epochs = 20
      $0.gamma = 0.98
      $0.gaeLambda = 0.8
      $0.learningRate = .linear(1e-3)
      $0.clipRange = .linear(0.2)
    }
    return [
      "CartPole-v0": cartPole, "CartPole-v1": cartPole,
      "Acrobot-v1": .with {
        $0.normalizeObservations = true
        $0.normalizeRewards = true
        $0.environmentCount = 16
        $0.stepsPerRollout = 256
        $0.gaeLambda = 0.94
        $0.epochs = 4
      },
      "MountainCar-v0": .with {
        $0.normalizeObservations = true
        $0.normalizeRewards = true
        $0.environmentCount = 16
        $0.stepsPerRollout = 16
        $0.gaeLambda = 0.98
        $0.epochs = 4
      },
      "Pendulum-v1": .with {
        $0.environmentCount = 4
        $0.stepsPerRollout = 1024
        // Without the zoo's state-dependent exploration; found over ten seeds, docs/results.md.
        $0.gamma = 0.9
        $0.epochs = 20
        $0.learningRate = .linear(1e-3)
      },
    ]
  }()
}

extension A2CSettings {
  public static let presets: [String: A2CConfiguration] = [
    "CartPole-v0": .with { $0.environmentCount = 8 },
    "CartPole-v1": .with { $0.environmentCount = 8 },
    "Acrobot-v1": .with {
      $0.normalizeObservations = true
      $0.normalizeRewards = true
      $0.environmentCount = 16
    },
  ]
}

extension TRPOSettings {
  public static let presets: [String: TRPOConfiguration] = {
    let cartPole = TRPOConfiguration.with {
      $0.environmentCount = 2
      $0.stepsPerRollout = 512
      $0.batchSize = 512
      $0.conjugateGradientDamping = 1e-3
      $0.gaeLambda = 0.98
      $0.criticUpdates = 20
    }
    return [
      "CartPole-v0": cartPole, "CartPole-v1": cartPole,
      "Acrobot-v1": .with {
        $0.normalizeObservations = true
        $0.normalizeRewards = true
        $0.environmentCount = 2
        $0.stepsPerRollout = 1024
      },
      "Pendulum-v1": .with {
        $0.environmentCount = 2
        $0.stepsPerRollout = 1024
        $0.gamma = 0.9
        $0.criticUpdates = 15
      },
    ]
  }()
}
