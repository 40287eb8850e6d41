// Every family of kernels at one SIMD level, and the table that holds them.
#include "simd.h"

#include "functions.h"
#include "elementwise.h"
#include "gemm.h"
#include "attention.h"
#include "attention_few.h"
#include "attention_backward.h"
#include "rotary.h"
#include "optimizers.h"
#include "gated.h"
#include "reduce.h"
#include "normalization.h"
#include "convolution.h"
#include "roofline.h"
#include "recurrent.h"
#include "convert.h"
#include "half_product.h"
#include "quantized.h"
#include "losses.h"

const struct swirl_kernels NAME(swirl_kernels) = {
    .name = LEVEL_NAME,
    .width = W,
    .gemm = NAME(gemm),
    .unary = NAME(unary),
    .binary = NAME(binary),
    .clamp = NAME(clamp),
    .affine = NAME(affine),
    .accumulate = NAME(accumulate),
    .select = NAME(select),
    .drop = NAME(drop),
    .reduce = NAME(reduce),
    .sum_of_squares = NAME(sum_of_squares),
    .cumulative_sum = NAME(cumulative_sum),
    .log_softmax = NAME(log_softmax),
    .log_softmax_gradient = NAME(log_softmax_gradient),
    .log_sum_exp = NAME(log_sum_exp),
    .cross_entropy = NAME(cross_entropy),
    .cross_entropy_gradient = NAME(cross_entropy_gradient),
    .token_scores = NAME(token_scores),
    .token_scores_gradient = NAME(token_scores_gradient),
    .adam = NAME(adam),
    .sgd = NAME(sgd),
    .rmsprop = NAME(rmsprop),
    .momentum = NAME(momentum),
    .multiply_adds = NAME(multiply_adds),
    .attention_forward = NAME(attention_forward),
    .attention_backward = NAME(attention_backward),
    .attention_scratch = NAME(attention_scratch),
    .rotate = NAME(rotate),
    .gated_silu = NAME(gated_silu),
    .gated_silu_gradient = NAME(gated_silu_gradient),
    .recurrent_forward = NAME(recurrent_forward),
    .recurrent_backward = NAME(recurrent_backward),
    .recurrent_pack = NAME(recurrent_pack),
    .recurrent_packed = NAME(recurrent_packed),
    .patch_product = NAME(patch_product),
    .transpose_matrix = NAME(transpose_matrix),
    .add_patches = NAME(add_patches),
    .row_sum = NAME(row_sum),
    .row_squares = NAME(row_squares),
    .row_products = NAME(row_products),
    .blend = NAME(blend),
    .layer_norm = NAME(layer_norm),
    .layer_norm_gradient = NAME(layer_norm_gradient),
    .widen = NAME(widen),
    .narrow = NAME(narrow_to),
    .half_product = NAME(half_product),
    .dequantize = NAME(dequantize),
    .quantized_product = NAME(quantized_product),
};
