import Envs
import Foundation

/// What a person does with episodes: plays, stops, goes back, speeds up, takes over. It knows no window; those that
/// show it hand it commands and time, and ask it for a layout.
public struct Session: Sendable {
  /// What a person can ask for.
  public enum Command: Sendable, Hashable {
    case playOrPause
    case forward(Int), back(Int), toStart, toEnd
    /// To a part of the episode as far as it was played, from 0 to 1.
    case seek(Double)
    case faster, slower, normalSpeed
    case nextEpisode, restart, otherSeed
    case toggleStochastic, takeOver, togglePanel, toggleHelp
    case selectNext
    case quit
  }

  public internal(set) var playbacks: [Playback]
  public let columns: Int
  /// The one whose panel is shown and that a person takes over.
  public private(set) var selected = 0
  public private(set) var isPlaying = true
  public private(set) var speed = 1.0
  public var showsPanel: Bool
  public private(set) var showsHelp = false
  /// Whether a person acts in the selected episode.
  public internal(set) var isByHand = false
  public private(set) var wantsToQuit = false
  /// Who acts, for the panel.
  public var subtitle: String
  /// Which keys act.
  public var keys: ActionKeys
  /// The keys that are down, and the sticks of a controller that stand for keys.
  public var pressed: Set<String> = []
  public var sticks = Sticks()
  /// Said at the lower edge for a while.
  public private(set) var notice: (text: String, seconds: Double)?
  /// Whether the next episode begins by itself.
  public var goesOn = true
  /// Whether only a person acts, as in `swirl play`.
  public let isGame: Bool
  /// Called with each episode that is left, before the next begins.
  public var ended: @Sendable (Playback) -> Void = { _ in }
  /// Called with the selected episode at the step that ends it; a person may still go back and play it otherwise.
  public var reachedEnd: @Sendable (Playback) -> Void = { _ in }

  private var owed = 0.0
  private var rest = 0.0
  /// A key that was pressed since the last step of a game that waits for keys.
  private var struck: Set<String> = []
  /// Changes whenever the picture does.
  public private(set) var version = 0

  static let speeds = 0.1...100.0
  /// How long an ended episode stands, in seconds.
  private static let pause = 1.2

  public init(
    _ playbacks: [Playback], columns: Int = 1, showsPanel: Bool = true, subtitle: String = "",
    keys: ActionKeys? = nil, isGame: Bool = false, speed: Double = 1, isPaused: Bool = false
  ) {
    self.playbacks = playbacks
    self.columns = columns
    self.showsPanel = showsPanel
    self.subtitle = subtitle
    self.keys = keys ?? .standard(for: playbacks[0].description)
    self.isGame = isGame
    isByHand = isGame
    isPlaying = !isPaused
    pace = max(playbacks[0].scene.stepsPerSecond, 0.1)
    self.speed = max(Self.speeds.lowerBound, min(Self.speeds.upperBound, speed))
  }

  /// Steps a second that look natural.
  private let pace: Double

  public var current: Playback { playbacks[selected] }

  // MARK: - Commands

  /// - Throws: `EnvironmentError` as a step does.
  public mutating func perform(_ command: Command) throws {
    version += 1
    switch command {
    case .playOrPause:
      if isGame, current.ending != .none {
        try perform(.nextEpisode)
      } else {
        isPlaying.toggle()
      }
    case .forward(let count):
      isPlaying = false
      for _ in 0..<count { try advanceAll() }
    case .back(let count):
      isPlaying = false
      for n in playbacks.indices { try playbacks[n].seek(to: playbacks[n].position - count) }
    case .toStart:
      for n in playbacks.indices { try playbacks[n].seek(to: 0) }
    case .toEnd:
      for n in playbacks.indices { try playbacks[n].seek(to: playbacks[n].steps.count - 1) }
    case .seek(let share):
      isPlaying = false
      let last = playbacks.map(\.steps.count).max() ?? 1
      let step = Int((max(0, min(1, share)) * Double(last - 1)).rounded())
      for n in playbacks.indices { try playbacks[n].seek(to: step) }
    case .faster: setSpeed(speed * 2)
    case .slower: setSpeed(speed / 2)
    case .normalSpeed: setSpeed(1)
    case .nextEpisode: begin { $0.nextEpisode() }
    case .restart: begin { $0.restart(seed: $0.seed) }
    case .otherSeed:
      let count = UInt64(playbacks.count)
      begin { $0.restart(seed: $0.seed &+ count) }
    case .toggleStochastic:
      guard current.hasPolicy else {
        say("there is no policy here, only random actions")
        return
      }
      let deterministic = !current.isDeterministic
      for n in playbacks.indices { playbacks[n].act(deterministically: deterministic) }
      say(deterministic ? "the most probable actions" : "actions drawn from the policy")
    case .takeOver:
      guard !isGame else { return }
      isByHand.toggle()
      pressed = []
      sticks.forgetPresses()
      say(isByHand ? "you act: \(keys.summary)" : "handed back")
    case .togglePanel: showsPanel.toggle()
    case .toggleHelp: showsHelp.toggle()
    case .selectNext: selected = (selected + 1) % playbacks.count
    case .quit: wantsToQuit = true
    }
  }

  private mutating func begin(_ body: (inout Playback) -> Void) {
    for n in playbacks.indices {
      ended(playbacks[n])
      body(&playbacks[n])
    }
    (owed, rest) = (0, 0)
    if isGame { isPlaying = true }
  }

  private mutating func setSpeed(_ speed: Double) {
    self.speed = max(Self.speeds.lowerBound, min(Self.speeds.upperBound, speed))
    say("speed \(Panel.text(self.speed))×")
  }

  /// Shows a sentence for a while.
  public mutating func say(_ text: String) {
    notice = (text, 2.5)
    version += 1
  }

  /// Has another policy act from the next step on that was not taken yet.
  public mutating func hand(to policy: WatchedPolicy, subtitle: String) throws {
    for n in playbacks.indices { try playbacks[n].hand(to: policy) }
    self.subtitle = subtitle
    version += 1
  }

  /// Whether a key acts in the episode now, and so is no command.
  public func uses(_ key: String) -> Bool {
    isByHand && keys.bindings.contains { $0.key == key }
      && (isGame ? current.ending == .none || key != "space" : true)
  }

  /// A key went down: it acts in the episode or is a command.
  ///
  /// - Throws: `EnvironmentError` as a step does.
  public mutating func strike(_ key: String, isShifted: Bool = false) throws {
    if uses(key) {
      press(key)
    } else if let command = Self.command(of: key, isShifted: isShifted) {
      try perform(command)
    }
  }

  /// A key of the episode went down.
  public mutating func press(_ key: String) {
    pressed.insert(key)
    struck.insert(key)
  }

  public mutating func release(_ key: String) { pressed.remove(key) }

  // MARK: - Time

  /// Lets time pass: as many steps as are due, but no more than fit a frame.
  ///
  /// - Throws: `EnvironmentError` as a step does.
  public mutating func tick(_ seconds: Double) throws {
    if let left = notice?.seconds {
      notice?.seconds -= seconds
      if left <= seconds {
        notice = nil
        version += 1
      }
    }
    guard isPlaying else { return }
    if playbacks.allSatisfy({ $0.isAtTip && $0.ending != .none }) {
      rest += seconds
      if goesOn, !isGame, rest >= Self.pause / max(1, min(speed, 10)) {
        try perform(.nextEpisode)
      }
      return
    }
    rest = 0
    if isByHand, keys.idle == .waits {
      // The world waits for a key, or for a stick, which is a key struck again and again.
      struck.formUnion(sticks.presses(after: seconds, pace: pace * speed))
      guard let action = keys.action(pressed: struck, step: current.position) else { return }
      struck = []
      try step(action)
      return
    }
    owed += min(seconds, 0.25) * pace * speed
    let deadline = ContinuousClock.now + .milliseconds(12)
    while owed >= 1 {
      owed -= 1
      try advanceAll()
      if ContinuousClock.now > deadline {
        owed = min(owed, 1)
        break
      }
    }
  }

  private mutating func advanceAll() throws {
    version += 1
    if isByHand {
      let down = keys.idle == .waits ? struck : pressed.union(struck)
      struck = []
      if let action = keys.action(pressed: down, sticks: sticks.pushes, step: current.position) {
        try step(action)
      }
      return
    }
    for n in playbacks.indices { try playbacks[n].advance() }
  }

  private mutating func step(_ action: [Float]) throws {
    version += 1
    for n in playbacks.indices {
      if n == selected {
        guard playbacks[n].shown.ending == .none else { continue }
        try playbacks[n].advance(action)
        if playbacks[n].shown.ending != .none { reachedEnd(playbacks[n]) }
      } else if !isGame {
        try playbacks[n].advance()
      }
    }
  }
}
