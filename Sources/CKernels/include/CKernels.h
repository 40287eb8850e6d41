// The numeric kernels under `Tensors`: one table of functions per SIMD level, chosen once at start.
//
// Every kernel computes a row's result in an order of operations that depends on that row alone,
// so that batch size, tiling and threads never change a bit of it.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum swirl_activation {
  SWIRL_IDENTITY = 0,
  SWIRL_TANH,
  SWIRL_RELU,
  SWIRL_SIGMOID,
  SWIRL_SILU,
};

enum swirl_unary {
  SWIRL_NEGATE = 0,
  SWIRL_EXP,
  SWIRL_LOG,
  SWIRL_SQRT,
  SWIRL_SQUARE,
  SWIRL_ABS,
  SWIRL_RECIPROCAL,
  SWIRL_UNARY_TANH,
  SWIRL_UNARY_RELU,
  SWIRL_UNARY_SIGMOID,
  SWIRL_UNARY_SILU,
  SWIRL_SOFTPLUS,
  SWIRL_SIGN,
  SWIRL_LOG_ONE_PLUS,
  SWIRL_EXP_MINUS_ONE,
  SWIRL_RSQRT,
  SWIRL_ERF,
  SWIRL_SIN,
  SWIRL_COS,
  SWIRL_FLOOR,
  SWIRL_CEILING,
  SWIRL_ROUND,        // half to even
  SWIRL_GELU,
  SWIRL_GELU_TANH,
  SWIRL_LOG_SIGMOID,
  SWIRL_IS_NAN,       // 1 or 0
  SWIRL_IS_FINITE,    // 1 or 0
  SWIRL_COPY,         // the last
};

enum swirl_binary {
  SWIRL_ADD = 0,
  SWIRL_SUBTRACT,
  SWIRL_MULTIPLY,
  SWIRL_DIVIDE,
  SWIRL_MINIMUM,
  SWIRL_MAXIMUM,
  SWIRL_LESS,           // 1 where a < b, else 0
  SWIRL_LESS_EQUAL,     // 1 where a <= b, else 0
  SWIRL_EQUAL,          // 1 where a == b, else 0
  SWIRL_TANH_GRADIENT,  // a · (1 − b²), b = tanh(x)
  SWIRL_RELU_GRADIENT,  // a where b > 0, else 0, b = relu(x)
  SWIRL_SIGMOID_GRADIENT,  // a · b (1 − b), b = sigmoid(x)
  SWIRL_SILU_GRADIENT,  // a · σ(b) (1 + b (1 − σ(b))), b = x
  SWIRL_SOFTPLUS_GRADIENT,  // a · σ(b), b = x
  SWIRL_NOT_EQUAL,      // 1 where a != b, else 0
  SWIRL_POWER,          // aᵇ
  SWIRL_ANGLE,          // atan2(a, b)
  SWIRL_LEAKY_RELU,     // a where a > 0, else a · b
  SWIRL_LEAKY_RELU_SLOPE,  // 1 where a > 0, else b
  SWIRL_ELU,            // a where a > 0, else b (eᵃ − 1)
  SWIRL_ELU_SLOPE,      // 1 where a > 0, else a + b, a = elu(x)
  SWIRL_GELU_GRADIENT,  // a · gelu'(b), b = x
  SWIRL_GELU_TANH_GRADIENT,
  SWIRL_FIRST,          // a; the last
};

/// The number types of a tensor beside Float32, numbered as `NumberType`.
enum swirl_number_type { SWIRL_FLOAT16 = 1, SWIRL_BFLOAT16, SWIRL_INT32, SWIRL_UINT8 };

/// Block formats, numbered as in GGUF files.
enum swirl_quantization {
  SWIRL_Q4_0 = 2,
  SWIRL_Q4_1 = 3,
  SWIRL_Q5_0 = 6,
  SWIRL_Q8_0 = 8,
  SWIRL_Q4_K = 12,
  SWIRL_Q6_K = 14,
};

enum swirl_reduction { SWIRL_SUM = 0, SWIRL_MAX, SWIRL_MIN };

struct swirl_adam {
  float step_size;      // learning rate / (1 − β₁ᵗ)
  float root_scale;     // 1 / √(1 − β₂ᵗ)
  float beta1, beta2, epsilon;
  float gradient_scale; // what gradient clipping multiplies gradients by
  float weight_decay;   // decoupled: the parameter is first multiplied by 1 − this
  float l2;             // coupled: the gradient of ½ · this · p² is added
};

struct swirl_sgd {
  float learning_rate, momentum;
  float fresh;          // what enters the velocity of a gradient: 1 − dampening, or 1 in the first step
  float gradient_scale, l2;
  int nesterov;
};

struct swirl_rmsprop {
  float learning_rate, alpha, epsilon, momentum;
  float gradient_scale, l2;
  int epsilon_inside;   // √(v + ε) instead of √v + ε
};

/// Queries of a task of the forward pass; a sequence's last may have fewer.
enum { SWIRL_ATTENTION_QUERIES = 48 };
/// Keys of a page of a paged cache: a divisor of the kernels' key tiles.
enum { SWIRL_ATTENTION_PAGE = 32 };

/// Attention over packed sequences: what the kernels read and write. Strides are in elements, and the
/// numbers of one head of one token lie side by side. Queries are the last tokens of their sequence.
struct swirl_attention {
  long sequences, tokens;  // tokens: rows of q, over all sequences
  long heads, kv_heads, dim;
  const int32_t *query_start, *query_count, *key_start, *key_count;  // [sequences]
  // Where keys and values lie in pages, or null: key i of a sequence is row i mod page of the page
  // pages[key_start + i / page]. The forward pass alone.
  const int32_t *pages;
  const float *q, *k, *v;
  long q_token, q_head, k_token, k_head, v_token, v_head;
  long before, after;   // a query sees keys from its position − before to its position + after
  float scale, softcap; // softcap: 0 for none
  const float *slopes;  // ALiBi, [heads], or null
  const float *bias;    // [sequence, head, query, key], any stride but the last 0, or null
  long bias_sequence, bias_head, bias_row;
  float *out;           // [tokens, heads, dim]
  float *lse;           // [heads, tokens]: log Σ exp of the scores

  // The backward pass alone:
  const float *dout;    // [tokens, heads, dim]
  float *dq;            // [tokens, heads, dim]
  float *dk, *dv;       // [key tokens, heads, dim]: one part for each query head
  float *dbias;         // added to; null where it is not wanted
  long dbias_sequence, dbias_head, dbias_row;
};

enum swirl_recurrence { SWIRL_LSTM = 0, SWIRL_GRU };

/// A recurrent layer over sequences: what the kernels read and write. Everything is dense, and gates stand in
/// PyTorch's order: i f g o of an LSTM, r z n of a GRU.
struct swirl_recurrent {
  int kind;
  long steps, batch, inputs, hidden;
  const float *x;             // [steps, batch, inputs]
  const float *start;         // x · input_weight + bias for each step and row, or null: computed here
  long start_row;             // from one row of it to the next
  const float *initial;       // [batch, hidden], the state before the first step, or null for 0
  const float *starts;        // [steps, batch], not 0 where the state is zeroed before the step, or null
  const float *input_weight;  // [inputs, gates, hidden]
  const float *hidden_weight; // [hidden, gates, hidden]
  const float *bias;          // [4, hidden]; of a GRU r, z and the input's and the state's part of n
  const float *packed;        // what recurrent_pack wrote; null in a forward pass reads weights in place
  float *y;                   // [steps, batch, hidden]
  float *cell;                // [batch, hidden], of an LSTM: before the first step, then after the last
  float *saved;               // for the backward pass, or null: [steps, batch, 6, hidden] of an LSTM: i f g
                              // o, c before, tanh c after; [steps, batch, 4, hidden] of a GRU: r z n,
                              // the state's part of n

  // The backward pass alone:
  const float *dy;            // [steps, batch, hidden]
  float *dh;                  // [batch, hidden], receives the gradient of the state before the first step
  float *dcell;               // [batch, hidden]: gradient of c after the last step, then before the first
  float *dx;                  // [steps, batch, inputs], or null
};

/// Steps of `rows` rows whose gates' gradients are kept at a time.
static inline long swirl_recurrent_chunk(const struct swirl_recurrent *s, long rows) {
  const long steps = rows < 128 ? 128 / (rows > 0 ? rows : 1) : 1;
  return steps < s->steps ? steps : s->steps;
}
/// Numbers of scratch for the backward pass of `rows` rows.
static inline long swirl_recurrent_scratch(const struct swirl_recurrent *s, long rows) {
  return swirl_recurrent_chunk(s, rows) * rows * (s->inputs + 5 * s->hidden + 32);
}

/// Cross-entropy of rows of logits; see losses.h.
struct swirl_cross_entropy {
  long n;                  // classes
  const float *x;          // [rows, n]
  const int32_t *targets;  // [rows]
  int32_t ignored;         // rows with this target count nothing
  float smoothing;
  const float *weights;    // [n], or null
  float *lse;              // [rows]: log Σ exp of the logits
  float *loss;             // [rows]
  const float *scale;      // [rows]: what each row's loss receives, for the gradient
  float *dx;               // [rows, n]
};

/// The sizes of a convolution or of pooling.
struct swirl_convolution {
  long channels, height, width;              // of an image that comes in
  long out_channels, out_height, out_width;  // of one that comes out
  long kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x;
  long top, bottom, left, right;             // padding
  long groups;
};

/// One SIMD level's kernels. Strides are in elements.
struct swirl_kernels {
  const char *name;
  int width;

  /// C[m, n] = act(Σₖ A[m, k] · B[k, n] + bias[n]): one chain of multiply-adds in k order per output,
  /// started from the bias (or 0; or from C when `accumulate`). A: any strides; B: any strides; C: unit columns.
  void (*gemm)(long m, long n, long k, const float *a, long a_row, long a_col, const float *b,
               long b_row, long b_col, float *c, long c_row, const float *bias, int accumulate,
               int activation);

  void (*unary)(int op, long n, const float *x, float *y);
  /// y[i] = op(a[i · a_step], b[i · b_step]); a step is 0 or 1.
  void (*binary)(int op, long n, const float *a, int a_step, const float *b, int b_step, float *y);
  /// y[i] = clamp(x[i], low, high)
  void (*clamp)(long n, const float *x, float low, float high, float *y);
  /// y[i] = scale · x[i] + shift
  void (*affine)(long n, const float *x, float scale, float shift, float *y);
  /// y[i] = y[i] + scale · x[i]
  void (*accumulate)(long n, const float *x, float scale, float *y);

  /// y[i] = condition[i] ≠ 0 ? a[i · a_step] : b[i · b_step]; a step is 0 or 1.
  void (*select)(long n, const float *condition, const float *a, int a_step, const float *b,
                 int b_step, float *y);
  /// y[i] = kept[i] ? scale · x[i] : 0
  void (*drop)(long n, const float *x, const uint8_t *kept, float scale, float *y);

  /// Reduces the middle axis of x[outer, length, inner] into y[outer, inner].
  void (*reduce)(int op, long outer, long length, long inner, const float *x, float *y);
  /// Σ x² in double precision over fixed blocks.
  double (*sum_of_squares)(long n, const float *x);

  /// Running sums along the middle axis of x[outer, length, inner], from its end when `backwards`.
  void (*cumulative_sum)(long outer, long length, long inner, int backwards, const float *x,
                         float *y);
  /// y[r] = log Σ exp of row r of x[rows, n]
  void (*log_sum_exp)(long rows, long n, const float *x, float *y);
  /// Writes lse and loss of the rows [first, last).
  void (*cross_entropy)(const struct swirl_cross_entropy *s, long first, long last);
  /// Writes dx of the rows [first, last).
  void (*cross_entropy_gradient)(const struct swirl_cross_entropy *s, long first, long last);
  /// Of each row of scores x[rows, n] the log-probability of its target, the entropy and log Σ exp.
  void (*token_scores)(long rows, long n, const float *x, const int32_t *targets, float *logs,
                       float *entropies, float *lse);
  /// Overwrites x by `scale` times the gradient of Σ dlogs · logs + dentropies · entropies.
  void (*token_scores_gradient)(long rows, long n, float *x, const int32_t *targets,
                                const float *lse, const float *entropies, const float *dlogs,
                                const float *dentropies, float scale);
  void (*log_softmax)(long rows, long n, const float *x, float *y);
  /// dx = dy − softmax · Σ dy, with softmax = exp(y).
  void (*log_softmax_gradient)(long rows, long n, const float *dy, const float *y, float *dx);

  /// `largest`: the running maximum of v that AMSGrad divides by, or null.
  void (*adam)(long n, float *parameter, const float *gradient, float *m, float *v, float *largest,
               const struct swirl_adam *settings);
  /// `velocity`: null without momentum.
  void (*sgd)(long n, float *parameter, const float *gradient, float *velocity,
              const struct swirl_sgd *settings);
  /// `mean`: the running mean of a centred step, or null; `velocity`: null without momentum.
  void (*rmsprop)(long n, float *parameter, const float *gradient, float *square, float *mean,
                  float *velocity, const struct swirl_rmsprop *settings);
  /// velocity += (1 − beta) (g − velocity), update = velocity or, with Nesterov, g + beta (velocity − g),
  /// where g = scale · gradient.
  void (*momentum)(long n, const float *gradient, float scale, float *velocity, float beta,
                   int nesterov, float *update);
  /// rounds · 12 · width multiply-adds and nothing else, to see how many a second there can be.
  float (*multiply_adds)(long rounds);

  /// Writes out and lse of the tasks [first, last): one for each head and each
  /// `SWIRL_ATTENTION_QUERIES` queries of a sequence, numbered by sequence, then head.
  void (*attention_forward)(const struct swirl_attention *s, long first, long last, float *scratch);
  /// Writes dq, dk and dv and adds to dbias. Tasks are [sequence, head], or heads where sequences share
  /// one dbias (its sequence stride is 0).
  void (*attention_backward)(const struct swirl_attention *s, long first, long last,
                             float *scratch);
  /// Numbers of scratch that a call needs; proportional to the longest sequence.
  long (*attention_scratch)(const struct swirl_attention *s, int backward);
  /// Turns pairs of the first `turned` numbers of each head of the tokens [first, last) of
  /// x[tokens, heads, dim] into y, by row token mod period of the table (see rotary.h); sign −1 turns back.
  void (*rotate)(long first, long last, long heads, long dim, long turned, int interleaved,
                 long period, const float *x, const float *table, float sign, float *y);
  /// y = silu(a) · b
  void (*gated_silu)(long n, const float *a, const float *b, float *y);
  void (*gated_silu_gradient)(long n, const float *dy, const float *a, const float *b, float *da,
                              float *db);

  /// Runs the rows [first, last) of the batch through all steps. scratch: (last − first) · hidden numbers.
  void (*recurrent_forward)(const struct swirl_recurrent *s, long first, long last, float *scratch);
  /// Writes dh, dcell and dx of the rows [first, last) and the sums over them of the weights' and biases'
  /// gradients: dweights [inputs, gates, hidden], where a GRU's gates stand in the order n, r, z, then
  /// [hidden, gates, hidden], and dbias [4, hidden]: i f g o; of a GRU n, r, z, the state's part of n.
  /// dweights may be null. scratch: `swirl_recurrent_scratch` numbers.
  void (*recurrent_backward)(const struct swirl_recurrent *s, long first, long last, float *dweights,
                             float *dbias, float *scratch);
  /// Packs the weights for the forward or the backward pass, `recurrent_packed` numbers.
  void (*recurrent_pack)(const struct swirl_recurrent *s, int backward, float *packed);
  long (*recurrent_packed)(const struct swirl_recurrent *s, int backward);
  /// C[i, j] = act(Σₛ x[rows[i] + steps[s]] · B[s, j] + bias[j]), or with C's own numbers in place of the bias
  /// when `accumulate`: one chain of multiply-adds in order of s per output.
  void (*patch_product)(long m, long n, long k, const float *x, const int32_t *rows,
                        const int32_t *steps, const float *b, long b_row, float *c, long c_row,
                        const float *bias, int accumulate, int activation);
  /// y[columns, rows] = the transpose of x[rows, columns].
  void (*transpose_matrix)(long rows, long columns, const float *x, float *y);
  /// Adds patches [out height · out width, kernel height, kernel width, channels / groups] to where they
  /// were cut from, in the first channels of the image y[height, width, channels].
  void (*add_patches)(const struct swirl_convolution *s, const float *patches, float *y);

  /// Σ x
  float (*row_sum)(long n, const float *x);
  /// Σ (x − centre)²
  float (*row_squares)(long n, const float *x, float centre);
  /// sums = Σ dy, Σ dy (x − centre)
  void (*row_products)(long n, const float *dy, const float *x, float centre, float *sums);
  /// out = a · dy + b · (x − centre) + c
  void (*blend)(long n, const float *dy, float a, const float *x, float centre, float b, float c,
                float *out);
  /// y = (x − mean) · scale · weight + bias by row, scale = 1 / √(mean square + epsilon); the mean is
  /// taken as 0 unless `centred`. `weight` and `bias` may be null; means and scales are written.
  void (*layer_norm)(long rows, long n, const float *x, const float *weight, const float *bias,
                     float epsilon, int centred, float *y, float *means, float *scales);
  /// Writes dx, unless it is null, and adds the rows' parts to dweight and dbias, unless null.
  void (*layer_norm_gradient)(long rows, long n, const float *dy, const float *x,
                              const float *weight, const float *means, const float *scales,
                              int centred, float *dx, float *dweight, float *dbias);

  /// y[i] = x[i], numbers of a `swirl_number_type` to Float32 and back: to the nearest, ties to even; whole
  /// numbers are limited to their range, NaN as one of them is 0.
  void (*widen)(int type, long n, const void *x, float *y);
  void (*narrow)(int type, long n, const float *x, void *y);
  /// As `gemm`, from bias or 0 and without activation, with B stored as halves of any strides.
  /// block: 65,536 numbers of scratch where m > 4 or neither stride of B is 1.
  void (*half_product)(int type, long m, long n, long k, const float *a, long a_row, long a_col,
                       const void *b, long b_row, long b_col, float *c, long c_row,
                       const float *bias, float *block);
  /// The numbers of blocks of a `swirl_quantization`.
  void (*dequantize)(int format, long blocks, const void *w, float *y);
  /// y[i · y_row + o] = Σₖ x[i, k] · w[o, k]; a row of w is k numbers in blocks.
  /// panel: 16 k numbers of scratch where m > 1.
  void (*quantized_product)(int format, long m, long outputs, long k, const void *w, const float *x,
                            float *y, long y_row, float *panel);
};

/// The level in use: the best the processor has, or the one named by the variable SWIRL_SIMD.
extern const struct swirl_kernels *swirl_active;
static inline const struct swirl_kernels *swirl_kernels_in_use(void) { return swirl_active; }
/// The tables this processor can run, best first; the last is the plain C level. Returns their number.
int swirl_levels(const struct swirl_kernels **levels, int capacity);

/// Plain loops that define what each kernel computes, for tests.
extern const struct swirl_kernels swirl_reference;

/// Copies x, elements of `size` bytes (1, 2 or 4) with any strides, into contiguous y. rank ≤ 6.
void swirl_copy_strided(int size, int rank, const int32_t *shape, const int32_t *strides,
                        const void *x, void *y);
/// y = op(a, b), broadcast by strides of 0, into contiguous y. rank ≤ 6.
void swirl_binary_strided(int op, int rank, const int32_t *shape, const float *a,
                          const int32_t *a_strides, const float *b, const int32_t *b_strides,
                          float *y);
/// y[i, :] = x[indices[i], :]; the caller has checked the indices.
void swirl_gather_rows(long count, long width, const float *x, const int32_t *indices, float *y);

/// Copies x with any strides to y with any strides, elements of 4 bytes. rank ≤ 6.
void swirl_copy_between(int rank, const int32_t *shape, const int32_t *x_strides, const float *x,
                        const int32_t *y_strides, float *y);
/// y += x in the same way, in the order of x.
void swirl_add_between(int rank, const int32_t *shape, const int32_t *x_strides, const float *x,
                       const int32_t *y_strides, float *y);

// Along the middle axis of x[outer, length, inner]; the caller has checked the indices.

/// y[o, i, j] = x[o, indices[o, i, j], j], y of [outer, count, inner].
void swirl_gather_axis(long outer, long length, long inner, long count, const float *x,
                       const int32_t *indices, float *y);
/// y[o, indices[o, i, j], j] += x[o, i, j], x of [outer, count, inner], in the order of i.
void swirl_scatter_axis(long outer, long length, long inner, long count, const float *x,
                        const int32_t *indices, float *y);
/// y[o, i, :] = x[o, indices[i], :]
void swirl_select_axis(long outer, long length, long inner, long count, const float *x,
                       const int32_t *indices, float *y);
/// y[o, indices[i], j] += x[o, i, j] for the j in [first, last), in the order of i.
void swirl_add_axis(long outer, long length, long inner, long first, long last, long count,
                    const float *x, const int32_t *indices, float *y);
/// The least and the largest of the indices; 0 and −1 of none.
void swirl_index_range(long count, const int32_t *indices, int32_t *least, int32_t *largest);

/// Position of the first largest (or smallest) number of each row of x[rows, n]; NaN wins.
void swirl_extreme_positions(long rows, long n, const float *x, int smallest, int32_t *positions);
/// Sorts one row: the order of its numbers, stable, NaN above all. scratch: 4 n numbers of 4 bytes.
void swirl_sort_row(long n, const float *x, int descending, int32_t *order, void *scratch);
/// Positions of the k largest (or smallest) numbers of a row, in order; the first of equals first.
/// scratch: 4 n numbers of 4 bytes.
void swirl_top_row(long n, long k, const float *x, int smallest, int32_t *positions,
                   void *scratch);

/// Copies an image of floats, or of bytes divided by 255, with zeros around it: as
/// [height, width, channels] where the channels lie side by side, else as [channels, height, width].
void swirl_read_image(const struct swirl_convolution *s, int bytes, const void *x, long channel_step,
                      long row_step, long column_step, float *y);
/// Pooling of images of one channel each; `places` says where in its image each maximum stood.
void swirl_max_pool(const struct swirl_convolution *s, long planes, const float *x, float *y,
                    int32_t *places);
void swirl_max_pool_gradient(const struct swirl_convolution *s, long planes, const float *dy,
                             const int32_t *places, float *dx);
void swirl_average_pool(const struct swirl_convolution *s, long planes, int counts_padding,
                        const float *x, float *y);
void swirl_average_pool_gradient(const struct swirl_convolution *s, long planes, int counts_padding,
                                 const float *dy, float *dx);

// MARK: - The buffer pool

/// A 64-byte aligned buffer of at least `bytes` bytes; `size_class` names its free list.
void *swirl_pool_acquire(size_t bytes, int *size_class);
void swirl_pool_release(void *buffer, int size_class);
/// How many buffers the pool had to take from the system so far, over all threads.
uint64_t swirl_pool_misses(void);
/// The same for the calling thread alone.
uint64_t swirl_pool_misses_of_this_thread(void);
/// Bytes the pool has taken from the system so far.
uint64_t swirl_pool_bytes(void);
/// Bytes of buffers that this thread took less those it gave back, and their largest value since the last
/// reset.
int64_t swirl_pool_in_use_of_this_thread(void);
int64_t swirl_pool_peak_of_this_thread(void);
void swirl_pool_reset_peak(void);

// MARK: - Thread-local slots

/// The innermost tape of this thread, or null.
void *swirl_current_tape(void);
void swirl_set_current_tape(void *tape);
/// The worker pool that large products of this thread are shared with, or null.
void *swirl_engine_workers(void);
void swirl_set_engine_workers(void *pool);
/// The forward pass of this thread, or null.
void *swirl_current_forward(void);
void swirl_set_current_forward(void *pass);
/// How this thread's tapes store what they save, a `NumberType`; 0 is Float32.
int swirl_storage_precision(void);
void swirl_set_storage_precision(int type);
/// Where this thread's anomalies are noted, or null.
void *swirl_anomaly_watch(void);
void swirl_set_anomaly_watch(void *watch);
/// A tape this thread has finished with and may use again, or null.
void *swirl_spare_tape(void);
void swirl_set_spare_tape(void *tape);

#ifdef __cplusplus
}
#endif
