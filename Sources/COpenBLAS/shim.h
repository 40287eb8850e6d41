#pragma once
#include <cblas.h>

// The two LAPACK routines OpenBLAS carries that the engine calls; their Fortran names are the ABI.
void sgeqrf_(int *m, int *n, float *a, int *lda, float *tau, float *work, int *lwork, int *info);
void sorgqr_(int *m, int *n, int *k, float *a, int *lda, float *tau, float *work, int *lwork,
             int *info);
