#if Viewer
  public import Agents
  import Envs
  import Foundation
  import Synchronization

  /// A window on a training run: the policy as it is now plays episodes of its own while training goes on.
  ///
  /// ```swift
  /// let live = try LiveTraining(title: "ppo on CartPole-v1")
  /// try live.run { callback in
  ///   try agent.train(on: &environments, steps: 100_000, callbacks: [callback])
  /// }
  /// ```
  ///
  /// Training learns from nothing that happens here, so that it ends with the same weights with it and without it.
  public final class LiveTraining {
    private var window: SessionWindow?
    private let desk = Desk()
    private let seed: UInt64

    /// Opens the window, on the first thread.
    ///
    /// - Parameter seed: Of the first episode that is shown.
    /// - Throws: ``ViewerError`` without a display.
    public init(title: String, seed: UInt64 = 0) throws {
      let window = try SessionWindow(title: title)
      // MuJoCo's renderer may have to do without a graphics card.
      window.paintingShare = 0.25
      self.window = window
      self.seed = seed
    }

    /// What training and the window tell each other.
    fileprivate final class Desk: Sendable {
      struct State: Sendable {
        var isWanted = true
        var policy: WatchedPolicy?
        var episode: AnyEpisode?
        var subtitle = ""
        var hasEnded = false
        var error: (any Error)?
      }
      let state = Mutex(State())
    }

    /// The callback that shows the window the policy.
    fileprivate struct Publishing: Callback {
      let desk: Desk
      let seed: UInt64

      mutating func iterationEnded(_ moment: inout TrainingMoment) throws {
        // A policy that is shown is copied at the next update, so that only one that is asked for is given.
        guard desk.state.withLock({ $0.isWanted }) else { return }
        let report = moment.report
        let isFirst = desk.state.withLock { $0.episode == nil }
        let episode = isFirst ? moment.environments.fresh(count: 1, seed: seed).episode(0) : nil
        let policy = WatchedPolicy(of: moment)
        let mean =
          report.meanReturn.isFinite ? ", mean return \(Panel.text(report.meanReturn))" : ""
        desk.state.withLock {
          $0.isWanted = false
          $0.policy = policy
          if let episode { $0.episode = episode }
          $0.subtitle = "step \(report.steps)\(mean)"
        }
      }
    }

    /// Trains on a thread of its own and shows the policy on this one, until training ends; closing the window does
    /// not end it.
    ///
    /// - Parameters:
    ///   - ending: Ends the process where the display goes, after training has ended, with what training threw or
    ///     nil; nothing can be gone back to then.
    ///   - train: Given the callback that it must train with.
    /// - Throws: What training throws.
    public func run(
      ending: @escaping @Sendable ((any Error)?) -> Never = LiveTraining.end(with:),
      _ train: @escaping @Sendable (any Callback) throws -> Void
    ) throws {
      let desk = desk
      let callback = Publishing(desk: desk, seed: seed)
      let finished = DispatchSemaphore(value: 0)
      // Without its display training goes on to its end all the same.
      window?.beforeEnding = {
        finished.wait()
        ending(desk.state.withLock { $0.error })
      }
      let thread = Thread {
        do { try train(callback) } catch { desk.state.withLock { $0.error = error } }
        desk.state.withLock { $0.hasEnded = true }
        finished.signal()
      }
      thread.stackSize = 16 << 20
      thread.start()
      // The window may fail or be closed; training goes on.
      do { try show() } catch { Self.note("the window is closed: \(error)") }
      window = nil
      desk.state.withLock { $0.isWanted = false }
      finished.wait()
      if let error = desk.state.withLock({ $0.error }) { throw error }
    }

    private static func note(_ text: String) {
      FileHandle.standardError.write(Data("swirl: \(text)\n".utf8))
    }

    /// Says what training threw, if it did, and ends the process.
    @Sendable public static func end(with error: (any Error)?) -> Never {
      if let error { note("\(error)") }
      exit(error == nil ? 0 : 1)
    }

    private func show() throws {
      guard let window else { return }
      let desk = desk
      window.shouldClose = { desk.state.withLock { $0.hasEnded } }
      // Until there is a policy to show.
      var episode: AnyEpisode?
      while episode == nil {
        if desk.state.withLock({ $0.hasEnded }) || window.isClosed() { return }
        episode = desk.state.withLock { $0.episode }
        Thread.sleep(forTimeInterval: 0.02)
      }
      guard let episode, let policy = desk.state.withLock({ $0.policy }) else { return }
      var session = Session([
        try Playback(episode, seed: seed, policy: policy, isDeterministic: true)
      ])
      session.subtitle = desk.state.withLock { $0.subtitle }
      window.policy = {
        desk.state.withLock { state in
          defer {
            state.policy = nil
            state.isWanted = true
          }
          return state.policy.map { ($0, state.subtitle) }
        }
      }
      try window.run(&session)
    }
  }
#endif
