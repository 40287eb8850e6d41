import Foundation
import Swirl

// What watching costs: frames a second painted by software alone, a film of a whole episode, the processor's share of
// a window that plays at its natural pace, and what training loses to one that is watched. The last two need a display
// and are left out without one; under a headless machine: xvfb-run -a viewer-benchmark.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  return (ContinuousClock.now - start) / .seconds(1)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// Seconds that the process has kept processors busy.
func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func line(_ name: String, _ text: String) { print("\(name): \(text)") }

// A whole episode of 500 steps: the pole is held up by hand.
var episode = try Playback(of: "CartPole-v1", seed: 1)
while episode.ending == .none {
  let o = episode.shown.observation
  try episode.advance([o[2] + 0.5 * o[3] + 0.02 * o[0] + 0.05 * o[1] > 0 ? 1 : 0])
}
let steps = episode.steps.count - 1

for (width, height) in [(600, 400), (1200, 800)] {
  let canvas = try Canvas(width: width, height: height)
  var rates: [Double] = []
  for _ in 0..<7 {
    try episode.seek(to: 0)
    let time = try seconds {
      for step in 0..<300 {
        try episode.seek(to: step % steps)
        canvas.draw(
          Layout(episode.scene, width: Double(width), height: Double(height)))
      }
    }
    rates.append(300 / time)
  }
  line("cartpole_\(width)x\(height)", "\(Int(median(rates))) frames/s")
}

// MuJoCo's own renderer where there is OpenGL, and the shapes that are drawn without (MUJOCO_GL=off).
if var cheetah = try? Playback(of: "HalfCheetah-v5", seed: 1) {
  for (width, height) in [(480, 480), (1200, 800)] {
    let canvas = try Canvas(width: width, height: height)
    func frame() throws {
      try cheetah.advance()
      canvas.draw(Layout(cheetah.scene, width: Double(width), height: Double(height)))
    }
    try frame()
    let rates = try (0..<5).map { _ in
      try 20 / seconds { for _ in 0..<20 { try frame() } }
    }
    line("half_cheetah_\(width)x\(height)", String(format: "%.0f frames/s", median(rates)))
  }
}

let file = FileManager.default.temporaryDirectory.appendingPathComponent("swirl-benchmark.gif")
for panel in [false, true] {
  let times = try (0..<3).map { _ in
    var films = [episode]
    try films[0].seek(to: 0)
    return try seconds {
      let stage = Stage(width: panel ? 870 : 600, height: 400, showsPanel: panel)
      try Recording.film(&films, to: file.path, Recording.Settings(stage: stage))
    }
  }
  let size = (try? Data(contentsOf: file).count) ?? 0
  line(
    "gif_cartpole_\(steps)_steps\(panel ? "_with_panel" : "")",
    String(format: "%.2f s, %d KB", median(times), size / 1000))
}
try? FileManager.default.removeItem(at: file)

if ProcessInfo.processInfo.environment["DISPLAY"] != nil {
  try episode.seek(to: 0)
  var session = Session([episode])
  let window = try SessionWindow(title: "viewer-benchmark", width: 870, height: 430)
  try window.run(&session, seconds: 1)
  let (before, frames) = (processorSeconds(), window.frames)
  let time = try seconds { try window.run(&session, seconds: 6) }
  line(
    "window_cartpole",
    String(
      format: "%.1f %% of a core at %.1f frames/s", 100 * (processorSeconds() - before) / time,
      Double(window.frames - frames) / time))
  var fast = Session([episode], speed: 2)
  let (start, shown) = (processorSeconds(), window.frames)
  let long = try seconds { try window.run(&fast, seconds: 6) }
  line(
    "window_cartpole_60",
    String(
      format: "%.1f %% of a core at %.1f frames/s", 100 * (processorSeconds() - start) / long,
      Double(window.frames - shown) / long))

  // Watched and not in turn, since a shared machine changes its pace.
  @Sendable func train(_ callbacks: [any Callback]) throws {
    var environments = try make("CartPole-v1", count: 8, seed: 1)
    var agent = try PPO(for: environments, .preset("CartPole-v1"), seed: 1)
    try agent.train(on: &environments, steps: 100_000, callbacks: callbacks)
  }
  var losses: [Double] = []
  for _ in 0..<5 {
    let plain = try seconds { try train([]) }
    let live = try LiveTraining(title: "viewer-benchmark")
    let watched = try seconds { try live.run { try train([$0]) } }
    losses.append(100 * (watched / plain - 1))
  }
  line(
    "training_watched",
    String(
      format: "%.1f %% slower (%.1f to %.1f)", median(losses), losses.min() ?? 0,
      losses.max() ?? 0))
} else {
  print("no display: the window is not timed")
}
