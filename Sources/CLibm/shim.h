// What the C library has and Swift's map of it leaves out.

#ifndef C_LIBM_H
#define C_LIBM_H

#include <math.h>

typedef struct {
  double sine, cosine;
} SineAndCosine;

#if defined(__GLIBC__)
// Declared here, as <math.h> shows it only to those who ask for GNU's extensions.
extern void sincos(double angle, double *sine, double *cosine);
#endif

/// The sine and cosine that NumPy gives for a Float64, in one call where there is one: glibc's
/// `sincos` reduces the angle once and then runs the polynomials of `sin` and `cos`.
static inline SineAndCosine sine_and_cosine(double angle) {
  SineAndCosine both;
#if defined(__GLIBC__)
  sincos(angle, &both.sine, &both.cosine);
#else
  both.sine = sin(angle);
  both.cosine = cos(angle);
#endif
  return both;
}

/// The square that NumPy gives for a scalar's `**2`: `pow`, which is not always the rounded product.
static inline double square_by_pow(double number) {
  // Volatile, since a compiler that sees the exponent makes a product of it.
  volatile double exponent = 2;
  return pow(number, exponent);
}

static inline float square_by_powf(float number) {
  volatile float exponent = 2;
  return powf(number, exponent);
}

#endif
