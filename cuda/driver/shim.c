//go:build cuda && cgo && (linux || windows)

/* Late binding of the NVIDIA driver.
 *
 * gorgonia.org/cu is compiled against ordinary declarations and asks the linker for
 * -lcuda. Here is what the linker finds: functions of the same names, each of which
 * calls that of the driver once shim_open has loaded it. The program itself depends
 * on no file of NVIDIA's and starts on any machine. */
#include "shim.h"

#include <stdio.h>
#include <string.h>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
static void *library(const char *path) {
	/* A bare name is the system's: in the folder that the program was started from anybody
	 * may have put a file of that name. */
	if (!strpbrk(path, "\\/")) return (void *)LoadLibraryExA(path, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	return (void *)LoadLibraryExA(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
}
static void *symbol(void *l, const char *name) { return (void *)GetProcAddress((HMODULE)l, name); }
static void failure(char *reason, size_t size) { snprintf(reason, size, "LoadLibrary: error %lu", (unsigned long)GetLastError()); }
#else
#include <dlfcn.h>
static void *library(const char *path) { return dlopen(path, RTLD_NOW | RTLD_LOCAL); }
static void *symbol(void *l, const char *name) { return dlsym(l, name); }
static void failure(char *reason, size_t size) {
	const char *e = dlerror();
	snprintf(reason, size, "%s", e ? e : "dlopen failed");
}
#endif

#define X(name, parameters, arguments) static CUresult(CUDAAPI *real_##name) parameters;
#include "symbols.h"
#undef X

static int opened;

/* gorgonia.org/cu calls cuInit while the package is initialised and ends the process
 * when that fails. The real one runs in shim_open. */
CUresult CUDAAPI cuInit(unsigned flags) {
	(void)flags;
	return CUDA_SUCCESS;
}

#define X(name, parameters, arguments) \
	CUresult CUDAAPI name parameters { \
		if (!real_##name) return opened ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_NOT_INITIALIZED; \
		return real_##name arguments; \
	}
#include "symbols.h"
#undef X

int shim_open(const char *path, CUresult *result, char *reason, size_t size) {
	CUresult(CUDAAPI *init)(unsigned);
	*result = CUDA_ERROR_NOT_INITIALIZED;
	void *l = library(path);
	if (!l) {
		failure(reason, size);
		return SHIM_NO_LIBRARY;
	}
	*(void **)&init = symbol(l, "cuInit");
	if (!init) {
		snprintf(reason, size, "it has no cuInit");
		return SHIM_BAD_LIBRARY;
	}
	*result = init(0);
	if (*result != CUDA_SUCCESS) {
		snprintf(reason, size, "cuInit: error %d", (int)*result);
		return SHIM_INIT_FAILED;
	}
	/* What an older driver lacks stays NULL and is answered with NOT_SUPPORTED. */
#define X(name, parameters, arguments) *(void **)&real_##name = symbol(l, #name);
#include "symbols.h"
#undef X
	opened = 1;
	return SHIM_OK;
}
