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

// Waits for all threads of the block, or for the 32 of the warp.
void synchronize_block();
void synchronize_warp();

// Copies that arrive as late as they may: when the thread waits for their group.
void copy_later(void *to, const void *from);
void end_copies();
void wait_for_copies(size_t left);

// Room for a value of each lane of the current warp, and the lane of the thread.
uint32_t (*warp_room())[8];
unsigned lane();

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
	auto room = machine::warp_room();
	memcpy(&room[machine::lane()][0], &v, 4);
	machine::synchronize_warp();
	float r;
	memcpy(&r, &room[machine::lane() ^ mask][0], 4);
	machine::synchronize_warp();
	return r;
}

INLINE int min(int a, int b) { return a < b ? a : b; }

INLINE float __uint_as_float(uint32_t u) {
	float f;
	memcpy(&f, &u, 4);
	return f;
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

INLINE uint32_t round_bfloat16(float f) {
	uint32_t u;
	memcpy(&u, &f, 4);
	if ((u & 0x7fffffff) > 0x7f800000) return 0x7fff;
	return (u + 0x7fff + (u >> 16 & 1)) >> 16;
}

INLINE uint32_t to_bfloat16(float low, float high) { return round_bfloat16(low) | round_bfloat16(high) << 16; }

INLINE float half_of_pair(uint32_t pair, int which) {
	uint32_t u = which ? pair & 0xffff0000 : pair << 16;
	float f;
	memcpy(&f, &u, 4);
	return f;
}

INLINE void copy_later(void *to, const void *from) { machine::copy_later(to, from); }
INLINE void end_copies() { machine::end_copies(); }
template <int left>
INLINE void wait_for_copies() {
	machine::wait_for_copies(left);
}

INLINE void load_matrices(uint32_t (&r)[4], const void *row) {
	auto room = machine::warp_room();
	unsigned lane = machine::lane();
	memcpy(&room[lane][0], &row, 8);
	machine::synchronize_warp();
	for (unsigned i = 0; i < 4; i++) {
		const unsigned char *from;
		memcpy(&from, &room[8 * i + lane / 4][0], 8);
		memcpy(&r[i], from + lane % 4 * 4, 4);
	}
	machine::synchronize_warp();
}

INLINE void multiply_bfloat16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
	auto room = machine::warp_room();
	unsigned lane = machine::lane();
	memcpy(&room[lane][0], a, 16);
	room[lane][4] = b0;
	room[lane][5] = b1;
	machine::synchronize_warp();
	for (unsigned i = 0; i < 4; i++) {
		unsigned row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
		float sum = c[i];
		for (unsigned k = 0; k < 16; k++) {
			uint32_t x = room[row % 8 * 4 + k % 8 / 2][row / 8 + k / 8 * 2], y = room[column * 4 + k % 8 / 2][4 + k / 8];
			sum += half_of_pair(x, k % 2) * half_of_pair(y, k % 2);
		}
		c[i] = sum;
	}
	machine::synchronize_warp();
}
