// Prints the median microseconds of cblas_sgemm for each m, k, n given: seconds m k n [m k n ...].
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double timed(int calls, int m, int k, int n, const float *a, const float *b, float *c) {
  double start = now();
  for (int i = 0; i < calls; i++)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
  return now() - start;
}

int main(int count, char **arguments) {
  double seconds = atof(arguments[1]);
  for (int i = 2; i + 2 < count; i += 3) {
    int m = atoi(arguments[i]), k = atoi(arguments[i + 1]), n = atoi(arguments[i + 2]);
    float *a = malloc(sizeof(float) * m * k), *b = malloc(sizeof(float) * k * n);
    float *c = malloc(sizeof(float) * m * n);
    for (int j = 0; j < m * k; j++) a[j] = rand() / (float)RAND_MAX - 0.5f;
    for (int j = 0; j < k * n; j++) b[j] = rand() / (float)RAND_MAX - 0.5f;
    int calls = 1;
    timed(3, m, k, n, a, b, c);
    while (timed(calls, m, k, n, a, b, c) < seconds / 50) calls *= 2;
    static double readings[10000];
    double total = 0;
    int windows = 0;
    while (windows < 5 || (total < seconds && windows < 10000)) {
      double elapsed = timed(calls, m, k, n, a, b, c);
      readings[windows++] = elapsed / calls;
      total += elapsed;
    }
    qsort(readings, windows, sizeof(double), compare);
    printf("%.6f\n", readings[windows / 2] * 1e6);
    free(a), free(b), free(c);
  }
}
