#if Viewer
  import Displays
  import Foundation
  import Testing

  /// `swirl view` and `swirl play` as a person runs them; windows open on an Xvfb of the tests' own.
  @Suite(.serialized) struct ViewTests {
    static let hasFFmpeg = Display.hasProgram("ffmpeg")
    static let hasDisplay = hasFFmpeg && Display.canBeMade && Display.hasProgram("xdotool")

    // MARK: - Recording

    @Test func picturesAreWritten() throws {
      let folder = try TemporaryFolder()
      for file in ["a.png", "b.svg"] {
        let result = try BuiltProgram.swirl(
          "view CartPole-v1 --record \(folder.path(file)) --at 5 --size 200x150 --panel --seed 3")
        #expect(result.status == 0, "\(result.errors)")
      }
      #expect(try Data(contentsOf: folder.url.appendingPathComponent("a.png")).count > 1000)
      let svg = try String(contentsOfFile: folder.path("b.svg"), encoding: .utf8)
      #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n"))
    }

    @Test(.enabled(if: hasFFmpeg, "needs ffmpeg")) func aRunIsFilmed() throws {
      let folder = try TemporaryFolder()
      let run = folder.path("run")
      let trained = try BuiltProgram.swirl(
        "train ppo CartPole-v1 --steps 4096 --workers 1 --out \(run) --video-every 20")
      #expect(trained.status == 0, "\(trained.errors)")
      let videos = try FileManager.default.contentsOfDirectory(atPath: run + "/videos")
      #expect(!videos.isEmpty && videos.allSatisfy { $0.hasSuffix(".mp4") })
      let file = folder.path("x.gif")
      let result = try BuiltProgram.swirl(
        "view \(run) --record \(file) --size 320x160 --panel --grid 2x1 --stochastic --steps 40")
      #expect(result.status == 0, "\(result.errors)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: file)).starts(with: Array("GIF89a".utf8)))
    }

    @Test func aRunOfAnotherVersionIsShownOrRefusedInASentence() throws {
      let folder = try TemporaryFolder()
      let (run, picture) = (folder.path("run"), folder.path("x.png"))
      let trained = try BuiltProgram.swirl(
        "train ppo CartPole-v1 --steps 256 --workers 1 --out \(run)")
      #expect(trained.status == 0, "\(trained.errors)")
      var description = try #require(
        try JSONSerialization.jsonObject(with: RunFolder(run).data("run.json")) as? [String: Any])
      func view() throws -> BuiltProgram.Result {
        try JSONSerialization.data(withJSONObject: description)
          .write(to: URL(fileURLWithPath: run + "/run.json"))
        return try BuiltProgram.swirl("view \(run) --record \(picture)")
      }
      // A later one, which says more of a run.
      description["version"] = "99.0.0"
      description["later"] = ["more": 1]
      let shown = try view()
      #expect(shown.status == 0, "\(shown.errors)")
      // One that says other things of it.
      description["environment"] = nil
      expectRefusal(try view(), status: 65, saying: "run.json")
    }

    @Test func badCallsSayWhy() throws {
      let folder = try TemporaryFolder()
      let picture = folder.path("x.png")
      try folder.write("old", to: "note.txt")
      func view(_ line: String) throws -> BuiltProgram.Result {
        try BuiltProgram.swirl("view \(line)")
      }
      expectRefusal(try view("CartPole-v9 --record \(picture)"), status: 64, saying: "CartPole-v1")
      expectRefusal(try view("runs/none --record \(picture)"), status: 66, saying: "runs/none")
      expectRefusal(
        try view("\(folder.path("note.txt")) --record \(picture)"), status: 65,
        saying: "run directory")
      expectRefusal(
        try view("CartPole-v1 --record \(folder.path("x.avi"))"), status: 64, saying: ".gif")
      expectRefusal(
        try view("CartPole-v1 --record /nowhere/x.png"), status: 1, saying: "/nowhere/x.png")
      expectRefusal(
        try view("CartPole-v1 --record \(picture) --size 0x3"), status: 64, saying: "600x400")
      expectRefusal(
        try view("CartPole-v1 --record \(picture) --grid 3"), status: 64, saying: "3x3")
      expectRefusal(
        try view("CartPole-v1 --record \(picture) --stochastic"), status: 64,
        saying: "random actions")
      expectRefusal(try view("CartPole-v1 --follow"), status: 64, saying: "--follow")
      expectRefusal(
        try BuiltProgram.swirl.run(
          ["view", "CartPole-v1", "--record", folder.path("x.gif")],
          environment: ["PATH": "/nowhere"]), status: 66, saying: "ffmpeg", "apt-get install")
      expectRefusal(
        try BuiltProgram.swirl.run(
          ["view", "CartPole-v1"],
          environment: ["DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": "x11"]),
        status: 1, saying: "display", "--terminal", "--record")
      let hidden = ["DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": "x11"]
      let unseen = try BuiltProgram.swirl.run(["play", "CartPole-v1"], environment: hidden)
      expectRefusal(unseen, status: 1, saying: "display", "--terminal")
      #expect(!unseen.errors.contains("--record"))
      expectRefusal(
        try BuiltProgram.swirl.run(
          ["train", "ppo", "CartPole-v1", "--view", "--out", folder.path("run")],
          environment: hidden), status: 1, saying: "display", "--video-every")
      // Without a driver named, SDL would fall back on one that shows nothing.
      expectRefusal(
        try BuiltProgram.swirl.run(
          ["view", "CartPole-v1"],
          environment: ["DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": ""]),
        status: 1, saying: "display", "--terminal", "--record")
      expectRefusal(
        try view("CartPole-v1 --terminal blocks"), status: 64, saying: "no terminal", "--record")
      // What would do nothing.
      for (line, option) in [
        ("--record \(picture) --follow", "--follow"),
        ("--record \(picture) --poster p.png", "--poster"),
        ("--poster p.png", "--poster"), ("--record \(folder.path("x.gif")) --at 3", "--at"),
        ("--record \(folder.path("x.gif")) --poster p.jpg", "p.jpg"),
      ] {
        expectRefusal(try view("CartPole-v1 \(line)"), status: 64, saying: option)
      }
      expectRefusal(
        try BuiltProgram.swirl("play CartPole-v1 --key left=7"), status: 64, saying: "left=0")
      expectRefusal(
        try BuiltProgram.swirl(
          "play CartPole-v1 --save-demonstrations \(folder.path("note.txt"))"), status: 64,
        saying: "exists already")
      #expect(!FileManager.default.fileExists(atPath: picture))
    }

    @Test func keysAreListed() throws {
      let result = try BuiltProgram.swirl("play LunarLander-v3 --list-keys --key x=2")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("left  left engine") && result.output.contains("x  action 2"))
      #expect(result.output.contains("no key  action 0"))
    }

    @Test(.enabled(if: hasFFmpeg, "needs ffmpeg")) func anInterruptedFilmLeavesNothing() throws {
      let folder = try TemporaryFolder()
      let running = try BuiltProgram.swirl.start([
        "view", "Pendulum-v1", "--record", folder.path("x.mp4"), "--episodes", "1000",
      ])
      func files() -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) ?? []
      }
      #expect(waitUntil(seconds: 20) { !files().isEmpty })
      Thread.sleep(forTimeInterval: 0.3)
      running.kill(SIGINT)
      let result = try running.wait()
      #expect(result.status == 130, "\(result.errors)")
      #expect(files().isEmpty)
    }

    // MARK: - Language models

    @Test func aLanguageModelAnswers() throws {
      let folder = try TemporaryFolder()
      let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "LanguageTests/References/tiny.gguf").path
      let run = folder.path("run")
      let trained = try BuiltProgram.swirl(
        "train sft addition --steps 1 --model characters --option bare=true --set hidden_size=32 "
          + "--set num_hidden_layers=2 --set num_attention_heads=2 "
          + "--set per_device_train_batch_size=8 --out \(run)")
      #expect(trained.status == 0, "\(trained.errors)")
      for (n, model) in [file, run].enumerated() {
        let page = folder.path("\(n).html")
        let result = try BuiltProgram.swirl(
          "view \(model) --prompt 1+2= --samples 2 --tokens 6 --threads 1 --record \(page)")
        #expect(result.status == 0, "\(result.errors)")
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains("1+2=") && html.contains("log p"))
      }
      expectRefusal(
        try BuiltProgram.swirl.run(
          ["view", "smollm2-135m", "--prompt", "hi"],
          environment: ["SWIRL_MODELS": folder.path("none")]), status: 66,
        saying: "swirl model fetch smollm2-135m")
      expectRefusal(
        try BuiltProgram.swirl("view \(file) --prompt hi --at 3"), status: 64, saying: "--at")
    }

    // MARK: - Terminals

    #if os(Linux)
      @Test(.timeLimit(.minutes(3))) func aPersonWatchesInATerminal() throws {
        let terminal = try Terminal([
          "view", "CartPole-v1", "--terminal", "blocks", "--paused", "--seed", "3",
        ])
        #expect(terminal.shows("step 0/0"))
        terminal.type("\u{1b}[C")
        #expect(terminal.shows("step 1/1"))
        terminal.type("?")
        #expect(terminal.shows("take over, hand back"))
        terminal.type("?")
        #expect(terminal.shows("▀"))
        terminal.type("q")
        #expect(terminal.shows("\u{1b}[?1049l") && terminal.status() == 0)
      }

      @Test(.timeLimit(.minutes(3)), arguments: [SIGTERM, SIGHUP])
      func aSignalLeavesTheTerminalAsItWas(signal: Int32) throws {
        let terminal = try Terminal(["play", "CartPole-v1", "--terminal", "braille"])
        #expect(terminal.shows("step"))
        terminal.kill(signal)
        #expect(terminal.shows("\u{1b}[?1049l") && terminal.status() == 128 + signal)
      }

      @Test(
        .timeLimit(.minutes(3)),
        arguments: [("", "xterm", true), ("1", "xterm", false), ("", "dumb", false)])
      func completionsHaveColoursWhereTheyAreWanted(plain: String, kind: String, has: Bool) throws {
        let folder = try TemporaryFolder()
        try folder.write(
          #"{"step": 1, "prompt": "1+1=", "completion": "2", "pieces": ["2"], "log_probabilities": [-0.5]}"#,
          to: "completions.jsonl")
        let terminal = try Terminal(
          ["view", folder.url.path], environment: ["NO_COLOR": plain, "TERM": kind])
        #expect(terminal.status() == 0)
        #expect(terminal.shown.contains("log p -0.5"))
        #expect(terminal.shown.contains("\u{1b}[") == has)
      }
    #endif

    // MARK: - Windows

    /// The share of pixels that differ visibly.
    private static func difference(_ a: [UInt8], _ b: [UInt8]) -> Double {
      guard a.count == b.count, !a.isEmpty else { return 1 }
      let count = a.count / 3
      let off = (0..<count).count { i in
        (0..<3).contains { abs(Int(a[3 * i + $0]) - Int(b[3 * i + $0])) > 40 }
      }
      return Double(off) / Double(count)
    }

    /// Waits until the screen shows something that the body accepts.
    private static func wait(
      _ display: Display, _ width: Int, _ height: Int, _ isRight: ([UInt8]) -> Bool
    ) throws -> Bool {
      for _ in 0..<60 {
        if isRight(try display.screenshot(width, height)) { return true }
        Thread.sleep(forTimeInterval: 0.1)
      }
      return false
    }

    @Test(.enabled(if: hasDisplay, "needs Xvfb, xdotool and ffmpeg"), .timeLimit(.minutes(3)))
    func aPersonWatches() throws {
      let display = try Display()
      let running = try BuiltProgram.swirl.start(
        ["view", "CartPole-v1", "--seed", "3", "--paused", "--size", "640x360"],
        environment: ["DISPLAY": display.name])
      _ = try display.window("CartPole-v1")
      // What it shows is what the renderer paints: CartPole's posts are red, the bar is dark.
      func has(_ pixels: [UInt8], _ color: (Int, Int, Int), atLeast count: Int) -> Bool {
        let found = stride(from: 0, to: pixels.count, by: 3).count { i in
          abs(Int(pixels[i]) - color.0) + abs(Int(pixels[i + 1]) - color.1)
            + abs(Int(pixels[i + 2]) - color.2) < 12
        }
        return found >= count
      }
      #expect(
        try Self.wait(display, 640, 360) {
          has($0, (0xd6, 0x45, 0x45), atLeast: 40) && has($0, (0x1f, 0x29, 0x33), atLeast: 5000)
        })
      let start = try display.screenshot(640, 360)
      let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "References/window.png").path
      if ProcessInfo.processInfo.environment["SWIRL_WRITE_PICTURES"] == "1" {
        try display.write(640, 360, to: path)
      }
      let reference = try display.pixels(of: path)
      let off = Self.difference(start, reference)
      #expect(off < 0.005, "\(off) of the pixels differ from the window of References")
      try display.press("Right", "Right", "Right")
      #expect(try Self.wait(display, 640, 360) { Self.difference($0, start) > 0.001 })
      Thread.sleep(forTimeInterval: 0.3)
      let moved = Self.difference(try display.screenshot(640, 360), start)
      // Back at the start it looks as it did.
      try display.press("Home")
      #expect(
        try Self.wait(display, 640, 360) { Self.difference($0, start) < moved / 10 },
        "\(moved) of the pixels had changed")
      try display.press("question")
      #expect(try Self.wait(display, 640, 360) { has($0, (0xf7, 0xc9, 0x48), atLeast: 200) })
      try display.press("question", "space")
      Thread.sleep(forTimeInterval: 0.5)
      // A window of one point, and of many, goes on.
      let window = try display.window("CartPole-v1")
      for (width, height) in [("1", "1"), ("900", "560"), ("120", "90")] {
        try display.run("xdotool", ["windowsize", "--sync", window, width, height])
        Thread.sleep(forTimeInterval: 0.2)
        #expect(running.process.isRunning)
      }
      try display.press("q")
      let result = try running.wait()
      #expect(result.status == 0, "\(result.errors)")
    }

    /// How a game can come to its end.
    enum Leaving: Int32, CaseIterable {
      case quits = 0
      case hangsUp = 129
      case interrupts = 130
      case terminates = 143
      case losesTheDisplay = 1
    }

    @Test(
      .enabled(if: hasDisplay, "needs Xvfb, xdotool and ffmpeg"), .timeLimit(.minutes(3)),
      arguments: Leaving.allCases)
    func aPersonPlaysAndTeaches(leaving: Leaving) throws {
      let display = try Display()
      let folder = try TemporaryFolder()
      let file = folder.path("person.safetensors")
      let running = try BuiltProgram.swirl.start(
        ["play", "CartPole-v1", "--seed", "1", "--speed", "4", "--save-demonstrations", file],
        environment: ["DISPLAY": display.name])
      _ = try display.window("played by you")
      try display.run("xdotool", ["keydown", "Left"])
      Thread.sleep(forTimeInterval: 1.5)
      try display.run("xdotool", ["keyup", "Left"])
      // The episode has ended, and nobody has asked for another.
      switch leaving {
      case .quits: try display.press("q")
      case .losesTheDisplay: display.stop()
      case .hangsUp, .interrupts, .terminates: running.kill(leaving.rawValue - 128)
      }
      let result = try running.wait()
      #expect(result.status == leaving.rawValue, "\(result.errors)")
      #expect(result.errors.contains("wrote \(file): 1 episodes"), "\(result.errors)")
      #expect(FileManager.default.fileExists(atPath: file))
      guard leaving == .quits else { return }
      #expect(result.output.contains("played 1 episode"), "\(result.output)")
      let trained = try BuiltProgram.swirl(
        "train bc CartPole-v1 --steps 50 --demonstrations \(file) --out \(folder.path("run"))")
      #expect(trained.status == 0, "\(trained.errors)")
    }

    @Test(.enabled(if: hasDisplay, "needs Xvfb, xdotool and ffmpeg"), .timeLimit(.minutes(3)))
    func aDisplayThatGoesIsToldAbout() throws {
      let display = try Display()
      let running = try BuiltProgram.swirl.start(
        ["view", "CartPole-v1"], environment: ["DISPLAY": display.name])
      _ = try display.window("CartPole-v1")
      display.stop()
      let result = try running.wait()
      expectRefusal(result, status: 1, saying: "display has gone")
    }

    @Test(.enabled(if: hasDisplay, "needs Xvfb, xdotool and ffmpeg"), .timeLimit(.minutes(3)))
    func trainingIsWatchedAndStaysTheSame() throws {
      let display = try Display()
      let folder = try TemporaryFolder()
      let line = ["train", "ppo", "CartPole-v1", "--steps", "8192", "--workers", "1", "--out"]
      let watched = try BuiltProgram.swirl.run(
        line + [folder.path("watched"), "--view"], environment: ["DISPLAY": display.name])
      #expect(watched.status == 0, "\(watched.errors)")
      let plain = try BuiltProgram.swirl.run(line + [folder.path("plain")])
      #expect(plain.status == 0)
      #expect(
        try RunFolder(folder.path("watched")).model() == RunFolder(folder.path("plain")).model())
    }

    @Test(
      .enabled(if: hasDisplay, "needs Xvfb, xdotool and ffmpeg"), .timeLimit(.minutes(3)),
      arguments: [false, true])
    func trainingOutlivesItsDisplay(isStopped: Bool) throws {
      let display = try Display()
      let folder = try TemporaryFolder()
      let running = try BuiltProgram.swirl.start(
        [
          "train", "ppo", "CartPole-v1", "--steps", isStopped ? "1000000000" : "200000",
          "--out", folder.path("run"), "--json", "--view",
        ], environment: ["DISPLAY": display.name])
      _ = try display.window("ppo on CartPole-v1")
      display.stop()
      Thread.sleep(forTimeInterval: 0.5)
      if isStopped { running.kill(SIGTERM) }
      let result = try running.wait()
      #expect(result.status == (isStopped ? 143 : 0), "\(result.errors)")
      #expect(result.errors.contains("display has gone"))
      if isStopped {
        #expect(result.errors.contains("swirl train --resume"))
      } else {
        let steps = try #require(try jsonLines(result.output).first?["steps"] as? Int)
        #expect(steps >= 200_000)
      }
    }
  }
#endif
