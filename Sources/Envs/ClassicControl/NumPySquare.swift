public import CLibm

/// The square that NumPy gives for a scalar's `**2`, which is the C library's `pow`: not always the rounded
/// product, from which it differs once in a thousand.
///
/// Such a difference needs a product close to the middle between two neighbouring numbers. The C library's
/// `pow` errs by at most 0.511 units in the last place and 1.5 · 2⁻¹⁵ for each unit of the result's
/// logarithm, rounding included (glibc's `e_pow.c`): from 2⁻⁶⁰ to 2⁶⁰ by less than 0.514, so that where the
/// exact square lies within 0.48 units of its rounding both are equal, and the call is spared 24 times in
/// 25. In Float32 no number from 2⁻²⁴ to 2²⁴ differs whose square lies within 0.498 units (all were tried).
@usableFromInline
enum NumPySquare {
  @inlinable
  static func of(_ number: Double) -> Double {
    let product = number * number
    // The product's error, exact unless something overflows or vanishes (Dekker).
    let scaled = 0x8000001p0 * number
    let upper = scaled - (scaled - number)
    let lower = number - upper
    let error = ((upper * upper - product) + 2 * upper * lower) + lower * lower
    let power = Double(bitPattern: product.bitPattern & 0x7ff0_0000_0000_0000)
    // Below a power of two units are half as large.
    let isClear = error.magnitude < power * 0x1p-52 * 0.48 && product != power
    if isClear, product > 0x1p-60, product < 0x1p60 { return product }
    return square_by_pow(number)
  }

  @inlinable
  static func of(_ number: Float) -> Float {
    let exact = Double(number) * Double(number)
    let product = Float(exact)
    let power = Float(bitPattern: product.bitPattern & 0x7f80_0000)
    let isClear = (exact - Double(product)).magnitude < Double(power) * 0x1p-23 * 0.49
    if isClear, product != power, product > 0x1p-40, product < 0x1p40 { return product }
    return square_by_powf(number)
  }
}
