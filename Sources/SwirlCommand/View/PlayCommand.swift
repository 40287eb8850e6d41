#if Viewer
  import ArgumentParser
  import Foundation
  import Swirl
  import Synchronization
  import Viewer

  /// `swirl play`: a person acts.
  struct PlayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "play", abstract: "Play an environment yourself, with keys or a controller.",
      usage: """
        swirl play <env> [--seed <seed>] [--option <name=value>]... [--speed <speed>] \\
        [--save-demonstrations <file>]
        swirl play <env> --list-keys
        """,
      discussion: """
        Every key can be changed with --key. A game controller's cross, sticks and buttons stand for the arrows, \
        a, d, w, s, space and return. Where no action does nothing, the world waits for a key.
        """)

    @Argument(
      help: ArgumentHelp("The environment's id; 'swirl envs' lists them.", valueName: "env"))
    var environment: String

    @Option(
      parsing: .unconditional,
      help: "The seed of the first episode, as Gymnasium's reset(seed:); 0 when left out.",
      transform: seedNumber)
    var seed: UInt64?

    @OptionGroup var options: OptionArguments

    @Option(
      parsing: .unconditional, help: "How fast the world goes, 1 for its own pace.",
      transform: number(in: 0.1...100))
    var speed = 1.0

    @Option(
      name: .customLong("save-demonstrations"),
      help: ArgumentHelp(
        "Write the episodes played to their end to a new file that 'swirl train bc' and 'gail' learn from.",
        valueName: "file"))
    var demonstrationFile: String?

    @Flag(help: "List the keys and end.")
    var listKeys = false

    @OptionGroup var showing: ShowingArguments

    mutating func run() throws {
      let id = try environmentSpec(environment).id
      var playback = try Playback(
        of: id, options: options.values(for: id), seed: seed ?? 0)
      playback.keepsObservations = demonstrationFile != nil
      playback.restart(seed: seed ?? 0)
      let keys = try showing.keys(for: playback.description)
      guard !keys.bindings.isEmpty else {
        throw CommandFailure(
          .usage,
          "no keys are known for actions in \(playback.episode.actionSpace); give some with --key")
      }
      if listKeys {
        list(keys)
        return
      }
      if let demonstrationFile, FileManager.default.fileExists(atPath: demonstrationFile) {
        throw CommandFailure(
          .usage,
          "\(demonstrationFile) exists already; choose another file with --save-demonstrations")
      }
      let shelf = Shelf()
      var session = Session(
        [playback], subtitle: "you play", keys: keys, isGame: true, speed: speed,
        isPaused: showing.paused)
      session.ended = { shelf.keep($0) }
      session.reachedEnd = { shelf.stand($0) }
      session.say("\(keys.summary); ? lists all keys")
      defer { report(shelf) }
      let file = demonstrationFile
      do {
        try showing.show(
          &session, title: "\(id), played by you", size: [],
          advice: (window: "use --terminal blocks to play here", terminal: nil),
          beforeEnding: { if let file { Self.rescue(shelf, to: file) } })
      } catch {
        // What was played is worth more than why it went no further.
        shelf.keep(session.current)
        if let file, !shelf.episodes.isEmpty { try Self.save(shelf, to: file) }
        throw error
      }
      shelf.keep(session.current)
      if let file { try Self.save(shelf, to: file) }
    }

    /// Saves where the process is about to end.
    private static func rescue(_ shelf: Shelf, to file: String) {
      do { try save(shelf, to: file) } catch {
        Console.error(CommandFailure(error)?.sentence ?? "\(error)")
      }
    }

    private func list(_ keys: ActionKeys) {
      for binding in keys.bindings {
        Output.standard.text("\(binding.key)  \(binding.meaning)")
        Output.standard.endLine()
      }
      let idle =
        switch keys.idle {
        case .waits: "the world waits"
        case .action(let row): "action \(row.map { "\($0)" }.joined(separator: ", "))"
        case .alternates(let a, let b):
          "actions \(Int(a[0])) and \(Int(b[0])) in turn"
        }
      Output.standard.text("no key  \(idle)")
      Output.standard.endLine()
    }

    private func report(_ shelf: Shelf) {
      let returns = shelf.episodes.map(\.shown.returnSoFar)
      guard !returns.isEmpty else { return }
      Output.standard.text(
        "played \(returns.count) episode\(returns.count == 1 ? "" : "s"), mean return "
          + fixed(returns.reduce(0, +) / Double(returns.count), 2))
      Output.standard.endLine()
    }

    private static func save(_ shelf: Shelf, to file: String) throws {
      let episodes = shelf.episodes
      guard !episodes.isEmpty else {
        Console.note("no episode was played to its end, so \(file) is not written")
        return
      }
      let demonstrations = try Demonstrations(of: episodes, player: "person")
      try Output.writeNew(
        try demonstrations.encoded(), to: file, option: "--save-demonstrations")
      Console.note(
        "wrote \(file): \(grouped(demonstrations.episodes)) episodes of "
          + "\(grouped(demonstrations.count)) steps")
    }

    /// Episodes that came to an end.
    private final class Shelf: Sendable {
      private struct State {
        var kept: [Playback] = []
        /// One that has ended but may still be gone back in.
        var standing: Playback?
      }
      private let state = Mutex(State())
      var episodes: [Playback] { state.withLock { $0.kept + ($0.standing.map { [$0] } ?? []) } }

      func stand(_ playback: Playback) { state.withLock { $0.standing = playback } }

      func keep(_ playback: Playback) {
        var playback = playback
        state.withLock { $0.standing = nil }
        guard playback.ending != .none else { return }
        try? playback.seek(to: playback.steps.count - 1)
        state.withLock { $0.kept.append(playback) }
      }
    }
  }
#endif
