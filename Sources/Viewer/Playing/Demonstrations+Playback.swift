public import Agents
import Envs
import Tensors

extension Demonstrations {
  /// Episodes that were played to their ends, by a person for example.
  ///
  /// - Parameters:
  ///   - episodes: Of one environment, with every observation kept.
  ///   - player: Who played, for the file.
  /// - Throws: `SafetensorsError` where there is nothing to learn from.
  public init(of episodes: [Playback], player: String) throws {
    var (observations, actions, finals): ([Float], [Float], [Float]) = ([], [], [])
    var (rewards, endings): ([Float], [Ending]) = ([], [])
    for episode in episodes {
      for (before, step) in zip(episode.steps, episode.steps.dropFirst()) {
        observations += before.observation
        actions += step.action ?? []
        rewards.append(Float(step.reward))
        endings.append(step.ending)
      }
      if episode.ending != .none { finals += episode.steps.last?.observation ?? [] }
    }
    let (count, ended) = (endings.count, endings.count { $0 != .none })
    func rows(_ numbers: [Float], _ count: Int) -> Tensor {
      Tensor(numbers, shape: Shape(count, count == 0 ? 0 : numbers.count / count))
    }
    let first = episodes.first
    try self.init(
      origin: .init(
        environment: first?.episode.spec?.id, options: first?.episode.spec?.options ?? [:],
        observationSpace: first.map { "\($0.episode.observationSpace)" } ?? "",
        actionSpace: first.map { "\($0.episode.actionSpace)" } ?? "", player: player, seed: nil),
      observations: rows(observations, count), actions: rows(actions, count), rewards: rewards,
      endings: endings, finalObservations: rows(finals, ended))
  }
}
