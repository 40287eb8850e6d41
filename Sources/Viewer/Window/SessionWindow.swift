#if Viewer
  import Envs
  import Foundation

  /// A window on a session: shows it sixty times a second at most and does what the keys say.
  ///
  /// ```swift
  /// var session = Session([try Playback(of: "CartPole-v1", seed: 1)])
  /// try SessionWindow(title: "CartPole").run(&session)
  /// ```
  public final class SessionWindow {
    private let window: Window
    /// Asked about twice a second: another policy, or nil.
    public var policy: () throws -> (policy: WatchedPolicy, subtitle: String)? = { nil }
    /// Whether there is a reason to end, such as the end of the training that is watched.
    public var shouldClose: () -> Bool = { false }
    /// Where pictures go that a person asks for with F12.
    public var pictureFolder = "."
    /// Done before the process ends because the display has gone, which X11 leaves no way back from.
    public var beforeEnding: (@Sendable () -> Void)? {
      didSet { DisplayLoss.beforeEnding(beforeEnding) }
    }
    /// The share of the time that painting may take, where something else needs the processor.
    public var paintingShare = 1.0
    /// Frames shown so far.
    public private(set) var frames = 0

    /// - Throws: ``ViewerError`` without a display.
    public init(title: String, width: Int = 900, height: Int = 520) throws {
      window = try Window(title: title, width: width, height: height)
    }

    deinit { if beforeEnding != nil { DisplayLoss.beforeEnding(nil) } }

    /// Runs until the window is closed or a person quits.
    ///
    /// - Parameter seconds: At most so long.
    /// - Throws: ``ViewerError`` if the display disappears, `EnvironmentError` as a step does.
    public func run(_ session: inout Session, seconds: Double = .infinity) throws {
      let start = ContinuousClock.now
      var last = start
      var lastPoll = start - .seconds(1)
      var shown = -1
      var isScrubbing = false
      var nextPainting = start
      while !session.wantsToQuit {
        let now = ContinuousClock.now
        if (now - start) / .seconds(1) >= seconds || shouldClose() { return }
        // Until the next frame is due, unless something happens before.
        let wait = max(0, 16 - Int((now - last) / .milliseconds(1)))
        for event in window.events(waiting: session.isPlaying ? wait : max(wait, 30)) {
          try handle(event, &session, &isScrubbing)
          if event == .changed { shown = -1 }
        }
        let frame = ContinuousClock.now
        if (frame - lastPoll) / .milliseconds(1) >= 500 {
          lastPoll = frame
          if let (policy, subtitle) = try policy() {
            try session.hand(to: policy, subtitle: subtitle)
          }
        }
        guard (frame - last) / .milliseconds(1) >= 15 else { continue }
        try session.tick((frame - last) / .seconds(1))
        last = frame
        if session.version != shown, window.isVisible, frame >= nextPainting {
          shown = session.version
          let size = window.size
          try window.show(session.layout(width: size.width, height: size.height))
          frames += 1
          let now = ContinuousClock.now
          nextPainting = now + (now - frame) * (1 / max(paintingShare, 0.01) - 1)
        }
      }
    }

    /// Whether a person has closed it before there was anything to show.
    func isClosed() -> Bool { window.events(waiting: 0).contains(.close) }

    private func handle(
      _ event: Window.Event, _ session: inout Session, _ isScrubbing: inout Bool
    ) throws {
      switch event {
      case .close: try session.perform(.quit)
      case .keyDown(let key, let isShifted):
        if key == "f11" || key == "f", !session.uses(key) {
          window.toggleFullScreen()
        } else if key == "f12" {
          takePicture(&session)
        } else {
          try session.strike(key, isShifted: isShifted)
        }
      case .keyUp(let key): session.release(key)
      case .stick(let axis, let position): session.sticks.move(axis, to: position)
      case .controllerGone: session.sticks.release()
      case .pointerDown(let x, let y):
        let size = window.size
        isScrubbing = y >= size.height - Session.barHeight && size.height > 4 * Session.barHeight
        if isScrubbing { try scrub(x, &session) }
      case .pointerMoved(let x, _): if isScrubbing { try scrub(x, &session) }
      case .pointerUp: isScrubbing = false
      case .changed: break
      }
    }

    private func scrub(_ x: Double, _ session: inout Session) throws {
      let range = Session.barRange(width: window.size.width)
      try session.perform(
        .seek((x - range.lowerBound) / max(range.upperBound - range.lowerBound, 1)))
    }

    private func takePicture(_ session: inout Session) {
      let size = window.size
      let path = "\(pictureFolder)/swirl-\(Int(Date().timeIntervalSince1970)).png"
      do {
        try session.layout(width: size.width, height: size.height).png(scale: 2)
          .write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        session.say("wrote \(path)")
      } catch {
        session.say("cannot write \(path)")
      }
    }
  }
#endif
