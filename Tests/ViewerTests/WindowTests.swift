#if Viewer && os(Linux)
  import CSDL2
  import Displays
  import Envs
  import Foundation
  import Testing
  import Viewer

  /// Windows that are opened here, on an Xvfb of the tests' own.
  @Suite(.serialized) struct WindowTests {
    private static var isLong: Bool {
      ProcessInfo.processInfo.environment["SWIRL_LONG_TESTS"] == "1"
    }

    /// Memory that the process holds, in bytes.
    private static func residentBytes() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
    }

    private static func openFiles() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    /// Runs a body with a display that nobody sees.
    private static func withDisplay(_ body: () throws -> Void) throws {
      let display = try Display(width: 1280, height: 1024)
      defer { display.stop() }
      setenv("DISPLAY", display.name, 1)
      try body()
    }

    @Test(.enabled(if: Display.canBeMade, "needs Xvfb"))
    func openingAndClosingLeaksNothing() throws {
      try Self.withDisplay {
        var session = Session([try Playback(of: "CartPole-v1", seed: 1)])
        func cycle() throws {
          let window = try SessionWindow(title: "cycle", width: 1000, height: 700)
          try window.run(&session, seconds: 0.02)
        }
        for _ in 0..<20 { try cycle() }
        let files = try Self.openFiles()
        // A leak grows each time; what other tests of this process come to hold meanwhile does not. A window's pixels
        // are 2.8 MB, so that those of 30 windows do not fit.
        let growths = try (0..<3).map { _ in
          let memory = try Self.residentBytes()
          for _ in 0..<(Self.isLong ? 3000 : 30) { try cycle() }
          return try Self.residentBytes() - memory
        }
        #expect((growths.min() ?? 0) < 60_000_000)
        #expect(try Self.openFiles() <= files + 30)
      }
    }

    @Test(.enabled(if: Display.canBeMade, "needs Xvfb"))
    func aWindowShowsSixtyFramesASecondAtMost() throws {
      try Self.withDisplay {
        // 120 steps a second: more than it shows, and an episode of 200 steps.
        var session = Session([try Playback(of: "MountainCar-v0", seed: 1)], speed: 4)
        let window = try SessionWindow(title: "frames", width: 600, height: 400)
        try window.run(&session, seconds: 1.2)
        let rate = Double(window.frames) / 1.2
        // A machine that others share is no reason to fail.
        #expect(20...70 ~= rate, "\(rate) frames a second")
      }
    }

    // MARK: - Controllers

    /// A controller that the driver of SDL has made up, with the events of a real one.
    private struct Controller {
      private let device: Int32
      private let joystick: OpaquePointer

      init() throws {
        device = SDL_JoystickAttachVirtual(
          SDL_JOYSTICK_TYPE_GAMECONTROLLER, Int32(SDL_CONTROLLER_AXIS_MAX.rawValue),
          Int32(SDL_CONTROLLER_BUTTON_MAX.rawValue), 0)
        joystick = try #require(
          SDL_JoystickOpen(device), "\(String(cString: SDL_GetError()))")
      }

      func push(_ axis: SDL_GameControllerAxis, to position: Double) {
        SDL_JoystickSetVirtualAxis(joystick, axis.rawValue, Int16(position * 32767))
      }

      func press(_ button: SDL_GameControllerButton, _ isDown: Bool = true) {
        SDL_JoystickSetVirtualButton(joystick, button.rawValue, isDown ? 1 : 0)
      }

      func unplug() {
        // The number of a device is its place among those that are there.
        let instance = SDL_JoystickInstanceID(joystick)
        let place = (0..<SDL_NumJoysticks()).first {
          SDL_JoystickGetDeviceInstanceID($0) == instance
        }
        SDL_JoystickDetachVirtual(place ?? device)
        SDL_JoystickClose(joystick)
      }
    }

    @Test(.enabled(if: Display.canBeMade, "needs Xvfb"), .timeLimit(.minutes(1)))
    func aControllerPlays() throws {
      try Self.withDisplay {
        // Nobody has given the window the keyboard.
        SDL_SetHint(SDL_HINT_JOYSTICK_ALLOW_BACKGROUND_EVENTS, "1")
        var session = Session([try Playback(of: "Pendulum-v1", seed: 1)], isGame: true)
        let window = try SessionWindow(title: "controller", width: 600, height: 400)
        /// Lets the window run until something is so.
        func expect(
          _ what: Comment, _ isSo: (Session) -> Bool,
          sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
          for _ in 0..<40 {
            if session.current.ending != .none { try session.perform(.nextEpisode) }
            try window.run(&session, seconds: 0.1)
            if session.current.position > 0, isSo(session) { return }
          }
          Issue.record(
            "\(what) is not so; the last action was \(session.current.shown.action ?? [])",
            sourceLocation: sourceLocation)
        }
        func acts(_ force: Float) -> (Session) -> Bool {
          { ($0.current.shown.action?.first ?? .nan).distance(to: force).magnitude < 0.01 }
        }

        try expect("without one nothing acts", acts(0))
        // Plugged in while the game goes on.
        let first = try Controller()
        try expect("at rest it does nothing", acts(0))
        first.push(SDL_CONTROLLER_AXIS_LEFTX, to: 0.5)
        try expect("half way is half the force", acts(1))
        first.push(SDL_CONTROLLER_AXIS_LEFTX, to: -1)
        try expect("all the way to the left", acts(-2))
        first.push(SDL_CONTROLLER_AXIS_LEFTX, to: 0)
        try expect("let go of", acts(0))
        first.press(SDL_CONTROLLER_BUTTON_DPAD_RIGHT)
        try expect("the cross", acts(2))
        first.press(SDL_CONTROLLER_BUTTON_DPAD_RIGHT, false)
        try expect("the cross let go of", acts(0))
        let hasPanel = session.showsPanel
        first.press(SDL_CONTROLLER_BUTTON_START)
        try expect("start shows or hides the panel") { $0.showsPanel != hasPanel }

        // Pulled out with a stick and a button held.
        first.push(SDL_CONTROLLER_AXIS_LEFTX, to: 1)
        first.press(SDL_CONTROLLER_BUTTON_DPAD_RIGHT)
        try expect("held", acts(2))
        first.unplug()
        try expect("nobody holds it any more", acts(0))
        #expect(session.pressed.isEmpty && session.sticks.pushes.isEmpty)

        let second = try Controller()
        try expect("another one at rest", acts(0))
        second.push(SDL_CONTROLLER_AXIS_LEFTX, to: -0.5)
        try expect("another one in its place", acts(-1))
        second.unplug()
        try expect("and without", acts(0))
      }
    }
  }
#endif
