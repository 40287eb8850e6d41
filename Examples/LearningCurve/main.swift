// Trains PPO on CartPole-v1 with several seeds and draws the learning curves as an SVG picture:
// `swift run -c release LearningCurve [file] [seeds] [steps]`. The README's picture comes from here.

import Foundation
import Swirl

let arguments = Array(CommandLine.arguments.dropFirst())
let file = arguments.first ?? "learning-curve.svg"
let seeds = arguments.count > 1 ? Int(arguments[1]) ?? 10 : 10
let steps = arguments.count > 2 ? Int(arguments[2]) ?? 100_000 : 100_000

/// One curve a seed: the mean return of the last finished episodes after so many steps.
var curves: [[(step: Int, mean: Double)]] = []
for seed in 1...UInt64(seeds) {
  var environments = VectorEnvironment(count: 8, seed: seed, timeLimit: 500) { CartPole() }
  var agent = try PPO(for: environments, .preset("CartPole-v1"), seed: seed)
  var curve: [(step: Int, mean: Double)] = []
  try agent.train(on: &environments, steps: steps) { report in
    if report.iteration % 8 == 1 { curve.append((report.steps, report.meanReturn)) }
  }
  curves.append(curve)
}

/// Where a point of the curves lies in the picture, in pixels.
func place(_ step: Int, _ mean: Double) -> String {
  "\(60 + 620 * step / steps),\(Int(300 - 260 * mean / 500))"
}

func text(_ words: String, x: Int, y: Int, anchor: String = "middle") -> String {
  "<text x='\(x)' y='\(y)' text-anchor='\(anchor)'>\(words)</text>"
}

var svg = [
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 720 350' font-family='sans-serif'>"
]
svg.append("<rect width='720' height='350' fill='white'/><g font-size='12' fill='#444'>")
for mean in stride(from: 0, through: 500, by: 100) {
  let y = 300 - 260 * mean / 500
  svg.append(
    "<path d='M60,\(y) H680' stroke='#ddd'/>" + text("\(mean)", x: 52, y: y + 4, anchor: "end"))
}
for part in 0...4 { svg.append(text("\(steps * part / 4 / 1000)k", x: 60 + 155 * part, y: 318)) }
svg.append(text("environment steps", x: 370, y: 340))
svg.append(text("PPO on CartPole-v1: return of training episodes, \(seeds) seeds", x: 370, y: 24))
svg.append("</g><g fill='none' stroke='#d9541e' stroke-opacity='0.55' stroke-width='1.5'>")
for curve in curves {
  let points = curve.filter { $0.mean.isFinite }.map { place($0.step, $0.mean) }
  svg.append("<polyline points='\(points.joined(separator: " "))'/>")
}
svg.append("</g></svg>")
guard FileManager.default.createFile(atPath: file, contents: Data(svg.joined(separator: "\n").utf8))
else {
  print("cannot write \(file)")
  exit(1)
}
print("wrote \(file)")
