import Runtime

/// How far training has come.
struct Progress: Sendable, Codable {
  /// Environment steps taken so far, over all environments.
  var stepCount = 0
  var iteration = 0
  var episodes = EpisodeWindow()

  /// The part of training that is left, 1 at the start and 0 at the end, for schedules.
  func remaining(of totalSteps: Int) -> Double {
    max(0, 1 - Double(stepCount) / Double(max(totalSteps, 1)))
  }

  /// What one iteration did, for people and metrics.
  func report(_ losses: [(name: String, value: Double)], _ timers: PhaseTimers) -> TrainingReport {
    TrainingReport(
      steps: stepCount, iteration: iteration, episodes: episodes.total,
      meanReturn: episodes.meanReturn, meanLength: episodes.meanLength, losses: losses,
      phases: timers.phases.map { ($0.name, timers.seconds($0)) })
  }
}
