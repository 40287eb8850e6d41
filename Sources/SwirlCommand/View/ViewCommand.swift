#if Viewer
  import ArgumentParser
  import Foundation
  import Swirl
  import Viewer

  /// `swirl view`: watch a policy or an environment, or make a film of it.
  struct ViewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "view", abstract: "Watch a run's policy or an environment, or record it.",
      usage: """
        swirl view <run | env> [--seed <seed>] [--stochastic] [--option <name=value>]... [--grid <c>x<r>] \
        [--follow] [--terminal <style>]
        swirl view <run | env> --record <file> [--size <w>x<h>] [--panel] [--episodes <n>] [--at <step>]
        swirl view <model> --prompt <text> [--samples <n>] [--tokens <n>] [--temperature <t>] [--record <page.html>]
        """,
      discussion: """
        A folder is a run, whose latest policy acts; an environment's name is watched with random actions. The \
        end of the file's name says what is recorded: .gif, .mp4 and .webm are films, which need ffmpeg, .png \
        and .svg pictures. In a window '?' lists the keys. Of a language model's run its completions are shown \
        here, those of the last step or of --at, or written as a page with --record x.html.
        """)

    @Argument(
      help: ArgumentHelp("A run directory, or the id of an environment.", valueName: "run | env"))
    var target: String

    @OptionGroup var playing: PlaybackArguments

    @Option(
      help: ArgumentHelp(
        "Write a film or picture instead of opening a window.", valueName: "file"))
    var record: String?

    @OptionGroup var film: FilmArguments

    @OptionGroup var showing: ShowingArguments

    @OptionGroup var prompting: PromptArguments

    @Flag(help: "Show each new checkpoint of a run that is being trained.")
    var follow = false

    mutating func run() throws {
      let hasPrompt = prompting.prompt != nil
      let completions = hasPrompt ? nil : try CompletionsView(run: target, step: film.at)
      try refuseWhatDoesNothing(isText: hasPrompt || completions != nil)
      let answers = try prompting.page(of: target, seed: playing.seed ?? 0)
      if let text = answers.map(CompletionsView.init) ?? completions {
        try text.show(record: record)
        return
      }
      let watched = try WatchedTarget(target, playing)
      if follow, watched.directory == nil {
        throw CommandFailure(.usage, "--follow is about a run; \(target) is an environment")
      }
      var playbacks = try watched.playbacks()
      let columns = playing.grid.columns
      if let record {
        StopSignals.install()
        var settings = film.settings(subtitle: watched.subtitle)
        settings.shouldStop = { StopSignals.pending != nil }
        let start = ContinuousClock.now
        let summary: Recording.Summary
        do {
          summary = try Recording.film(&playbacks, columns: columns, to: record, settings)
        } catch is CancellationError {
          throw ExitCode(128 + (StopSignals.pending ?? SIGINT))
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        Console.note(
          summary.frames == 1
            ? "wrote \(record)"
            : "wrote \(record): \(grouped(summary.frames)) frames of \(grouped(summary.steps)) "
              + "steps in \(fixed(seconds, 1)) s")
        return
      }
      var session = Session(
        playbacks, columns: columns, showsPanel: film.panel ?? true, subtitle: watched.subtitle,
        keys: try showing.keys(for: playbacks[0].description), speed: film.speed,
        isPaused: showing.paused)
      if let step = film.at {
        for _ in 0..<step { try session.perform(.forward(1)) }
      }
      try showing.show(
        &session, title: "\(watched.environment), \(watched.subtitle)", size: film.size,
        advice: (
          window: "use --terminal blocks to watch here or --record x.gif to write a film",
          terminal: "use --record x.gif to write a film"
        ),
        policy: follow ? watched.newerPolicies() : { nil })
    }

    /// An option that has nothing to say about what is asked for would be a silent mistake.
    private func refuseWhatDoesNothing(isText: Bool) throws {
      let isFilm = try !isText && (record.map { try Recording.Format(of: $0).isFilm } ?? false)
      let options = [
        (
          "--follow shows new checkpoints in a window or a terminal",
          follow && (isText || record != nil)
        ),
        ("--poster is a frame of a film, such as --record x.gif", film.poster != nil && !isFilm),
        (
          "--at picks the step of a picture, of a window or of a run's completions",
          film.at != nil && (isFilm || prompting.prompt != nil)
        ),
      ]
      if let (what, _) = options.first(where: { $0.1 }) {
        throw CommandFailure(.usage, "\(what); leave it out here")
      }
    }
  }

  /// What is played, whether it is shown or recorded.
  struct PlaybackArguments: ParsableArguments {
    @Option(
      parsing: .unconditional,
      help: """
        The seed of the first episode, as Gymnasium's reset(seed:); 0 when left out, and one more than a run's.
        """,
      transform: seedNumber)
    var seed: UInt64?

    @OptionGroup var options: OptionArguments

    @Flag(help: "Draw actions from the policy instead of taking the most probable one.")
    var stochastic = false

    @Option(
      help: ArgumentHelp("Several episodes side by side, such as 3x3.", valueName: "cxr"),
      transform: Grid.init)
    var grid = Grid.one

    struct Grid: Sendable {
      var columns: Int
      var rows: Int
      static let one = Grid(columns: 1, rows: 1)

      init(columns: Int, rows: Int) { (self.columns, self.rows) = (columns, rows) }

      @Sendable init(_ text: String) throws {
        let sides = text.split(separator: "x").map { Int($0) }
        guard sides.count == 2, let columns = sides[0], let rows = sides[1],
          1...10 ~= columns, 1...10 ~= rows
        else {
          throw ValidationError("give columns and rows from 1 to 10, such as 3x3")
        }
        self.init(columns: columns, rows: rows)
      }
    }
  }

  /// Where it is shown, and with which keys.
  struct ShowingArguments: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Show it here instead of in a window, as 'blocks' or 'braille'.", valueName: "style"))
    var terminal: String?

    @Flag(help: "Begin paused.")
    var paused = false

    @Option(
      name: .customLong("key"), parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        """
        What a key does where a person acts: left=0 takes an action, w=1:0.5 sets its second number, none=2 is \
        what happens without a key.
        """, valueName: "key=action"))
    var keys: [String] = []

    func keys(for description: EnvironmentDescription) throws -> ActionKeys {
      var result = ActionKeys.standard(for: description)
      for key in keys { try result.rebind(key) }
      return result
    }

    /// Shows a session until a person quits or a signal asks to end.
    ///
    /// - Parameter advice: What to do where there is no display, and where there is no terminal.
    /// - Throws: `ExitCode` after a signal, `ViewerError` where it cannot be shown.
    func show(
      _ session: inout Session, title: String, size: [Int],
      advice: (window: String, terminal: String?),
      policy: @escaping () throws -> (policy: WatchedPolicy, subtitle: String)? = { nil },
      beforeEnding: (@Sendable () -> Void)? = nil
    ) throws {
      StopSignals.install(includesHangUp: true)
      if let terminal {
        guard let style = TerminalPicture.Style(rawValue: terminal) else {
          throw CommandFailure.unknown(
            "style", terminal, among: TerminalPicture.Style.allCases.map(\.rawValue))
        }
        let screen: SessionTerminal
        do { screen = try SessionTerminal(style: style) } catch let error as ViewerError {
          throw advice.terminal.map(error.advising) ?? error
        }
        screen.policy = policy
        screen.shouldClose = { StopSignals.pending != nil }
        try screen.run(&session)
      } else {
        let window: SessionWindow
        do {
          window = try SessionWindow(
            title: title, width: size.first ?? 900, height: size.last ?? 520)
        } catch let error as ViewerError {
          throw error.advising(advice.window)
        }
        window.policy = policy
        window.shouldClose = { StopSignals.pending != nil }
        window.beforeEnding = beforeEnding
        try window.run(&session)
      }
      if let signal = StopSignals.pending { throw ExitCode(128 + signal) }
    }
  }

  /// How it is recorded.
  struct FilmArguments: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Width and height in points; 600x400 and the panel's width when left out.",
        valueName: "wxh"),
      transform: FilmArguments.size)
    var size: [Int] = []

    @Option(
      parsing: .unconditional, help: "Pixels a point, such as 2 for dense displays.",
      transform: number(in: 0.25...8))
    var scale = 1.0

    @Flag(
      inversion: .prefixedNo,
      help: "Whether the panel of numbers is shown; a window has it, a recording not.")
    var panel: Bool?

    @Option(
      parsing: .unconditional, help: "How fast a film goes, 1 for the environment's own pace.",
      transform: number(in: 0.1...100))
    var speed = 1.0

    @Option(
      parsing: .unconditional,
      help: "Frames a second at most; 25 for a GIF and 60 for a film when left out.",
      transform: number(in: 0.1...60))
    var fps: Double?

    @Option(
      parsing: .unconditional, help: "Episodes of a film.",
      transform: wholeNumber(in: 1...1000))
    var episodes = 1

    @Option(
      parsing: .unconditional, help: "Steps of an episode at most; 10_000 when left out.",
      transform: wholeNumber(in: 1...1_000_000))
    var steps: Int?

    @Option(
      parsing: .unconditional,
      help: "The step that a picture shows; the last of the episode when left out.",
      transform: wholeNumber(in: 0...1_000_000))
    var at: Int?

    @Option(
      help: ArgumentHelp(
        "Write a frame of a film as a picture too, .png or .svg.", valueName: "file"))
    var poster: String?

    @Sendable private static func size(_ text: String) throws -> [Int] {
      let sides = text.split(separator: "x").map { Int($0) }
      guard sides.count == 2, let width = sides[0], let height = sides[1],
        1...8192 ~= width, 1...8192 ~= height
      else {
        throw ValidationError("give a width and a height from 1 to 8192, such as 600x400")
      }
      return [width, height]
    }

    func settings(subtitle: String) -> Recording.Settings {
      let panel = panel ?? false
      var stage = Stage(
        width: size.isEmpty ? 600 + (panel ? Panel.width : 0) : Double(size[0]),
        height: size.isEmpty ? 400 : Double(size[1]), showsPanel: panel, subtitle: subtitle)
      if size.isEmpty, panel { stage.height = 480 }
      var settings = Recording.Settings(stage: stage)
      settings.scale = scale
      settings.speed = speed
      settings.framesPerSecond = fps
      settings.episodes = episodes
      settings.step = at
      settings.poster = poster
      if let steps { settings.steps = steps }
      return settings
    }
  }

  extension ViewerError {
    /// The same sentence with what can be done instead.
    func advising(_ advice: String) -> ViewerError { ViewerError(kind, "\(self); \(advice)") }
  }

  /// Turns an argument into a number of a range, or says what would be right.
  func number(in range: ClosedRange<Double>) -> @Sendable (String) throws -> Double {
    { text in
      guard let value = Double(text), range.contains(value) else {
        throw ValidationError("give a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
  }
#endif
