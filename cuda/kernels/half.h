// Values in float16, as the tensor cores take them: its 11 significant bits are three
// more than bfloat16 has, but it ends at 65504. A row of activations, and a weight, goes
// there divided by the power of two that brings its largest value to [2^14, 2^15), and
// the products are multiplied back in f32. Nothing overflows on the way, for a sum of n
// products stays below n 2^30. Besides the bits is lost what lies among float16's
// subnormals, which are 2^-24 apart: a value below 2^-28 of the largest is off by up to
// 2^-39 of the largest.
#pragma once
#include "device.h"

// The exponent of that power of two, from -126 (where all is smaller still, or 0) to 114
// (of infinity).
INLINE int exponent_for(float largest) { return max((int)(__float_as_uint(largest) >> 23 & 255) - 127 - 14, -126); }

// 2^exponent, from -126 to 127.
INLINE float power_of_two(int exponent) { return __uint_as_float((uint32_t)(exponent + 127) << 23); }

// v 2^exponent, for the sum of two exponents: in two steps, of which neither overflows or
// vanishes where the result does not.
INLINE float multiply_back(float v, int exponent) { return v * power_of_two(exponent / 2) * power_of_two(exponent - exponent / 2); }
