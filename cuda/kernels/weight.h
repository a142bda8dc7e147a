// The layouts of frozen weights, by their GGUF names (compute/quant.go has the
// reference): four values that follow one another in a row are unpacked at a time.
// Every product and sum is rounded by itself, so that the result is that of the
// reference bit by bit.
#pragma once
#include "device.h"

namespace weight {

// The f16 or the 32 bits at p, which is even: blocks have no better alignment.
INLINE float half_at(const uint8_t *p) { return from_half(*(const uint16_t *)p); }
INLINE uint32_t word_at(const uint8_t *p) { return *(const uint16_t *)p | (uint32_t) * (const uint16_t *)(p + 2) << 16; }

// A layout of single values has at(row, i), value i of a row.

struct F32 {
	static const bool single = true;
	static MEMBER float at(const uint8_t *row, int i) { return ((const float *)row)[i]; }
};

struct F16 {
	static const bool single = true;
	static MEMBER float at(const uint8_t *row, int i) { return half_at(row + 2 * i); }
};

struct BF16 {
	static const bool single = true;
	static MEMBER float at(const uint8_t *row, int i) { return __uint_as_float((uint32_t) * (const uint16_t *)(row + 2 * i) << 16); }
};

// A layout of blocks has unpack(row, column, v): the values [column, column+4) of a
// row; column is a multiple of 4.

// In the formats of 32 values the low nibbles are the first 16 values, the high ones
// the rest; the fifth bits lie in one word in the order of the values.

// Nibbles of values [i, i+4) of a block, one in the low half of each byte.
INLINE uint32_t nibbles(const uint8_t *quants, int i) { return word_at(quants + i % 16) >> (i < 16 ? 0 : 4) & 0x0f0f0f0f; }

INLINE int byte_of(uint32_t word, int i) { return word >> (8 * i) & 0xff; }

struct Q4_0 {
	static const bool single = false;
	static MEMBER void unpack(const uint8_t *row, int column, float (&v)[4]) {
		const uint8_t *b = row + column / 32 * 18;
		float d = half_at(b);
		uint32_t q = nibbles(b + 2, column % 32);
		UNROLL
		for (int i = 0; i < 4; i++) v[i] = __fmul_rn((float)(byte_of(q, i) - 8), d);
	}
};

struct Q4_1 {
	static const bool single = false;
	static MEMBER void unpack(const uint8_t *row, int column, float (&v)[4]) {
		const uint8_t *b = row + column / 32 * 20;
		float d = half_at(b), m = half_at(b + 2);
		uint32_t q = nibbles(b + 4, column % 32);
		UNROLL
		for (int i = 0; i < 4; i++) v[i] = __fadd_rn(__fmul_rn((float)byte_of(q, i), d), m);
	}
};

struct Q5_0 {
	static const bool single = false;
	static MEMBER void unpack(const uint8_t *row, int column, float (&v)[4]) {
		const uint8_t *b = row + column / 32 * 22;
		float d = half_at(b);
		uint32_t fifth = word_at(b + 2) >> (column % 32), q = nibbles(b + 6, column % 32);
		UNROLL
		for (int i = 0; i < 4; i++) v[i] = __fmul_rn((float)((byte_of(q, i) | (int)(fifth >> i & 1) << 4) - 16), d);
	}
};

struct Q5_1 {
	static const bool single = false;
	static MEMBER void unpack(const uint8_t *row, int column, float (&v)[4]) {
		const uint8_t *b = row + column / 32 * 24;
		float d = half_at(b), m = half_at(b + 2);
		uint32_t fifth = word_at(b + 4) >> (column % 32), q = nibbles(b + 8, column % 32);
		UNROLL
		for (int i = 0; i < 4; i++) v[i] = __fadd_rn(__fmul_rn((float)(byte_of(q, i) | (int)(fifth >> i & 1) << 4), d), m);
	}
};

struct Q8_0 {
	static const bool single = false;
	static MEMBER void unpack(const uint8_t *row, int column, float (&v)[4]) {
		const uint8_t *b = row + column / 32 * 34;
		float d = half_at(b);
		uint32_t q = word_at(b + 2 + column % 32);
		UNROLL
		for (int i = 0; i < 4; i++) v[i] = __fmul_rn((float)(int8_t)byte_of(q, i), d);
	}
};

// The superblocks of 256 values have eight parts of 32; the nibbles of two parts lie
// in 32 bytes, the first part's in the low halves.

// The 6-bit scale and minimum of part j, from their 12 bytes.
INLINE void scale_and_minimum(const uint8_t *p, int j, float &scale, float &minimum) {
	if (j < 4) {
		scale = p[j] & 63;
		minimum = p[j + 4] & 63;
	} else {
		scale = (p[j + 4] & 15) | p[j - 4] >> 6 << 4;
		minimum = p[j + 4] >> 4 | p[j] >> 6 << 4;
	}
}

struct Q4_K {
	static const bool single = false;
	static MEMBER void unpack(const uint8_t *row, int column, float (&v)[4]) {
		const uint8_t *b = row + column / 256 * 144;
		int part = column % 256 / 32, i = column % 32;
		float s, m;
		scale_and_minimum(b + 4, part, s, m);
		s = __fmul_rn(half_at(b), s);
		m = __fmul_rn(half_at(b + 2), m);
		uint32_t q = word_at(b + 16 + part / 2 * 32 + i) >> (part % 2 * 4) & 0x0f0f0f0f;
		UNROLL
		for (int k = 0; k < 4; k++) v[k] = __fadd_rn(__fmul_rn(s, (float)byte_of(q, k)), -m);
	}
};

struct Q5_K {
	static const bool single = false;
	static MEMBER void unpack(const uint8_t *row, int column, float (&v)[4]) {
		const uint8_t *b = row + column / 256 * 176;
		int part = column % 256 / 32, i = column % 32;
		float s, m;
		scale_and_minimum(b + 4, part, s, m);
		s = __fmul_rn(half_at(b), s);
		m = __fmul_rn(half_at(b + 2), m);
		uint32_t fifth = word_at(b + 16 + i) >> part & 0x01010101;
		uint32_t q = (word_at(b + 48 + part / 2 * 32 + i) >> (part % 2 * 4) & 0x0f0f0f0f) | fifth << 4;
		UNROLL
		for (int k = 0; k < 4; k++) v[k] = __fadd_rn(__fmul_rn(s, (float)byte_of(q, k)), -m);
	}
};

// Half a superblock has 64 bytes of low nibbles, those of the first 64 values in the
// low halves, and 32 bytes with two upper bits of four values each, 32 apart.
struct Q6_K {
	static const bool single = false;
	static MEMBER void unpack(const uint8_t *row, int column, float (&v)[4]) {
		const uint8_t *b = row + column / 256 * 210;
		int half = column % 256 / 128, quarter = column % 128 / 32, i = column % 32;
		float s = __fmul_rn(half_at(b + 208), (float)(int8_t)b[192 + half * 8 + quarter * 2 + i / 16]);
		uint32_t low = word_at(b + half * 64 + quarter % 2 * 32 + i) >> (quarter / 2 * 4) & 0x0f0f0f0f;
		uint32_t high = word_at(b + 128 + half * 32 + i) >> (2 * quarter) & 0x03030303;
		uint32_t q = low | high << 4;
		UNROLL
		for (int k = 0; k < 4; k++) v[k] = __fmul_rn(s, (float)(byte_of(q, k) - 32));
	}
};

// The values [column, column+4) of a row of some columns, 0 beyond the last; column
// is a multiple of 4.
template <class T, bool single = T::single>
struct Row {
	static MEMBER void load(const uint8_t *row, int column, int columns, float (&v)[4]) {
		UNROLL
		for (int i = 0; i < 4; i++) v[i] = column + i < columns ? T::at(row, column + i) : 0;
	}
};

template <class T>
struct Row<T, false> {
	static MEMBER void load(const uint8_t *row, int column, int columns, float (&v)[4]) {
		if (column < columns) {
			T::unpack(row, column, v);
			return;
		}
		UNROLL
		for (int i = 0; i < 4; i++) v[i] = 0;
	}
};

} // namespace weight
