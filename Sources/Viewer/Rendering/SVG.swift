import Envs
import Foundation

extension Layout {
  /// This layout as an SVG file, which looks right at any size.
  public func svg() -> String {
    var writer = SVGWriter()
    writer.open(self)
    for (n, part) in parts.enumerated() { writer.draw(part.scene, in: part.frame, number: n) }
    return writer.text + "</svg>\n"
  }
}

/// Writes the elements of a picture one after the other.
private struct SVGWriter {
  var text = ""

  mutating func open(_ layout: Layout) {
    let size = "\(number(layout.width)) \(number(layout.height))"
    text += """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" \
      width="\(number(layout.width))" height="\(number(layout.height))" \
      font-family="DejaVu Sans, Verdana, sans-serif" stroke-linejoin="round">

      """
  }

  mutating func draw(_ scene: Scene, in frame: Frame, number n: Int) {
    let place = Projection(scene.camera, in: frame)
    let rectangle =
      "x=\"\(number(frame.x))\" y=\"\(number(frame.y))\" width=\"\(number(frame.width))\" "
      + "height=\"\(number(frame.height))\""
    text += "<clipPath id=\"part\(n)\"><rect \(rectangle)/></clipPath>\n"
    text += "<g clip-path=\"url(#part\(n))\">\n"
    text += "<rect \(rectangle)\(fill(scene.background))/>\n"
    for mark in scene.marks { draw(mark, place) }
    text += "</g>\n"
  }

  private mutating func draw(_ mark: Scene.Mark, _ place: Projection) {
    switch mark {
    case .polygon(let points, let color, let line):
      text += "<polygon points=\"\(list(points, place))\"\(fill(color))\(stroke(line, place))/>\n"
    case .polyline(let points, let line):
      text += "<polyline points=\"\(list(points, place))\"\(fill(nil))\(stroke(line, place))/>\n"
    case .circle(let center, let radius, let color, let line):
      let center = place(center)
      text +=
        "<circle cx=\"\(number(center.x))\" cy=\"\(number(center.y))\" "
        + "r=\"\(number(max(radius * place.scale, 0)))\"\(fill(color))\(stroke(line, place))/>\n"
    case .arc(let center, let radius, let start, let sweep, let line):
      // A path's arc cannot go round; two halves can.
      let radius = max(radius * place.scale, 0)
      let center = place(center)
      func end(_ share: Double) -> String {
        let p = center + radius * direction(place.angle(start + share * sweep))
        return "\(number(p.x)) \(number(p.y))"
      }
      let round = place.angle(sweep) > 0 ? 1 : 0
      let halves = [0.5, 1].map {
        "A\(number(radius)) \(number(radius)) 0 0 \(round) \(end($0))"
      }
      text += "<path d=\"M\(end(0))\(halves.joined())\"\(fill(nil))\(stroke(line, place))/>\n"
    case .text(let words, let at, let turn, let style):
      let size = style.size * place.scale
      let at = place(at)
      let anchor =
        switch style.anchor {
        case .start: ""
        case .middle: " text-anchor=\"middle\""
        case .end: " text-anchor=\"end\""
        }
      let degrees = place.angle(turn) * 180 / .pi
      let rotation =
        degrees == 0
        ? "" : " transform=\"rotate(\(number(degrees)) \(number(at.x)) \(number(at.y)))\""
      text +=
        "<text x=\"\(number(at.x))\" y=\"\(number(at.y))\" dy=\"\(number(size * 0.36))\" "
        + "font-size=\"\(number(size))\"\(anchor)\(style.isBold ? " font-weight=\"bold\"" : "")"
        + "\(rotation)\(fill(style.color))>\(escaped(words))</text>\n"
    case .image(let image, let corner, let across, let down):
      let (corner, across, down) = (place(corner), place.direction(across), place.direction(down))
      let matrix = [across.x, across.y, down.x, down.y, corner.x, corner.y].map(number)
      text +=
        "<image width=\"1\" height=\"1\" preserveAspectRatio=\"none\" "
        + "transform=\"matrix(\(matrix.joined(separator: " ")))\""
        + "\(image.isSmooth ? "" : " style=\"image-rendering:pixelated\"") "
        + "href=\"data:image/bmp;base64,\(bitmap(image).base64EncodedString())\"/>\n"
    case .rendering: break
    }
  }

  private func list(_ points: [Scene.Point], _ place: Projection) -> String {
    points.map { point in
      let point = place(point)
      return "\(number(point.x)),\(number(point.y))"
    }.joined(separator: " ")
  }

  private func fill(_ color: Scene.Color?) -> String {
    guard let color else { return " fill=\"none\"" }
    let opacity = color.opacity < 1 ? " fill-opacity=\"\(number(color.opacity))\"" : ""
    return " fill=\"\(code(color))\"\(opacity)"
  }

  private func stroke(_ line: Scene.Line?, _ place: Projection) -> String {
    guard let line else { return "" }
    let opacity =
      line.color.opacity < 1 ? " stroke-opacity=\"\(number(line.color.opacity))\"" : ""
    return " stroke=\"\(code(line.color))\" stroke-width=\"\(number(place.width(line)))\""
      + "\(opacity)\(line.isRound ? " stroke-linecap=\"round\"" : "")"
  }

  private func code(_ color: Scene.Color) -> String {
    let number = Int(color.red) << 16 | Int(color.green) << 8 | Int(color.blue)
    let digits = String(number, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }

  private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  /// Three decimals at most; what is no number is 0, which no reader stumbles over.
  private func number(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "0" }
    let thousandths = (value * 1000).rounded()
    if thousandths.truncatingRemainder(dividingBy: 1000) == 0 {
      return String(Int(thousandths / 1000))
    }
    return "\(thousandths / 1000)"
  }

  /// A Windows bitmap: the one picture format that needs no compression and that browsers read.
  private func bitmap(_ image: Scene.Image) -> Data {
    let row = (image.width * 3 + 3) / 4 * 4
    var data = Data(capacity: 54 + row * image.height)
    func number(_ value: Int, bytes: Int) {
      for i in 0..<bytes { data.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
    }
    data.append(contentsOf: Array("BM".utf8))
    number(54 + row * image.height, bytes: 4)
    number(0, bytes: 4)
    number(54, bytes: 4)
    number(40, bytes: 4)
    number(image.width, bytes: 4)
    number(image.height, bytes: 4)
    number(1, bytes: 2)
    number(24, bytes: 2)
    for _ in 0..<6 { number(0, bytes: 4) }
    for y in (0..<image.height).reversed() {
      for x in 0..<image.width {
        let i = (y * image.width + x) * 3
        data.append(contentsOf: [image.bytes[i + 2], image.bytes[i + 1], image.bytes[i]])
      }
      data.append(Data(count: row - image.width * 3))
    }
    return data
  }
}
