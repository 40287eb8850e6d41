public import Foundation
import Runtime

/// An episode of a registered environment somewhere in its middle, to be kept in a file and gone on with.
///
/// ```swift
/// var episode = try makeEpisode("CartPole-v1", seed: 1)
/// try episode.step([1])
/// let data = try EpisodeSnapshot(episode, step: 1).encoded()
/// var again = try EpisodeSnapshot(decoding: data, file: "episode").episode   // replays identically
/// ```
public struct EpisodeSnapshot: Sendable {
  public var episode: AnyEpisode
  /// Steps taken so far, counted through the resets before this episode.
  public var step: Int
  /// The streams that sampled actions go on from.
  public var actions: SpaceStreams?

  public init(_ episode: AnyEpisode, step: Int, actions: SpaceStreams? = nil) {
    self.episode = episode
    self.step = step
    self.actions = actions
  }

  /// The first line of the file: what it is, and what the rest of it must be.
  private struct Header: Codable {
    var format = "swirl episode"
    var version = 1
    var bytes: Int
    var crc32c: String
  }

  /// The second line; the third is the episode itself.
  private struct Frame: Codable {
    var environment: String
    var options: [String: OptionValue]
    var step: Int
    var actions: SpaceStreams?
  }

  /// Three lines of JSON, equal for equal episodes.
  ///
  /// - Throws: ``EnvironmentError`` if the episode is not of a registered environment or holds a state that
  ///   cannot be saved.
  public func encoded() throws -> Data {
    guard let spec = episode.spec else {
      throw EnvironmentError(
        .usage, "the episode is of no registered environment; make it with makeEpisode to save it")
    }
    var body: Data
    do {
      body = try StateCoding.encode(
        Frame(environment: spec.id, options: spec.options, step: step, actions: actions))
      body.append(UInt8(ascii: "\n"))
      body.append(try episode.encodedState())
      body.append(UInt8(ascii: "\n"))
    } catch {
      throw EnvironmentError(
        .data, "the episode of \(spec.id) cannot be saved: \(StateCoding.reason(error))")
    }
    var file = try StateCoding.encode(
      Header(bytes: body.count, crc32c: String(Checksum.crc32c(body), radix: 16)))
    file.append(UInt8(ascii: "\n"))
    return file + body
  }

  /// Reads what ``encoded()`` gave.
  ///
  /// - Parameter file: What the data came from, for messages.
  /// - Throws: ``EnvironmentError`` of kind `data` if it is no such file, is damaged, or is of an
  ///   environment that is not registered or has changed since.
  public init(decoding data: Data, file: String) throws {
    func bad(_ what: String) -> EnvironmentError { EnvironmentError(.data, "\(file) \(what)") }
    let newline = UInt8(ascii: "\n")
    guard let end = data.prefix(256).firstIndex(of: newline),
      let header = try? StateCoding.decode(Header.self, from: data[..<end]),
      header.format == Header(bytes: 0, crc32c: "").format
    else {
      throw bad("is no saved episode; 'swirl rollout --save' writes one")
    }
    guard header.version == 1 else {
      throw bad("is an episode saved in the form \(header.version), and this program knows form 1")
    }
    let body = data[(end + 1)...]
    guard body.count == header.bytes else {
      throw bad("is damaged: it holds \(body.count) bytes where \(header.bytes) were written")
    }
    guard String(Checksum.crc32c(body), radix: 16) == header.crc32c else {
      throw bad("is damaged: its bytes are not those that were written (the checksum differs)")
    }
    guard let second = body.firstIndex(of: newline),
      let frame = try? StateCoding.decode(Frame.self, from: body[..<second]),
      (0...(1 << 60)).contains(frame.step)
    else {
      throw bad("is damaged: it does not say which environment it is of")
    }
    do {
      episode = try Registry.shared.restoreEpisode(
        frame.environment, options: frame.options, state: Data(body[(second + 1)...]))
    } catch {
      throw bad(
        "holds no episode of \(frame.environment) that can be gone on with: "
          + StateCoding.reason(error))
    }
    step = frame.step
    actions = frame.actions
    if let actions, !actions.fit(episode.actionSpace.streams(seed: 0)) {
      throw bad("is damaged: its action streams do not fit \(episode.actionSpace)")
    }
  }
}

extension SpaceStreams {
  /// Whether there is a stream for each part that the other has one for.
  fileprivate func fit(_ other: SpaceStreams) -> Bool {
    parts.count == other.parts.count && zip(parts, other.parts).allSatisfy { $0.fit($1) }
  }
}

extension Registry {
  func restoreEpisode(
    _ id: String, options: [String: OptionValue], state: Data
  ) throws -> AnyEpisode {
    let registration = try registration(id)
    let given = try registration.checked(options)
    var episode = try registration.restoreEpisode(state)
    let made = try registration.makeEpisode(registration.resolved(given), 0, nil)
    func spaces(_ episode: AnyEpisode) -> String {
      "\(episode.observationSpace) and \(episode.actionSpace)"
    }
    guard spaces(episode) == spaces(made) else {
      throw EnvironmentError(
        .data, "its spaces are \(spaces(episode)) and those of \(id) \(spaces(made))")
    }
    episode.spec = registration.spec(with: given)
    return episode
  }
}

/// An episode from its saved state.
@usableFromInline
func restoredEpisode<E: Environment>(of type: E.Type, from state: Data) throws -> AnyEpisode {
  AnyEpisode(try StateCoding.decode(Episode<E>.self, from: state))
}
