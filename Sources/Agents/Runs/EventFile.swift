import Foundation
import Runtime

/// A TensorBoard event file: scalars by tag and step, in the record format TensorBoard reads.
///
/// A record is the length of its payload, a checksum of the length, the payload, a checksum of the
/// payload; the payload is the protobuf message `Event` of TensorFlow's `event.proto`, a few fields of it
/// written by hand.
package struct EventFile {
  private var pending = Data()

  /// Starts a file; `firstStep` says that what an earlier file holds from there on is void.
  package init(firstStep: Int, time: Double) {
    append { event in
      event.double(1, time)
      event.bytes(3, Data("brain.Event:2".utf8))
    }
    append { event in
      event.double(1, time)
      event.varint(2, UInt64(firstStep))
      // SessionLog { status: START }
      event.bytes(7, Data([0x08, 0x01]))
    }
  }

  /// Adds one event that holds every scalar of a step.
  package mutating func add(step: Int, time: Double, _ scalars: [(tag: String, value: Double)]) {
    append { event in
      event.double(1, time)
      event.varint(2, UInt64(step))
      var summary = Message()
      for (tag, value) in scalars where value.isFinite {
        var entry = Message()
        entry.bytes(1, Data(tag.utf8))
        entry.float(2, Float(value))
        summary.bytes(1, entry.data)
      }
      event.bytes(5, summary.data)
    }
  }

  /// Hands over what has not been written to disk.
  package mutating func takePending() -> Data {
    defer { pending = Data() }
    return pending
  }

  private mutating func append(_ fill: (inout Message) -> Void) {
    var message = Message()
    fill(&message)
    let length = withUnsafeBytes(of: UInt64(message.data.count).littleEndian) { Data($0) }
    pending.append(length)
    append(Checksum.masked(length))
    pending.append(message.data)
    append(Checksum.masked(message.data))
  }

  private mutating func append(_ checksum: UInt32) {
    withUnsafeBytes(of: checksum.littleEndian) { pending.append(contentsOf: $0) }
  }

  /// The fields of a protobuf message that events need.
  private struct Message {
    var data = Data()

    mutating func varint(_ field: UInt64, _ value: UInt64) {
      raw(field << 3)
      raw(value)
    }

    mutating func double(_ field: UInt64, _ value: Double) {
      raw(field << 3 | 1)
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func float(_ field: UInt64, _ value: Float) {
      raw(field << 3 | 5)
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func bytes(_ field: UInt64, _ value: Data) {
      raw(field << 3 | 2)
      raw(UInt64(value.count))
      data.append(value)
    }

    private mutating func raw(_ value: UInt64) {
      var rest = value
      while rest >= 0x80 {
        data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      data.append(UInt8(rest))
    }
  }
}
