// A GPU on the host, for kernels that g++ compiled. One block runs at a time; each of
// its threads is a fiber of one thread of the system, and barriers and the operations
// of a warp are where fibers change. Whose turn it is comes by lot, so that a missing
// barrier shows.
//
// Shared memory begins as NaN in each block: a read of what nobody wrote spoils the
// result. Global memory ends at a page that faults (driver.cpp).
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utility>

#define INLINE static inline
#define MEMBER inline
#define UNROLL
#define KERNEL(name, parameters) KERNEL_OF(name, parameters) // after the name is expanded
#define KERNEL_OF(name, parameters) \
	extern "C" void name parameters; \
	static const machine::Kernel kernel_##name(#name, [](void **arguments) { machine::call(name, arguments); }); \
	extern "C" void name parameters
#define SHARED(type, name, n) type *const name = (type *)machine::take_shared(sizeof(type) * (n))
#define DYNAMIC_SHARED(type, name) type *const name = (type *)machine::dynamic_shared
#define __restrict__

namespace machine {

struct Dimensions {
	unsigned x, y, z;
};

// What a block and its current thread know of themselves.
extern thread_local Dimensions grid, block, position, thread;
extern thread_local unsigned char *dynamic_shared;

// The next size bytes of the block's shared memory: threads declare the same in the
// same order, so that all get the same.
void *take_shared(size_t size);

// Waits for all threads of the block.
void synchronize_block();

// What the lanes of a warp bring to one of its operations, and what they take from it.
struct Lane {
	uint32_t in[10], out[4];
};

// The current thread's own part of the warp's operations.
Lane &own_lane();

// Waits for all 32 lanes of the warp. Whoever comes last does the operation, if there is
// one, for all: a lane then finds what it takes in its own part, which no other touches.
void synchronize_warp(void (*operation)(Lane (&lanes)[32]) = nullptr);

// Copies that arrive as late as they may: when the thread waits for their group.
void copy_later(void *to, const void *from);
void end_copies();
void wait_for_copies(size_t left);

// A kernel registers itself when the library is loaded.
struct Kernel {
	typedef void (*Run)(void **arguments);
	const char *name;
	Run run;
	const Kernel *next;
	Kernel(const char *name, Run run);
	static const Kernel *find(const char *name);
};

// Runs a kernel; false when its threads wait for one another for ever.
bool launch(const Kernel *kernel, Dimensions grid, Dimensions block, size_t shared, void **arguments);

template <class... A, size_t... I>
void call_with(void (*f)(A...), void **a, std::index_sequence<I...>) {
	f(*(A *)a[I]...);
}

template <class... A>
void call(void (*f)(A...), void **a) {
	call_with(f, a, std::index_sequence_for<A...>());
}

} // namespace machine

#define threadIdx machine::thread
#define blockIdx machine::position
#define gridDim machine::grid

INLINE void __syncthreads() { machine::synchronize_block(); }
INLINE void __syncwarp() { machine::synchronize_warp(); }
INLINE float __fmul_rn(float a, float b) { return a * b; } // compiled without contraction
INLINE float __fadd_rn(float a, float b) { return a + b; }

INLINE float __shfl_xor_sync(uint32_t, float v, int mask) {
	machine::Lane &own = machine::own_lane();
	own.in[0] = mask;
	memcpy(&own.in[1], &v, 4);
	machine::synchronize_warp([](machine::Lane (&lanes)[32]) {
		for (unsigned i = 0; i < 32; i++) lanes[i].out[0] = lanes[i ^ lanes[i].in[0]].in[1];
	});
	memcpy(&v, &own.out[0], 4);
	return v;
}

INLINE int min(int a, int b) { return a < b ? a : b; }
INLINE int max(int a, int b) { return a > b ? a : b; }

// No other thread is at work meanwhile.
INLINE uint32_t atomicMax(uint32_t *at, uint32_t v) {
	uint32_t before = *at;
	*at = before > v ? before : v;
	return before;
}

INLINE float __uint_as_float(uint32_t u) {
	float f;
	memcpy(&f, &u, 4);
	return f;
}

INLINE uint32_t __float_as_uint(float f) {
	uint32_t u;
	memcpy(&u, &f, 4);
	return u;
}

INLINE float from_half(uint16_t h) {
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff, bits;
	float f = (float)fraction * (1.0f / (1 << 24)); // the subnormals
	memcpy(&bits, &f, 4);
	if (exponent == 31) bits = 0x7f800000 | fraction << 13;
	else if (exponent > 0) bits = (exponent + 127 - 15) << 23 | fraction << 13;
	bits |= sign;
	memcpy(&f, &bits, 4);
	return f;
}

INLINE uint32_t round_half(float f) {
	uint32_t u = __float_as_uint(f), sign = u >> 16 & 0x8000;
	u &= 0x7fffffff;
	if (u > 0x7f800000) return 0x7fff;
	if (u >= 0x477ff000) return sign | 0x7c00; // from 65520 on
	if (u < 0x38800000) // below 2^-14: of the values near 0.5f each is a subnormal from the next
		return sign | (__float_as_uint(__uint_as_float(u) + 0.5f) - 0x3f000000);
	return sign | (u - (112 << 23) + 0xfff + (u >> 13 & 1)) >> 13;
}

INLINE uint32_t to_half(float low, float high) { return round_half(low) | round_half(high) << 16; }

INLINE float half_of_pair(uint32_t pair, int which) { return from_half(which ? pair >> 16 : pair & 0xffff); }

INLINE void copy_later(void *to, const void *from) { machine::copy_later(to, from); }
INLINE void end_copies() { machine::end_copies(); }
template <int left>
INLINE void wait_for_copies() {
	machine::wait_for_copies(left);
}

INLINE void load_matrices(uint32_t (&r)[4], const void *row) {
	machine::Lane &own = machine::own_lane();
	memcpy(&own.in[0], &row, 8);
	machine::synchronize_warp([](machine::Lane (&lanes)[32]) {
		for (unsigned row = 0; row < 32; row++) {
			const uint32_t *from;
			memcpy(&from, &lanes[row].in[0], 8);
			for (unsigned i = 0; i < 4; i++) lanes[row % 8 * 4 + i].out[row / 8] = from[i];
		}
	});
	memcpy(r, own.out, 16);
}

INLINE void multiply_half(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
	machine::Lane &own = machine::own_lane();
	memcpy(&own.in[0], a, 16);
	own.in[4] = b0;
	own.in[5] = b1;
	memcpy(&own.in[6], c, 16);
	machine::synchronize_warp([](machine::Lane (&lanes)[32]) {
		float left[16][16], right[16][8], sum[16][8];
		for (unsigned lane = 0; lane < 32; lane++) {
			const unsigned i = lane / 4, j = lane % 4 * 2;
			const uint32_t(&in)[10] = lanes[lane].in;
			for (unsigned n = 0; n < 8; n++) left[i + n / 2 % 2 * 8][j + n % 2 + n / 4 * 8] = half_of_pair(in[n / 2], n % 2);
			for (unsigned n = 0; n < 4; n++) right[j + n % 2 + n / 2 * 8][i] = half_of_pair(in[4 + n / 2], n % 2);
			for (unsigned n = 0; n < 4; n++) sum[i + n / 2 * 8][j + n % 2] = __uint_as_float(in[6 + n]);
		}
		for (unsigned i = 0; i < 16; i++)
			for (unsigned k = 0; k < 16; k++)
				for (unsigned j = 0; j < 8; j++) sum[i][j] += left[i][k] * right[k][j];
		for (unsigned lane = 0; lane < 32; lane++)
			for (unsigned n = 0; n < 4; n++) memcpy(&lanes[lane].out[n], &sum[lane / 4 + n / 2 * 8][lane % 4 * 2 + n % 2], 4);
	});
	memcpy(c, own.out, 16);
}
