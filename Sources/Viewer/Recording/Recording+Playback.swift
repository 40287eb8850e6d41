#if Viewer
  import Envs

  extension Recording {
    /// How a playback is filmed.
    public struct Settings: Sendable {
      public var stage: Stage
      public var scale = 1.0
      /// How fast the film goes, 1 for the environment's own pace.
      public var speed = 1.0
      /// Frames a second at most.
      public var framesPerSecond: Double?
      public var episodes = 1
      /// Steps of an episode at most.
      public var steps = 10_000
      /// The step that a picture shows; the last when nil.
      public var step: Int?
      /// A picture of one frame beside a film, its sixtieth step or its last: a .png or .svg.
      public var poster: String?
      /// How long the last frame of an episode stands, in seconds.
      public var rest = 1.0
      /// Asked before each step: whether to give up, and leave no file.
      public var shouldStop: @Sendable () -> Bool = { false }

      public init(stage: Stage) { self.stage = stage }
    }

    /// What a recording came to.
    public struct Summary: Sendable {
      public var frames: Int
      public var steps: Int
      /// Returns of the episodes of the first playback.
      public var returns: [Double]
    }

    /// Films episodes side by side, each to its end, or takes a picture of them.
    ///
    /// - Throws: ``ViewerError`` as the recording does, `EnvironmentError` as playing does, `CancellationError` where
    ///   the settings say that it is to stop.
    @discardableResult
    public static func film(
      _ playbacks: inout [Playback], columns: Int = 1, to path: String, _ settings: Settings
    ) throws -> Summary {
      let format = try Format(of: path)
      func layout(_ playbacks: [Playback]) -> Layout {
        settings.stage.layout(playbacks, columns: columns)
      }
      var summary = Summary(frames: 0, steps: 0, returns: [])
      if !format.isFilm {
        _ = try move(&playbacks, to: settings.step ?? settings.steps, settings)
        let recording = try Recording(
          to: path, width: settings.stage.width, height: settings.stage.height,
          scale: settings.scale, framesPerSecond: 1)
        try recording.add(layout(playbacks))
        try recording.finish()
        summary.frames = 1
        summary.steps = playbacks[0].position
        summary.returns = [playbacks[0].shown.returnSoFar]
        return summary
      }

      // Before the film, which takes a while.
      let poster = try settings.poster.map { path in
        guard try !Format(of: path).isFilm else {
          throw ViewerError(.usage, "a poster is one frame, a .png or .svg, and not \(path)")
        }
        return try Recording(
          to: path, width: settings.stage.width, height: settings.stage.height,
          scale: settings.scale, framesPerSecond: 1)
      }
      let pace = max(playbacks[0].scene.stepsPerSecond * settings.speed, 0.01)
      let rate = min(pace, settings.framesPerSecond ?? format.fastest, format.fastest)
      // The colours of the whole episode, which is therefore played to its end and filmed afterwards.
      let recording = try Recording(
        to: path, width: settings.stage.width, height: settings.stage.height,
        scale: settings.scale, framesPerSecond: rate,
        colors: format == .gif ? try samples(&playbacks, settings, layout) : [])
      for episode in 0..<max(settings.episodes, 1) {
        if episode > 0 { for n in playbacks.indices { playbacks[n].nextEpisode() } }
        var frame = 0
        var isOver = false
        while !isOver {
          let step = min(Int((Double(frame) * pace / rate).rounded()), settings.steps)
          isOver = try move(&playbacks, to: step, settings) || step == settings.steps
          try recording.add(layout(playbacks))
          if let poster, poster.count == 0, isOver || step >= 60 {
            try poster.add(layout(playbacks))
          }
          frame += 1
        }
        let rest = Int((settings.rest * rate).rounded())
        if rest > 0 { try recording.add(layout(playbacks), repeats: rest) }
        summary.steps += playbacks[0].position
        summary.returns.append(playbacks[0].shown.returnSoFar)
      }
      summary.frames = recording.count
      try recording.finish()
      try poster?.finish()
      return summary
    }

    /// Shows a step of every playback, or its last where it has ended before.
    ///
    /// - Returns: Whether all have ended.
    private static func move(
      _ playbacks: inout [Playback], to step: Int, _ settings: Settings
    ) throws -> Bool {
      var isOver = true
      for n in playbacks.indices {
        while playbacks[n].position < step, try playbacks[n].advance() {
          if settings.shouldStop() { throw CancellationError() }
        }
        if playbacks[n].shown.ending == .none { isOver = false }
      }
      return isOver
    }

    /// Layouts from all over the first episode.
    private static func samples(
      _ playbacks: inout [Playback], _ settings: Settings, _ layout: ([Playback]) -> Layout
    ) throws -> [Layout] {
      _ = try move(&playbacks, to: settings.steps, settings)
      let last = playbacks.map(\.position).max() ?? 0
      // Backwards, so that the playbacks stand at their start afterwards.
      return try (0...6).reversed().map { part in
        for n in playbacks.indices { try playbacks[n].seek(to: last * part / 6) }
        return layout(playbacks)
      }
    }
  }
#endif
