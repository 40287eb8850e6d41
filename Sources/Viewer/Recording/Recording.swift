#if Viewer
  import Envs
  import Foundation

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #else
    import Darwin
  #endif

  /// A film or picture that is being made: frames in, one file out.
  ///
  /// ```swift
  /// var recording = try Recording(to: "x.mp4", width: 600, height: 400, framesPerSecond: 50)
  /// try recording.add(layout)
  /// try recording.finish()
  /// ```
  ///
  /// The file appears under its name when it is finished, so that a full disk or an interrupt leaves the one that was
  /// there before.
  public final class Recording {
    /// What kind of file, by the end of its name.
    public enum Format: String, Sendable, CaseIterable {
      case png, svg, gif, mp4, webm

      public var isFilm: Bool { self == .gif || self == .mp4 || self == .webm }
      /// More frames than this a second are not worth their bytes, or are not shown.
      public var fastest: Double { self == .gif ? 25 : 60 }

      /// - Throws: ``ViewerError`` for another end.
      public init(of path: String) throws {
        let end = (path as NSString).pathExtension.lowercased()
        guard let format = Format(rawValue: end) else {
          let known = Format.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")
          throw ViewerError(
            .usage, "\(path) has none of the ends that can be recorded: \(known)")
        }
        self = format
      }
    }

    public let path: String
    public let format: Format
    private let canvas: Canvas
    private var film: FFmpeg?
    private var still: Data?
    private let temporary: String
    private var isFinished = false
    /// Frames so far.
    public private(set) var count = 0

    /// - Parameters:
    ///   - width: In points, and `scale` pixels a point.
    ///   - colors: Layouts whose colours a GIF is to have; its first frame's when empty.
    /// - Throws: ``ViewerError`` if the file cannot be made or ffmpeg is missing.
    public init(
      to path: String, width: Double, height: Double, scale: Double = 1, framesPerSecond: Double,
      colors: [Layout] = []
    ) throws {
      self.path = path
      format = try Format(of: path)
      // Films want even sides.
      func side(_ length: Double, _ isFilm: Bool) -> Int {
        let side = Int((length * scale).rounded())
        return isFilm ? max(2, side / 2 * 2) : max(1, side)
      }
      canvas = try Canvas(
        width: side(width, format.isFilm), height: side(height, format.isFilm), scale: scale)
      let name = (path as NSString).lastPathComponent
      let folder = (path as NSString).deletingLastPathComponent
      temporary =
        (folder as NSString).appendingPathComponent(".\(getpid())-part-\(name)")
      guard FileManager.default.createFile(atPath: temporary, contents: nil) else {
        throw ViewerError(
          .failed, "cannot write \(path): \(String(cString: strerror(errno)))")
      }
      guard format.isFilm else { return }
      do {
        film = try FFmpeg(arguments(framesPerSecond: framesPerSecond, colors))
      } catch {
        unlink(temporary)
        unlink(palettePath)
        throw error
      }
    }

    deinit { if !isFinished { cancel() } }

    private var palettePath: String { temporary + ".palette.png" }

    private func arguments(framesPerSecond: Double, _ colors: [Layout]) throws -> [String] {
      var arguments = [
        "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr0", "-video_size",
        "\(canvas.width)x\(canvas.height)", "-framerate", "\(framesPerSecond)", "-i", "pipe:0",
      ]
      switch format {
      case .gif:
        let palette = Palette(of: try colors.map { try pixels(of: $0) })
        do { try palette.png().write(to: URL(fileURLWithPath: palettePath)) } catch {
          throw ViewerError(.failed, "cannot write \(path): \(error.localizedDescription)")
        }
        arguments += [
          "-i", palettePath, "-lavfi", "paletteuse=dither=none:diff_mode=rectangle", "-loop", "0",
        ]
      case .mp4:
        arguments += [
          "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p",
          "-movflags", "+faststart",
        ]
      case .webm:
        arguments += [
          "-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "32", "-deadline", "realtime", "-cpu-used",
          "7", "-row-mt", "1", "-pix_fmt", "yuv420p",
        ]
      case .png, .svg: break
      }
      return arguments + ["-f", format.rawValue, temporary]
    }

    private func pixels(of layout: Layout) throws -> [UInt8] {
      let canvas = try Canvas(width: canvas.width, height: canvas.height, scale: canvas.scale)
      canvas.draw(layout)
      return canvas.withPixels { Array($0) }
    }

    /// Adds a frame; the last one is the file where it is a picture.
    ///
    /// - Parameter repeats: How often it is shown.
    /// - Throws: ``ViewerError`` if the film cannot be gone on with.
    public func add(_ layout: Layout, repeats: Int = 1) throws {
      guard !isFinished, repeats > 0 else { return }
      count += repeats
      if format == .svg {
        still = Data(layout.svg().utf8)
        return
      }
      canvas.draw(layout)
      if format == .png {
        still = try canvas.png()
      } else {
        for _ in 0..<repeats { try canvas.withPixels { try film?.write($0) } }
      }
    }

    /// Puts the file under its name.
    ///
    /// - Throws: ``ViewerError`` if there is no frame or the disk is full; what was under the name is still there.
    public func finish() throws {
      guard !isFinished else { return }
      defer { cancel() }
      guard count > 0 else {
        throw ViewerError(.usage, "nothing was recorded, so \(path) is not written")
      }
      try film?.finish()
      if let still {
        do { try still.write(to: URL(fileURLWithPath: temporary)) } catch {
          throw ViewerError(
            .failed, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
      }
      try flush()
      guard rename(temporary, path) == 0 else {
        throw ViewerError(.failed, "cannot write \(path): \(String(cString: strerror(errno)))")
      }
    }

    private func flush() throws {
      let descriptor = open(temporary, O_RDONLY)
      guard descriptor >= 0 else { throw ViewerError(.failed, "\(temporary) has disappeared") }
      defer { close(descriptor) }
      guard fsync(descriptor) == 0 else {
        throw ViewerError(.failed, "cannot write \(path): \(String(cString: strerror(errno)))")
      }
    }

    /// Gives up; the file of the same name stays what it was.
    public func cancel() {
      isFinished = true
      film?.stop()
      film = nil
      unlink(temporary)
      unlink(palettePath)
    }
  }
#endif
