public import Foundation

/// What a language model said after a prompt, token by token where that is known, and what it was worth.
public struct TextEpisode: Sendable, Equatable {
  /// A token as text, with how probable it was.
  public struct Piece: Sendable, Equatable {
    public var text: String
    /// Its log-probability; nil where nobody noted it.
    public var logProbability: Double?

    public init(_ text: String, logProbability: Double? = nil) {
      self.text = text
      self.logProbability = logProbability
    }
  }

  public var prompt: String
  public var pieces: [Piece]
  public var reward: Double?
  /// What the reward is made of, by name; nil where nobody could mark it.
  public var components: [(name: String, value: Double)]
  public var advantage: Double?
  /// Whether it ended by itself rather than at the limit of its length.
  public var isComplete: Bool
  /// The training step it was sampled at.
  public var step: Int?

  public init(
    prompt: String, pieces: [Piece], reward: Double? = nil,
    components: [(name: String, value: Double)] = [], advantage: Double? = nil,
    isComplete: Bool = true, step: Int? = nil
  ) {
    self.prompt = prompt
    self.pieces = pieces
    self.reward = reward
    self.components = components
    self.advantage = advantage
    self.isComplete = isComplete
    self.step = step
  }

  public static func == (a: TextEpisode, b: TextEpisode) -> Bool {
    a.prompt == b.prompt && a.pieces == b.pieces && a.reward == b.reward
      && a.components.map(\.name) == b.components.map(\.name)
      && a.components.map(\.value) == b.components.map(\.value) && a.advantage == b.advantage
      && a.isComplete == b.isComplete && a.step == b.step
  }

  /// All it said.
  public var text: String { pieces.map(\.text).joined() }

  /// The sum of its tokens' log-probabilities; nil where one is not known.
  public var logProbability: Double? {
    let known = pieces.compactMap(\.logProbability)
    return known.count == pieces.count && !known.isEmpty ? known.reduce(0, +) : nil
  }
}

/// Answers to one prompt, sampled together.
public struct TextGroup: Sendable, Equatable {
  public var prompt: String
  public var step: Int?
  public var episodes: [TextEpisode]

  public init(prompt: String, step: Int? = nil, episodes: [TextEpisode]) {
    self.prompt = prompt
    self.step = step
    self.episodes = episodes
  }
}

extension TextGroup {
  /// A line of a run's `completions.jsonl`.
  private struct Line: Decodable {
    var step: Int?
    var prompt: String
    var completion: String
    var reward: Double?
    var advantage: Double?
    var rewards: [String: Double?]?
    var isComplete: Bool?
    /// Each token's text and log-probability, where a run keeps them.
    var pieces: [String]?
    var logProbabilities: [Double]?

    enum CodingKeys: String, CodingKey {
      case step, prompt, completion, reward, advantage, rewards, pieces
      case isComplete = "is_complete"
      case logProbabilities = "log_probabilities"
    }

    var episode: TextEpisode {
      var parts = [TextEpisode.Piece(completion)]
      if let pieces, let logProbabilities, pieces.count == logProbabilities.count {
        parts = zip(pieces, logProbabilities).map { .init($0, logProbability: $1) }
      }
      return TextEpisode(
        prompt: prompt, pieces: parts, reward: reward,
        components: (rewards ?? [:]).sorted { $0.key < $1.key }
          .compactMap { name, value in value.map { (name: name, value: $0) } },
        advantage: advantage, isComplete: isComplete ?? true, step: step)
    }
  }

  /// The groups of a run's `completions.jsonl`: neighbours of one step and prompt.
  ///
  /// - Parameters:
  ///   - file: What the data came from, for messages.
  ///   - step: Only those of this step; of the last one when nil.
  /// - Throws: ``ViewerError`` naming the first line that is none.
  public static func groups(
    ofCompletions data: Data, file: String, step: Int? = nil
  ) throws -> [TextGroup] {
    var groups: [TextGroup] = []
    let decoder = JSONDecoder()
    for (n, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
      let entry: Line
      do { entry = try decoder.decode(Line.self, from: Data(line)) } catch {
        throw ViewerError(
          .data, "line \(n + 1) of \(file) is no completion: it needs a prompt and a completion")
      }
      if let step, entry.step != step { continue }
      if step == nil, let last = groups.last?.step, let now = entry.step, now != last {
        groups = []
      }
      if let last = groups.last, last.prompt == entry.prompt, last.step == entry.step {
        groups[groups.count - 1].episodes.append(entry.episode)
      } else {
        groups.append(
          TextGroup(prompt: entry.prompt, step: entry.step, episodes: [entry.episode]))
      }
    }
    guard !groups.isEmpty else {
      let which = step.map { " of step \($0)" } ?? ""
      throw ViewerError(.data, "there is no completion\(which) in \(file)")
    }
    return groups
  }
}
