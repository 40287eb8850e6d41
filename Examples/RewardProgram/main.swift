// A reward program in Swift; one in any language works the same way. It reads a line of JSON an
// answer and writes a number from 0 to 1, here for answers with many vowels and few other letters:
// `swift build -c release`, then `swirl train grpo problems.jsonl --model smollm2-135m --lora 16
// --reward-program .build/release/RewardProgram`.

import Foundation

struct Question: Decodable {
  let prompt: String
  let completion: String
  let answer: String
}

while let line = readLine() {
  let question = try JSONDecoder().decode(Question.self, from: Data(line.utf8))
  let letters = question.completion.lowercased().filter(\.isLetter)
  let vowels = letters.filter { "aeiou".contains($0) }
  print(letters.isEmpty ? 0 : Double(vowels.count) / Double(letters.count))
  // The other side waits for each line.
  fflush(nil)
}
