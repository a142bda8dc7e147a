// MatMul: c = alpha op(a) op(b), or c +=, for each pair of transpositions.
#include "gemm.h"

typedef weight::F32 F32;

KERNEL(matmul_nn, (float *c, int64_t stride_c, const uint8_t *a, int64_t stride_a, const uint8_t *b, int64_t stride_b,
                   int rows, int columns, int inner, float alpha, int accumulate)) {
	Along<F32> left = {a, 4 * stride_a, rows, inner};
	Across<F32> right = {b, 4 * stride_b, columns, inner};
	multiply(c, stride_c, left, right, rows, columns, inner, alpha, accumulate);
}

KERNEL(matmul_nt, (float *c, int64_t stride_c, const uint8_t *a, int64_t stride_a, const uint8_t *b, int64_t stride_b,
                   int rows, int columns, int inner, float alpha, int accumulate)) {
	Along<F32> left = {a, 4 * stride_a, rows, inner};
	Along<F32> right = {b, 4 * stride_b, columns, inner};
	multiply(c, stride_c, left, right, rows, columns, inner, alpha, accumulate);
}

KERNEL(matmul_tn, (float *c, int64_t stride_c, const uint8_t *a, int64_t stride_a, const uint8_t *b, int64_t stride_b,
                   int rows, int columns, int inner, float alpha, int accumulate)) {
	Across<F32> left = {a, 4 * stride_a, rows, inner};
	Across<F32> right = {b, 4 * stride_b, columns, inner};
	multiply(c, stride_c, left, right, rows, columns, inner, alpha, accumulate);
}

KERNEL(matmul_tt, (float *c, int64_t stride_c, const uint8_t *a, int64_t stride_a, const uint8_t *b, int64_t stride_b,
                   int rows, int columns, int inner, float alpha, int accumulate)) {
	Across<F32> left = {a, 4 * stride_a, rows, inner};
	Along<F32> right = {b, 4 * stride_b, columns, inner};
	multiply(c, stride_c, left, right, rows, columns, inner, alpha, accumulate);
}

// c = alpha a bᵀ for one row of a, and for four at most: LoRA on decoded tokens.
KERNEL(matmul_row, (float *c, int64_t stride_c, const float *a, int64_t stride_a, const uint8_t *b, int64_t stride_b,
                    int rows, int columns, int inner, float alpha, int accumulate)) {
	multiply_rows<F32, 1>(c, stride_c, a, stride_a, b, 4 * stride_b, rows, columns, inner, alpha, accumulate);
}

KERNEL(matmul_rows, (float *c, int64_t stride_c, const float *a, int64_t stride_a, const uint8_t *b, int64_t stride_b,
                     int rows, int columns, int inner, float alpha, int accumulate)) {
	multiply_rows<F32, 4>(c, stride_c, a, stride_a, b, 4 * stride_b, rows, columns, inner, alpha, accumulate);
}
