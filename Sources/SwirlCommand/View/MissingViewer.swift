#if !Viewer
  import ArgumentParser

  extension CommandFailure {
    /// What needs the package's trait `Viewer` in a build without it.
    static func missingViewer(_ what: String) -> CommandFailure {
      CommandFailure(
        .usage,
        "this swirl was built without the viewer, which \(what) needs; install libcairo2-dev and "
          + "libsdl2-dev and build it with the package trait Viewer, which is on by default")
    }
  }

  /// `swirl view` in a build without a viewer: it says what is missing.
  struct ViewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "view", abstract: "Watch a run or an environment; not in this build.")

    @Argument(parsing: .allUnrecognized) var arguments: [String] = []

    mutating func run() throws { throw CommandFailure.missingViewer("'swirl view'") }
  }

  /// `swirl play` in a build without a viewer: it says what is missing.
  struct PlayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "play", abstract: "Play an environment; not in this build.")

    @Argument(parsing: .allUnrecognized) var arguments: [String] = []

    mutating func run() throws { throw CommandFailure.missingViewer("'swirl play'") }
  }
#endif
