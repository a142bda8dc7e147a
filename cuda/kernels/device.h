// What the kernels take from the machine. NVRTC compiles them for a GPU; g++ compiles
// the same files for the emulator (../emulator), which then has to supply whatever is
// no plain C++. Every PTX instruction stands here, and nowhere else.
#pragma once

// Every block has this many threads.
#define THREADS 256

#ifdef __CUDACC__

typedef unsigned char uint8_t;
typedef signed char int8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef long long int64_t;

#define INFINITY __int_as_float(0x7f800000)
#define INLINE static __device__ __forceinline__
#define MEMBER __device__ __forceinline__
#define UNROLL _Pragma("unroll")

// A kernel, by the name that the engine asks the driver for.
#define KERNEL(name, parameters) extern "C" __global__ void __launch_bounds__(THREADS) name parameters
// Shared memory of a block: n values, the same for all of its threads.
#define SHARED(type, name, n) __shared__ __align__(16) type name[n]
// Shared memory whose size the launch gives; once in a kernel at most.
#define DYNAMIC_SHARED(type, name) \
	extern __shared__ __align__(16) unsigned char dynamic_shared[]; \
	type *name = (type *)dynamic_shared

INLINE float from_half(uint16_t h) {
	float f;
	asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h));
	return f;
}

// Two values rounded to float16, the first in the low half.
INLINE uint32_t to_half(float low, float high) {
	uint32_t r;
	asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
	return r;
}

// Copies 16 bytes from global to shared memory beside what the thread does. end_copies
// makes a group of those since the last; wait_for_copies returns when all groups but the
// last `left` have arrived for this thread, and a barrier makes it so for all.
INLINE void copy_later(void *to, const void *from) {
	asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((uint32_t)__cvta_generic_to_shared(to)), "l"(from) : "memory");
}
INLINE void end_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int left>
INLINE void wait_for_copies() {
	asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory");
}

// Four 8x8 matrices of 16-bit values from shared memory: lane 8i+j names row j of
// matrix i; lane l receives values 2(l%4) and 2(l%4)+1 of row l/4 of each.
INLINE void load_matrices(uint32_t (&r)[4], const void *row) {
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
	             : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
	             : "r"((uint32_t)__cvta_generic_to_shared(row))
	             : "memory");
}

// c += a b on the tensor cores, 16x8 += 16x16 by 16x8, float16 with f32 sums; the
// fragments lie as the PTX manual draws them for mma.m16n8k16.
INLINE void multiply_half(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
	asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
	             "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
	             : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
	             : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#else
#include "../emulator/machine.h"
#endif

struct alignas(16) Four {
	float v[4];
};

// The sum, or the largest, of a value of each lane in the group of width lanes (a
// power of two) that a lane belongs to.
INLINE float sum_lanes(float v, int width) {
	for (int m = width / 2; m > 0; m /= 2) v += __shfl_xor_sync(0xffffffffu, v, m);
	return v;
}

INLINE float max_lanes(float v, int width) {
	for (int m = width / 2; m > 0; m /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, m));
	return v;
}

// The sum of a value of each thread of the block. room has THREADS/32 values.
INLINE float sum_block(float v, float *room) {
	v = sum_lanes(v, 32);
	__syncthreads();
	if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = v;
	__syncthreads();
	return sum_lanes(room[threadIdx.x % (THREADS / 32)], THREADS / 32);
}

INLINE float max_block(float v, float *room) {
	v = max_lanes(v, 32);
	__syncthreads();
	if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = v;
	__syncthreads();
	return max_lanes(room[threadIdx.x % (THREADS / 32)], THREADS / 32);
}

// The rows and columns of a matrix, shared out to all threads of the grid: blocks
// along x take columns, along y rows.
#define FOR_EACH_VALUE(row, rows, column, columns) \
	for (int64_t row = blockIdx.y; row < rows; row += gridDim.y) \
		for (int64_t column = (int64_t)blockIdx.x * THREADS + threadIdx.x; column < columns; column += (int64_t)gridDim.x * THREADS)
