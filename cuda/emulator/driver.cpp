// A stand-in for the NVIDIA driver: one device in host memory, its kernels those that
// are linked into this library. What the real driver does later is done at once; what
// it refuses is refused. Environment variables, read at each call, bring the faults:
//
//	CLARA_EMULATOR_MEMORY  bytes of device memory
//	CLARA_EMULATOR_LOST    a launch fails, and from then on all that waits for it
//
// and one lets a test see what the engine asks for:
//
//	CLARA_EMULATOR_CALLS   a file that gets a line with the name of each call
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <string>

#include "../driver/cuda.h"
#include "machine.h"

struct CUctx_st {
	int users;
};
struct CUmod_st {
	std::string text;
};
struct CUfunc_st {
	const machine::Kernel *kernel;
	size_t shared; // dynamic bytes that a launch may ask for
};
struct CUstream_st {};
struct CUevent_st {};

namespace {

CUctx_st context;
thread_local CUcontext current;
std::mutex mutex; // guards what follows
bool lost;
size_t used;
std::map<CUdeviceptr, size_t> allocations;

size_t memory() {
	const char *bytes = getenv("CLARA_EMULATOR_MEMORY");
	return bytes ? strtoull(bytes, nullptr, 10) : (size_t)8 << 30;
}

void note(const char *call) {
	const char *file = getenv("CLARA_EMULATOR_CALLS");
	if (!file) return;
	std::lock_guard<std::mutex> l(mutex);
	FILE *f = fopen(file, "a");
	if (!f) abort();
	fprintf(f, "%s\n", call);
	fclose(f);
}

CUresult state() {
	if (!current) return CUDA_ERROR_INVALID_CONTEXT;
	std::lock_guard<std::mutex> l(mutex);
	return lost ? CUDA_ERROR_LAUNCH_FAILED : CUDA_SUCCESS;
}

// What every call begins with; and one that the driver refuses without a context that works.
#define CALLED note(__func__);
#define WANTS_CONTEXT \
	CALLED \
	if (CUresult r = state()) return r;

size_t pages(size_t n) {
	size_t page = sysconf(_SC_PAGESIZE);
	return (n + page - 1) / page * page;
}

} // namespace

extern "C" {

CUresult cuInit(unsigned) { return CUDA_SUCCESS; }

CUresult cuDeviceGetCount(int *n) {
	*n = 1;
	return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int i) {
	if (i != 0) return CUDA_ERROR_INVALID_DEVICE;
	*device = 0;
	return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int size, CUdevice) {
	snprintf(name, size, "emulator");
	return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice) {
	switch (attribute) {
	case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *value = 8; break;
	case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *value = 0; break;
	case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *value = 2; break;
	default: return CUDA_ERROR_INVALID_VALUE;
	}
	return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *c, CUdevice) {
	context.users++;
	*c = &context;
	return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice) {
	context.users--;
	return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext c) {
	current = c;
	return CUDA_SUCCESS;
}

CUresult cuMemGetInfo_v2(size_t *available, size_t *total) {
	WANTS_CONTEXT
	*total = memory();
	*available = *total > used ? *total - used : 0;
	return CUDA_SUCCESS;
}

// The image is what the engine embeds: that the kernels in it are those of this
// library is checked by name.
CUresult cuModuleLoadData(CUmodule *module, const void *image) {
	WANTS_CONTEXT
	if (!strstr((const char *)image, ".version")) return CUDA_ERROR_INVALID_PTX;
	*module = new CUmod_st{(const char *)image};
	return CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule module) {
	delete module;
	return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
	WANTS_CONTEXT
	const machine::Kernel *k = machine::Kernel::find(name);
	if (!k || module->text.find(".entry " + std::string(name) + "(") == std::string::npos) return CUDA_ERROR_NOT_FOUND;
	*function = new CUfunc_st{k, 48 << 10}; // lives as long as the process, as few do
	return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
	WANTS_CONTEXT
	// The least that a card of the generations that fit has for a block: 8.6 and 8.9.
	if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value > 99 << 10) return CUDA_ERROR_INVALID_VALUE;
	function->shared = value;
	return CUDA_SUCCESS;
}

// Memory ends, as closely as an alignment of 16 allows, at a page that faults when
// touched. It is not zero.
CUresult cuMemAlloc_v2(CUdeviceptr *p, size_t n) {
	WANTS_CONTEXT
	if (n == 0) return CUDA_ERROR_INVALID_VALUE;
	std::lock_guard<std::mutex> l(mutex);
	if (n > memory() || used > memory() - n) return CUDA_ERROR_OUT_OF_MEMORY;
	size_t size = pages(n), page = sysconf(_SC_PAGESIZE);
	void *base = mmap(nullptr, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
	mprotect((char *)base + size, page, PROT_NONE);
	*p = (CUdeviceptr)((uintptr_t)base + (size - n) / 16 * 16);
	if (n <= 1 << 20) memset((void *)(uintptr_t)*p, 0xff, n);
	allocations[*p] = n;
	used += n;
	return CUDA_SUCCESS;
}

CUresult cuMemFree_v2(CUdeviceptr p) {
	CALLED
	if (!current) return CUDA_ERROR_INVALID_CONTEXT;
	std::lock_guard<std::mutex> l(mutex);
	auto a = allocations.find(p);
	if (a == allocations.end()) return CUDA_ERROR_INVALID_VALUE;
	size_t page = sysconf(_SC_PAGESIZE), n = a->second;
	munmap((void *)(uintptr_t)(p / page * page), pages(n) + page);
	used -= n;
	allocations.erase(a);
	return CUDA_SUCCESS;
}

CUresult cuMemHostAlloc(void **p, size_t n, unsigned) {
	WANTS_CONTEXT
	*p = malloc(n);
	return *p ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

CUresult cuMemFreeHost(void *p) {
	CALLED
	free(p);
	return CUDA_SUCCESS;
}

CUresult cuMemsetD32Async(CUdeviceptr p, unsigned value, size_t n, CUstream) {
	WANTS_CONTEXT
	if (value == 0) memset((void *)(uintptr_t)p, 0, 4 * n);
	else for (size_t i = 0; i < n; i++) ((unsigned *)(uintptr_t)p)[i] = value;
	return CUDA_SUCCESS;
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t n, CUstream) {
	WANTS_CONTEXT
	memcpy((void *)(uintptr_t)to, from, n);
	return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t n) {
	WANTS_CONTEXT
	memcpy(to, (void *)(uintptr_t)from, n);
	return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *s, unsigned) {
	WANTS_CONTEXT
	*s = new CUstream_st;
	return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream) {
	CALLED
	return state();
}

CUresult cuStreamDestroy_v2(CUstream s) {
	delete s;
	return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent *e, unsigned) {
	WANTS_CONTEXT
	*e = new CUevent_st;
	return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent, CUstream) {
	CALLED
	return state();
}

CUresult cuEventSynchronize(CUevent) {
	CALLED
	return state();
}

CUresult cuEventDestroy_v2(CUevent e) {
	delete e;
	return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, CUstream, void **arguments, void **) {
	WANTS_CONTEXT
	if (gx == 0 || gy == 0 || gz == 0 || gx > 0x7fffffff || gy > 65535 || gz > 65535 || bx == 0 || bx > 1024 || by != 1 ||
	    bz != 1 || bx % 32 != 0 || shared > f->shared)
		return CUDA_ERROR_INVALID_VALUE;
	bool ok = !getenv("CLARA_EMULATOR_LOST") && machine::launch(f->kernel, {gx, gy, gz}, {bx, 1, 1}, shared, arguments);
	if (!ok) {
		std::lock_guard<std::mutex> l(mutex);
		lost = true; // as by the real driver, the launch itself is accepted
	}
	return CUDA_SUCCESS;
}
}
