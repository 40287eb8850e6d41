/// The fields of a protobuf message, written one after another: what event files and ONNX files are made of
/// (https://protobuf.dev/programming-guides/encoding/).
package struct ProtobufMessage {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// A whole number of the types int64, uint64, int32, enum or bool.
  package mutating func integer(_ field: Int, _ value: Int) {
    raw(UInt64(field) << 3)
    raw(UInt64(bitPattern: Int64(value)))
  }

  package mutating func double(_ field: Int, _ value: Double) {
    raw(UInt64(field) << 3 | 1)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func float(_ field: Int, _ value: Float) {
    raw(UInt64(field) << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func text(_ field: Int, _ value: String) { self.data(field, Array(value.utf8)) }

  package mutating func data(_ field: Int, _ value: [UInt8]) {
    raw(UInt64(field) << 3 | 2)
    raw(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  package mutating func message(_ field: Int, _ fill: (inout ProtobufMessage) -> Void) {
    var inner = ProtobufMessage()
    fill(&inner)
    data(field, inner.bytes)
  }

  private mutating func raw(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
