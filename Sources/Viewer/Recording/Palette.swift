#if Viewer
  import Envs
  import Foundation

  /// The 256 colours of a GIF, chosen before its frames are made so that none has to be kept.
  ///
  /// Median cut: P. Heckbert, "Color image quantization for frame buffer display", 1982.
  struct Palette {
    private(set) var colors: [SIMD3<Int>]

    /// - Parameter pictures: Pixels as ``Canvas`` has them.
    init(of pictures: [[UInt8]]) {
      var counts: [UInt32: Int] = [:]
      for picture in pictures {
        var (last, run): (UInt32?, Int) = (nil, 0)
        for i in stride(from: 0, to: picture.count, by: 4) {
          let color =
            UInt32(picture[i + 2]) << 16 | UInt32(picture[i + 1]) << 8 | UInt32(picture[i])
          if color == last {
            run += 1
          } else {
            if let last { counts[last, default: 0] += run }
            (last, run) = (color, 1)
          }
        }
        if let last { counts[last, default: 0] += run }
      }
      let all = counts.map { (color: Self.parts($0.key), count: $0.value, code: $0.key) }
        .sorted { $0.code < $1.code }
      guard all.count > 256 else {
        colors = all.map(\.color)
        return
      }
      // The widest box, weighted by what lies in it, is cut where half of its pixels are on either side.
      typealias Entry = (color: SIMD3<Int>, count: Int, code: UInt32)
      struct Cell {
        var entries: ArraySlice<Entry>
        var axis = 0
        var worth = 0.0
      }
      func cell(_ entries: ArraySlice<Entry>) -> Cell {
        var (low, high) = (SIMD3(repeating: 255), SIMD3<Int>.zero)
        var weight = 0.0
        for entry in entries {
          low = pointwiseMin(low, entry.color)
          high = pointwiseMax(high, entry.color)
          weight += Double(entry.count).squareRoot()
        }
        let span = high &- low
        let axis = span.x >= span.y && span.x >= span.z ? 0 : span.y >= span.z ? 1 : 2
        return Cell(
          entries: entries, axis: axis,
          worth: entries.count > 1 ? Double(span[axis]) * weight.squareRoot() : 0)
      }
      var cells = [cell(all[...])]
      while cells.count < 256 {
        guard let widest = cells.indices.max(by: { cells[$0].worth < cells[$1].worth }),
          cells[widest].worth > 0
        else { break }
        let axis = cells[widest].axis
        let sorted = cells[widest].entries.sorted {
          ($0.color[axis], $0.code) < ($1.color[axis], $1.code)
        }
        let half = sorted.reduce(0.0) { $0 + Double($1.count).squareRoot() } / 2
        var (sum, cut) = (0.0, 0)
        while cut < sorted.count - 1, sum < half {
          sum += Double(sorted[cut].count).squareRoot()
          cut += 1
        }
        cells[widest] = cell(sorted[..<max(cut, 1)])
        cells.append(cell(sorted[max(cut, 1)...]))
      }
      colors = cells.map { cell in
        // The commonest colour stays what it is, so that plain surfaces keep theirs.
        cell.entries.max { $0.count < $1.count }?.color ?? .zero
      }
    }

    private static func parts(_ code: UInt32) -> SIMD3<Int> {
      SIMD3(Int(code >> 16 & 255), Int(code >> 8 & 255), Int(code & 255))
    }

    /// The 16 × 16 pixels that ffmpeg's filter `paletteuse` reads.
    func png() throws -> Data {
      var bytes: [UInt8] = []
      for i in 0..<256 {
        let color = i < colors.count ? colors[i] : colors.first ?? .zero
        bytes += [UInt8(color.x), UInt8(color.y), UInt8(color.z)]
      }
      var scene = Scene(x: 0...16, y: 0...16, isUpright: false)
      scene.image(.init(width: 16, height: 16, bytes: bytes), top: .zero, bottom: [16, 16])
      return try Layout(scene, width: 16, height: 16).png()
    }
  }
#endif
