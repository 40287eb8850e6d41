/// Resizes images of bytes by the mean over areas, with the rounding of OpenCV's `INTER_AREA`.
///
/// OpenCV has three ways, and each rounds differently: whole factors add bytes up and divide once,
/// other reductions weigh them in Float32, and where either side grows it interpolates between the two
/// nearest pixels in fixed point with 11 bits. Source: OpenCV 5.0, imgproc/resize.
@usableFromInline
struct AreaMap: Codable, Hashable, Sendable {
  /// A source pixel's share in a target pixel.
  struct Tap: Codable, Hashable, Sendable {
    var source: Int32
    var target: Int32
    var weight: Float
  }

  private enum Way: String, Codable { case whole, area, linear }

  private let sourceHeight: Int
  private let sourceWidth: Int
  @usableFromInline let height: Int
  @usableFromInline let width: Int
  private let channels: Int
  private let way: Way
  private let rows: [Tap]
  private let columns: [Tap]

  @usableFromInline var sourceSize: Int { sourceHeight * sourceWidth * channels }

  init(from source: (height: Int, width: Int), to target: (height: Int, width: Int), channels: Int)
  {
    (sourceHeight, sourceWidth) = source
    (height, width) = target
    self.channels = channels
    let shrinks = sourceHeight >= height && sourceWidth >= width
    if !shrinks {
      way = .linear
      rows = Self.interpolation(sourceHeight, height)
      columns = Self.interpolation(sourceWidth, width)
    } else if sourceHeight % height == 0, sourceWidth % width == 0 {
      way = .whole
      rows = []
      columns = []
    } else {
      way = .area
      rows = Self.areas(sourceHeight, height)
      columns = Self.areas(sourceWidth, width)
    }
  }

  /// Source pixels a target pixel; rounded as OpenCV has it, which decides where edges meet.
  private static func scale(_ source: Int, _ target: Int) -> Double {
    1 / (Double(target) / Double(source))
  }

  /// The source pixels under each target pixel, in order, and how much of it they cover.
  private static func areas(_ source: Int, _ target: Int) -> [Tap] {
    let scale = Self.scale(source, target)
    var taps: [Tap] = []
    for index in 0..<target {
      let start = Double(index) * scale
      let end = start + scale
      let cell = min(scale, Double(source) - start)
      let last = min(Int(end.rounded(.down)), source - 1)
      let first = min(Int(start.rounded(.up)), last)
      func add(_ pixel: Int, _ weight: Double) {
        taps.append(Tap(source: Int32(pixel), target: Int32(index), weight: Float(weight)))
      }
      // Slivers of a thousandth of a pixel are left out.
      if Double(first) - start > 1e-3 { add(first - 1, (Double(first) - start) / cell) }
      for pixel in first..<max(first, last) { add(pixel, 1 / cell) }
      if end - Double(last) > 1e-3 { add(last, min(min(end - Double(last), 1), cell) / cell) }
    }
    return taps
  }

  /// The left of the two pixels that each target pixel lies between, and the right one's weight.
  private static func interpolation(_ source: Int, _ target: Int) -> [Tap] {
    let scale = Self.scale(source, target)
    let inverse = Double(target) / Double(source)
    return (0..<target).map { index in
      var left = Int((Double(index) * scale).rounded(.down))
      var weight = Float(Double(index + 1) - Double(left + 1) * inverse)
      weight = weight <= 0 ? 0 : weight - weight.rounded(.down)
      if left >= source - 1 { (left, weight) = (source - 1, 0) }
      return Tap(source: Int32(left), target: Int32(index), weight: weight)
    }
  }

  @usableFromInline
  func resize(_ source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>)
  {
    switch way {
    case .whole: addUp(source, into: target)
    case .area: weigh(source, into: target)
    case .linear: interpolate(source, into: target)
    }
  }

  private func addUp(
    _ source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
  ) {
    let (tall, wide) = (sourceHeight / height, sourceWidth / width)
    let share = 1 / Float(tall * wide)
    // Four pixels are rounded up at a half, unless there are two channels.
    let isQuarter = tall == 2 && wide == 2 && channels != 2
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<channels {
          var sum = 0
          for row in y * tall..<(y + 1) * tall {
            for column in x * wide..<(x + 1) * wide {
              sum += Int(source[(row * sourceWidth + column) * channels + channel])
            }
          }
          target[(y * width + x) * channels + channel] =
            isQuarter ? UInt8((sum + 2) >> 2) : Self.byte(Float(sum) * share)
        }
      }
    }
  }

  private func weigh(
    _ source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
  ) {
    let size = width * channels
    ScratchRow.withRow(of: Float.self, count: 2 * size) { memory in
      let line = UnsafeMutableBufferPointer(rebasing: memory[0..<size])
      let sums = UnsafeMutableBufferPointer(rebasing: memory[size..<2 * size])
      var current: Int32 = -1
      for row in rows {
        line.update(repeating: 0)
        let start = Int(row.source) * sourceWidth * channels
        for column in columns {
          let (from, to) = (start + Int(column.source) * channels, Int(column.target) * channels)
          for channel in 0..<channels {
            line[to + channel] += Float(source[from + channel]) * column.weight
          }
        }
        if row.target != current {
          if current >= 0 { store(sums, into: target, row: Int(current)) }
          current = row.target
          for index in 0..<size { sums[index] = row.weight * line[index] }
        } else {
          for index in 0..<size { sums[index] += row.weight * line[index] }
        }
      }
      store(sums, into: target, row: Int(current))
    }
  }

  private func store(
    _ sums: UnsafeMutableBufferPointer<Float>, into target: UnsafeMutableBufferPointer<UInt8>,
    row: Int
  ) {
    for index in sums.indices { target[row * sums.count + index] = Self.byte(sums[index]) }
  }

  private func interpolate(
    _ source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
  ) {
    for row in rows {
      let (upper, lower) = Self.fixed(row.weight)
      let below = min(Int(row.source) + 1, sourceHeight - 1)
      for column in columns {
        let (left, right) = Self.fixed(column.weight)
        let next = min(Int(column.source) + 1, sourceWidth - 1)
        for channel in 0..<channels {
          func line(_ y: Int) -> Int {
            Int(source[(y * sourceWidth + Int(column.source)) * channels + channel]) * left
              + Int(source[(y * sourceWidth + next) * channels + channel]) * right
          }
          let top = (upper * (line(Int(row.source)) >> 4)) >> 16
          let bottom = (lower * (line(below) >> 4)) >> 16
          target[(Int(row.target) * width + Int(column.target)) * channels + channel] =
            UInt8((top + bottom + 2) >> 2)
        }
      }
    }
  }

  /// The weights of a pixel and the next, in units of 2⁻¹¹.
  private static func fixed(_ weight: Float) -> (Int, Int) {
    (
      Int(((1 - weight) * 2048).rounded(.toNearestOrEven)),
      Int((weight * 2048).rounded(.toNearestOrEven))
    )
  }

  private static func byte(_ number: Float) -> UInt8 {
    UInt8(max(0, min(255, number.rounded(.toNearestOrEven))))
  }
}
