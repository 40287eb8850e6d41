// A text task of one's own, in the command `swirl` among the others:
// `swift run -c release CustomTask train sft reversal --model characters --steps 300 --out
// runs/reversal`, `swift run -c release CustomTask train grpo reversal --model runs/reversal
// --steps 200`.

import Swirl
import SwirlCommand

/// A word to be written backwards.
struct Reversal: GeneratedTask {
  let length: Int

  /// What an answer is marked for; the first is whether it is right, the others help to get there.
  var components: [RewardComponent] {
    [RewardComponent("correct", weight: 0.7), RewardComponent("places", weight: 0.3)]
  }

  func draw(using random: inout PCG64) -> TextProblem {
    let letters = Array("abcdefgh")
    let word = String((0..<length).map { _ in letters[random.integers(0..<letters.count)] })
    return TextProblem(word + ">", answer: String(word.reversed()))
  }

  func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    let same = zip(answer, problem.answer).count { $0 == $1 }
    return [
      answer == problem.answer ? 1 : 0,
      Double(same) / Double(max(answer.count, problem.answer.count)),
    ]
  }
}

try registerTask(
  "reversal", "A word to be written backwards.",
  options: [.integer("length", 3, in: 2...20, "Letters of a word.")]
) { .task(Reversal(length: $0["length"])) }
SwirlMain.run()
