// Settings that are known to work with the agents that learn from replay: those of rl-baselines3-zoo where it
// has them (https://github.com/DLR-RM/rl-baselines3-zoo, hyperparams/*.yml).

extension DDPGSettings {
  public static let presets: [String: DDPGConfiguration] = [
    "Pendulum-v1": lander, "LunarLanderContinuous-v3": lander,
    "MountainCarContinuous-v0": .with {
      $0.noiseType = .ornsteinUhlenbeck
      $0.noiseStd = 0.5
    },
    "HalfCheetah-v5": runner, "Hopper-v5": runner, "Walker2d-v5": runner,
  ]

  private static let lander = DDPGConfiguration.with {
    $0.gamma = 0.98
    $0.bufferSize = 200_000
    $0.learningStarts = 10_000
  }

  private static let runner = DDPGConfiguration.with { $0.learningStarts = 10_000 }
}

extension TD3Settings {
  public static let presets: [String: TD3Configuration] = [
    "Pendulum-v1": lander, "LunarLanderContinuous-v3": lander,
    "MountainCarContinuous-v0": .with {
      $0.noiseType = .ornsteinUhlenbeck
      $0.noiseStd = 0.5
    },
    "HalfCheetah-v5": runner, "Hopper-v5": runner, "Walker2d-v5": runner,
  ]

  private static let lander = TD3Configuration.with {
    $0.gamma = 0.98
    $0.bufferSize = 200_000
    $0.learningStarts = 10_000
  }

  private static let runner = TD3Configuration.with { $0.learningStarts = 10_000 }
}

extension SACSettings {
  public static let presets: [String: SACConfiguration] = {
    let runner = SACConfiguration.with { $0.learningStarts = 10_000 }
    return [
      "Pendulum-v1": .with { $0.learningRate = 1e-3 },
      "MountainCarContinuous-v0": .with {
        $0.entropyCoefficient = .constant(0.1)
        $0.trainFrequency = 32
        $0.gradientSteps = 32
        $0.gamma = 0.9999
        $0.tau = 0.01
        $0.bufferSize = 50_000
        $0.batchSize = 512
        $0.learningStarts = 0
        $0.networkArchitecture = [64, 64]
        // In place of the zoo's state-dependent exploration.
        $0.noiseType = .ornsteinUhlenbeck
        $0.noiseStd = 0.5
      },
      "LunarLanderContinuous-v3": .with {
        $0.learningRate = .linear(7.3e-4)
        $0.tau = 0.01
        $0.learningStarts = 10_000
        $0.networkArchitecture = [400, 300]
      },
      "HalfCheetah-v5": runner, "Hopper-v5": runner, "Walker2d-v5": runner,
    ]
  }()
}

extension DQNSettings {
  public static let presets: [String: DQNConfiguration] = {
    let cartPole = DQNConfiguration.with {
      $0.networkArchitecture = [256, 256]
      $0.learningRate = 2.3e-3
      $0.batchSize = 64
      $0.bufferSize = 100_000
      $0.learningStarts = 1000
      $0.targetUpdateInterval = 10
      $0.trainFrequency = 256
      $0.gradientSteps = 128
      $0.explorationFraction = 0.16
      $0.explorationFinal = 0.04
    }
    let acrobot = DQNConfiguration.with {
      $0.networkArchitecture = [256, 256]
      $0.learningRate = 6.3e-4
      $0.batchSize = 128
      $0.bufferSize = 50_000
      $0.learningStarts = 0
      $0.targetUpdateInterval = 250
      $0.trainFrequency = 4
      $0.gradientSteps = -1
      $0.explorationFraction = 0.12
      $0.explorationFinal = 0.1
    }
    let others: [String: DQNConfiguration] = [
      "CartPole-v0": cartPole, "CartPole-v1": cartPole, "Acrobot-v1": acrobot,
      "LunarLander-v3": acrobot,
      "MountainCar-v0": .with {
        $0.networkArchitecture = [256, 256]
        // The zoo's is constant; falling, it leaves the last policies alone.
        $0.learningRate = .linear(4e-3)
        $0.batchSize = 128
        $0.bufferSize = 10_000
        $0.learningStarts = 1000
        $0.gamma = 0.98
        $0.targetUpdateInterval = 600
        $0.trainFrequency = 16
        $0.gradientSteps = 8
        $0.explorationFraction = 0.2
        $0.explorationFinal = 0.07
      },
      // Out of reach without hindsight.
      "BitFlipping-v0": .with {
        $0.networkArchitecture = [256]
        $0.learningRate = 1e-3
        $0.batchSize = 128
        $0.bufferSize = 100_000
        $0.gamma = 0.98
        $0.learningStarts = 500
        $0.trainFrequency = 4
        $0.targetUpdateInterval = 500
        $0.explorationFinal = 0.05
        $0.goalStrategy = .future
      },
    ]
    let minAtar = DQNConfiguration.with {
      $0.environmentCount = 4
      $0.networkArchitecture = []
      $0.learningRate = 3e-4
      $0.batchSize = 64
      $0.bufferSize = 100_000
      $0.learningStarts = 5000
      $0.trainFrequency = 4
      $0.targetUpdateInterval = 1000
      $0.explorationFraction = 0.2
      $0.explorationFinal = 0.05
      $0.doubleQ = true
    }
    let games = ["Asterix", "Breakout", "Freeway", "Seaquest", "SpaceInvaders"]
    let names = games.flatMap { ["MinAtar/\($0)-v0", "MinAtar/\($0)-v1"] }
    return others.merging(names.map { ($0, minAtar) }) { $1 }
  }()
}
