extension Scene {
  /// A colour of the screen, sRGB, with how much it covers what is below.
  public struct Color: Sendable, Hashable {
    public var red, green, blue: UInt8
    /// From 0, invisible, to 1.
    public var opacity: Double

    public init(red: UInt8, green: UInt8, blue: UInt8, opacity: Double = 1) {
      self.red = red
      self.green = green
      self.blue = blue
      self.opacity = opacity
    }

    /// A colour as web pages write it, such as `Color(0x2f6fde)`.
    public init(_ code: UInt32, opacity: Double = 1) {
      self.init(
        red: UInt8(truncatingIfNeeded: code >> 16), green: UInt8(truncatingIfNeeded: code >> 8),
        blue: UInt8(truncatingIfNeeded: code), opacity: opacity)
    }

    public func faded(_ opacity: Double) -> Color {
      var color = self
      color.opacity *= opacity
      return color
    }

    /// The colour a part of the way to another.
    public func mixed(with other: Color, _ share: Double) -> Color {
      let share = max(0, min(1, share.isFinite ? share : 0))
      func mix(_ a: UInt8, _ b: UInt8) -> UInt8 {
        UInt8((Double(a) * (1 - share) + Double(b) * share).rounded())
      }
      return Color(
        red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue),
        opacity: opacity * (1 - share) + other.opacity * share)
    }

    /// Lit less, or more above 1, as a surface in the sun.
    public func lit(_ light: Double) -> Color {
      light <= 1
        ? mixed(with: Color(0x000000, opacity: opacity), 1 - light)
        : mixed(with: Color(0xffffff, opacity: opacity), light - 1)
    }
  }
}

// One family of colours, so that pictures of different worlds look alike.
extension Scene.Color {
  public static let white = Self(0xffffff)
  public static let black = Self(0x000000)
  /// Text and outlines.
  public static let ink = Self(0x1f2933)
  public static let gray = Self(0x7b8794)
  public static let mist = Self(0xe4e9ee)
  public static let paper = Self(0xf7f8fa)
  public static let blue = Self(0x2f6fde)
  public static let sky = Self(0xcfe3fa)
  public static let red = Self(0xd64545)
  public static let orange = Self(0xf0803c)
  public static let yellow = Self(0xf7c948)
  public static let green = Self(0x3f9142)
  public static let teal = Self(0x2cb1bc)
  public static let purple = Self(0x8b5fbf)
  public static let wood = Self(0xc98d5b)
}
