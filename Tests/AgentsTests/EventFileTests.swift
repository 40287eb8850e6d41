import Agents
import Foundation
import Runtime
import Testing

/// The check value of CRC-32C and the vectors of RFC 3720, appendix B.4.
@Test func checksumsAreCastagnolis() {
  #expect(Checksum.crc32c(Array("123456789".utf8)) == 0xE306_9283)
  #expect(Checksum.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
  #expect(Checksum.crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
  #expect(Checksum.crc32c([]) == 0)
}

/// A file that TensorBoard 2.21 wrote with the same events, byte for byte.
@Test func eventsAreWrittenAsTensorBoardWritesThem() throws {
  let file = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "References/events.tfevents")
  var events = EventFile(firstStep: 7, time: 1.5)
  events.add(step: 300, time: 2.5, [("rollout/mean_return", 21.25), ("train/entropy", -0.5)])
  #expect(events.takePending() == (try Data(contentsOf: file)))
  #expect(events.takePending().isEmpty)
}

/// TensorBoard has no picture of NaN: such a number is left out.
@Test func numbersThatAreNotFiniteAreLeftOut() {
  var events = EventFile(firstStep: 0, time: 1.5)
  _ = events.takePending()
  events.add(step: 1, time: 2, [("a", .nan), ("b", 1)])
  var others = EventFile(firstStep: 0, time: 1.5)
  _ = others.takePending()
  others.add(step: 1, time: 2, [("b", 1)])
  #expect(events.takePending() == others.takePending())
}
