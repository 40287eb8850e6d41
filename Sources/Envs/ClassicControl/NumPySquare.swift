public import CLibm

/// The square that NumPy gives for a scalar's `**2`, which is the C library's `pow`: not always the rounded
/// product, from which it differs once in a thousand.
///
/// Such a difference needs a square close to the middle between two neighbouring numbers. The C library's
/// `pow` errs by at most 0.511 units in the last place and 1.5 · 2⁻¹⁵ for each unit of the result's
/// logarithm, rounding included (glibc's `e_pow.c`): for numbers from 2⁻⁸ to 2⁸ by less than 0.512, so that
/// both are equal where the exact square lies further than 0.0125 units from the middle, and the call is spared
/// 39 times in 40. In Float32 no number from 2⁻²⁴ to 2²⁴ differs whose square lies within 0.498 units of its
/// rounding (all were tried).
@usableFromInline
package enum NumPySquare {
  @inlinable
  @inline(__always)
  package static func of(_ number: Double) -> Double {
    // A mantissa's square is exact in 106 bits, of which the lowest 52 or, from √2 on, 53 are rounded away.
    let bits = number.bitPattern
    let mantissa = bits & 0xf_ffff_ffff_ffff | 0x10_0000_0000_0000
    let fraction = (mantissa &* mantissa) << (mantissa > 0x16_a09e_667f_3bcc ? 11 : 12)
    // In units of 2⁻⁶⁴: 0.4875 and, above it, 0.025.
    let isClear = fraction &- 0x7ccc_cccc_cccc_cccd > 0x0666_6666_6666_6666
    let exponent = bits >> 52 & 0x7ff
    if isClear, exponent &- 1015 < 16 { return number * number }
    return square_by_pow(number)
  }

  @inlinable
  @inline(__always)
  package static func of(_ number: Float) -> Float {
    let exact = Double(number) * Double(number)
    // Of the 52 bits after the first Float32 keeps 23; in units of 2⁻²⁹: 0.49 and, above it, 0.02.
    let fraction = exact.bitPattern & 0x1fff_ffff
    let isClear = fraction &- 263_066_746 > 10_737_420
    if isClear, exact > 0x1p-40, exact < 0x1p40 { return Float(exact) }
    return square_by_powf(number)
  }
}
