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

#endif
