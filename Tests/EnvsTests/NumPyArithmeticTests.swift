import CLibm
import Envs
import Foundation
import Runtime
import Testing

/// Short cuts that must not differ in one bit from the C library's functions that they spare.
@Suite struct NumPyArithmeticTests {
  /// Also of the numbers whose squares lie next to the bounds between which `pow` is asked.
  @Test func squaresArePow() {
    var random = PCG64(seed: 1)
    var differs = 0
    func check(_ number: Double) {
      let square = square_by_pow(number)
      if square != number * number { differs += 1 }
      if NumPySquare.of(number) != square { Issue.record("the square of \(number)") }
    }
    for index in 0..<600_000 {
      let scale = index % 3 == 0 ? 9 : index % 3 == 1 ? Double.pi : 0x1p-9
      check(random.uniform(-scale, scale))
    }
    // Otherwise the product would have done.
    #expect(differs > 100)
    for exponent in -40...40 {
      for _ in 0..<100 {
        check(random.uniform(1, 2) * .init(sign: .plus, exponent: exponent, significand: 1))
      }
    }
    for number in [0, -0.0, 1, 256, 1 / 256.0, 255.99999999999997, 1e200, 1e-200, .infinity] {
      check(number)
    }
    #expect(NumPySquare.of(Double.nan).isNaN)
  }

  @Test func singleSquaresArePowf() {
    var random = PCG64(seed: 2)
    for _ in 0..<600_000 {
      let number = Float(random.uniform(-2, 2))
      if NumPySquare.of(number) != square_by_powf(number) {
        Issue.record("the square of \(number)")
      }
    }
    for number in [0, 2, -2, 0x1p-30, 0x1p-80, 1e30, .infinity] as [Float] {
      #expect(NumPySquare.of(number) == square_by_powf(number))
    }
    #expect(NumPySquare.of(Float.nan).isNaN)
  }

  /// Python's modulo is the C library's remainder, and the divisor more where that is negative.
  @Test func anglesTurnAsPythonsModulo() {
    let circle = 2 * Double.pi
    var random = PCG64(seed: 3)
    func check(_ angle: Double) {
      let rest = fmod(angle, circle)
      let right = rest < 0 ? rest + circle : rest
      if Pendulum.turned(angle) != right { Issue.record("the angle \(angle)") }
    }
    for index in 0..<300_000 {
      let scale = index % 2 == 0 ? 7.0 : 120
      check(random.uniform(-scale, scale))
    }
    for circles in -20...20 {
      let angle = Double(circles) * circle
      for number in [angle, angle.nextUp, angle.nextDown] { check(number) }
    }
    #expect(Pendulum.turned(.nan).isNaN && Pendulum.turned(.infinity).isNaN)
  }
}
