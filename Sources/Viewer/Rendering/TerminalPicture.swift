#if Viewer
  import Envs

  /// A layout as coloured characters, for terminals that show nothing else.
  public struct TerminalPicture {
    public enum Style: String, Sendable, CaseIterable {
      /// Half blocks: two pixels a character, in colour.
      case blocks
      /// Braille: eight dots a character in one colour.
      case braille
    }

    /// Without line ends, each ending with the plain colours.
    public let lines: [String]

    /// - Parameters:
    ///   - columns: Characters of a line.
    ///   - hasAllColors: Whether the terminal shows 24-bit colours, else the 256 of most.
    /// - Throws: ``ViewerError`` if the size is none that can be painted on.
    public init(
      _ scene: Scene, columns: Int, rows: Int, style: Style = .blocks, hasAllColors: Bool = true
    ) throws {
      let (across, down) = style == .blocks ? (1, 2) : (2, 4)
      // A character is about twice as tall as wide, so that pixels are squares.
      let canvas = try Canvas(width: columns * across, height: rows * down)
      // Dots are what differs from the background, and a rendering has none.
      let scene = style == .braille ? scene.plain : scene
      canvas.draw(
        Layout(scene, width: Double(columns * across), height: Double(rows * down)))
      let width = canvas.width * 4
      lines = canvas.withPixels { pixels in
        func color(_ x: Int, _ y: Int) -> SIMD3<Int> {
          let i = y * width + x * 4
          return SIMD3(Int(pixels[i + 2]), Int(pixels[i + 1]), Int(pixels[i]))
        }
        return (0..<rows).map { row in
          var writer = LineWriter(hasAllColors: hasAllColors)
          for column in 0..<columns {
            if style == .blocks {
              writer.add(
                "▀", color(column, 2 * row), on: color(column, 2 * row + 1))
            } else {
              Self.addBraille(
                (0..<8).map { color(2 * column + $0 % 2, 4 * row + $0 / 2) },
                ground: SIMD3(
                  Int(scene.background.red), Int(scene.background.green),
                  Int(scene.background.blue)), to: &writer)
            }
          }
          return writer.end()
        }
      }
    }

    /// The bits of U+2800's block, row by row.
    private static let dots = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]

    private static func addBraille(
      _ colors: [SIMD3<Int>], ground: SIMD3<Int>, to writer: inout LineWriter
    ) {
      var (bits, sum, count) = (0, SIMD3<Int>.zero, 0)
      for (i, color) in colors.enumerated() {
        let off = color &- ground
        if off.x * off.x + off.y * off.y + off.z * off.z > 2500 {
          bits |= dots[i]
          sum &+= color
          count += 1
        }
      }
      let character = Character(UnicodeScalar(UInt32(0x2800 + bits)) ?? " ")
      // Dark ink on a dark terminal could not be seen.
      var color = count > 0 ? sum / count : SIMD3(repeating: 128)
      let light = color.x + color.y + color.z
      if light < 240 { color = color &+ SIMD3(repeating: (240 - light) / 3) }
      writer.add(character, color, on: nil)
    }

    private struct LineWriter {
      let hasAllColors: Bool
      private var text = ""
      private var fore: SIMD3<Int>?
      private var back: SIMD3<Int>?

      init(hasAllColors: Bool) { self.hasAllColors = hasAllColors }

      mutating func add(_ character: Character, _ color: SIMD3<Int>, on ground: SIMD3<Int>?) {
        if fore != color {
          text += code(color, 38)
          fore = color
        }
        if let ground, back != ground {
          text += code(ground, 48)
          back = ground
        }
        text.append(character)
      }

      private func code(_ color: SIMD3<Int>, _ layer: Int) -> String {
        if hasAllColors { return "\u{1b}[\(layer);2;\(color.x);\(color.y);\(color.z)m" }
        let cube = (color &* 5 &+ SIMD3(repeating: 127)) / 255
        return "\u{1b}[\(layer);5;\(16 + 36 * cube.x + 6 * cube.y + cube.z)m"
      }

      mutating func end() -> String { text + "\u{1b}[0m" }
    }
  }

  extension Session {
    /// The lines below the picture in a terminal: where the episode stands and what the policy thinks.
    public func terminalLines(columns: Int) -> [String] {
      let shown = current.shown
      var numbers = [
        current.description.spec.id, "return \(Panel.text(shown.returnSoFar))",
        "step \(current.position)/\(current.steps.count - 1)", "seed \(current.seed)",
        "\(Panel.text(speed))×\(isPlaying ? "" : " paused")",
      ]
      if let value = shown.decision?.value { numbers.append("value \(Panel.text(value))") }
      if let entropy = shown.decision?.entropy { numbers.append("entropy \(Panel.text(entropy))") }
      let names = Panel.names(current.description.actions)
      var action = ""
      if let decision = shown.decision, !decision.probabilities.isEmpty {
        action = decision.probabilities.prefix(6).enumerated().map { i, p in
          "\(i < names.count ? String(names[i].prefix(18)) : "\(i)") \(Panel.text(p, places: 2))"
        }.joined(separator: "  ")
      } else if let row = shown.action {
        action =
          "action " + row.prefix(8).map { Panel.text(Double($0)) }.joined(separator: " ")
      }
      let help =
        "space pause · ←→ step · +- speed · n next · s seed · t take over · ? keys · q quit"
      let last = notice?.text ?? (isByHand ? keys.summary : help)
      return [numbers.joined(separator: "  "), action, last].map { line in
        String(line.prefix(columns))
      }
    }
  }
#endif
