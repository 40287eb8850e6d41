import Foundation
import Runtime

/// A TensorBoard event file: scalars by tag and step, in the record format TensorBoard reads.
///
/// A record is the length of its payload, a checksum of the length, the payload, a checksum of the
/// payload; the payload is the protobuf message `Event` of TensorFlow's `event.proto`, a few fields of it.
package struct EventFile {
  private var pending = Data()

  /// Starts a file; `firstStep` says that what an earlier file holds from there on is void.
  package init(firstStep: Int, time: Double) {
    append { event in
      event.double(1, time)
      event.text(3, "brain.Event:2")
    }
    append { event in
      event.double(1, time)
      event.integer(2, firstStep)
      // SessionLog { status: START }
      event.message(7) { $0.integer(1, 1) }
    }
  }

  /// Adds one event that holds every scalar of a step.
  package mutating func add(step: Int, time: Double, _ scalars: [(tag: String, value: Double)]) {
    append { event in
      event.double(1, time)
      event.integer(2, step)
      event.message(5) { summary in
        for (tag, value) in scalars where value.isFinite {
          summary.message(1) { entry in
            entry.text(1, tag)
            entry.float(2, Float(value))
          }
        }
      }
    }
  }

  /// Hands over what has not been written to disk.
  package mutating func takePending() -> Data {
    defer { pending = Data() }
    return pending
  }

  private mutating func append(_ fill: (inout ProtobufMessage) -> Void) {
    var message = ProtobufMessage()
    fill(&message)
    let length = withUnsafeBytes(of: UInt64(message.bytes.count).littleEndian) { Data($0) }
    pending.append(length)
    append(Checksum.masked(length))
    pending.append(contentsOf: message.bytes)
    append(Checksum.masked(message.bytes))
  }

  private mutating func append(_ checksum: UInt32) {
    withUnsafeBytes(of: checksum.littleEndian) { pending.append(contentsOf: $0) }
  }
}
