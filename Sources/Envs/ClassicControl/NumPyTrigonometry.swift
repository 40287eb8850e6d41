public import CLibm

/// Sine and cosine as NumPy computes them for Float32 on processors with fused multiplication: its own
/// vectorised polynomials, not the C library's functions, from which they differ in the last bit of
/// about one number in 200.
///
/// The angle is brought into ±π/4 by subtracting a multiple of π/2 in three pieces (Cody and Waite), and
/// minimax polynomials of degree 9 and 8 follow. Equal bits need equal constants, which are NumPy's.
///
/// Source: NumPy 2.4, `numpy/_core/src/umath/loops_trigonometric.dispatch.cpp` and its forerunners.
@usableFromInline
enum NumPyTrigonometry {
  @inlinable
  static func sine(_ angle: Float) -> Float {
    // Further out three pieces are too few, and NumPy asks the C library.
    if !(angle.magnitude <= 117_435.992) { return sinf(angle) }
    return quarterWave(angle, quartersAhead: 0)
  }

  @inlinable
  static func cosine(_ angle: Float) -> Float {
    if !(angle.magnitude <= 71_476.0625) { return cosf(angle) }
    return quarterWave(angle, quartersAhead: 1)
  }

  @inlinable
  static func quarterWave(_ angle: Float, quartersAhead: Int) -> Float {
    // Adding 1.5 · 2²³ rounds to a whole number.
    let rounder: Float = 0x1.8p+23
    let quarters = rounder.addingProduct(angle, 0x1.45f306p-1) - rounder
    let rest =
      angle
      .addingProduct(quarters, -0x1.921fbp+0)
      .addingProduct(quarters, -0x1.5110b4p-22)
      .addingProduct(quarters, -0x1.846988p-48)
    let square = rest * rest

    let turn = Int(quarters) + quartersAhead
    var value: Float
    if turn & 1 == 0 {
      value = (-0x1.a06bbap-13 as Float).addingProduct(0x1.7d3bbcp-19, square)
      value = (0x1.11119ap-7 as Float).addingProduct(value, square)
      value = (-0x1.555556p-3 as Float).addingProduct(value, square)
      value = rest.addingProduct(value * square, rest)
    } else {
      value = (-0x1.6c06dcp-10 as Float).addingProduct(0x1.98e616p-16, square)
      value = (0x1.55553cp-5 as Float).addingProduct(value, square)
      value = (-0.5 as Float).addingProduct(value, square)
      value = (1 as Float).addingProduct(value, square)
    }
    return turn & 2 == 0 ? value : -value
  }
}
