#ifndef CLARA_SHIM_H
#define CLARA_SHIM_H
#include "cuda.h"

/* Outcome of shim_open. */
enum { SHIM_OK = 0, SHIM_NO_LIBRARY = 1, SHIM_BAD_LIBRARY = 2, SHIM_INIT_FAILED = 3 };

/* shim_open loads the driver library at path, runs the real cuInit and points the
 * functions of symbols.h to those of the library. To be called once at most, before
 * any other. result receives what cuInit said, reason what went wrong, in words. */
int shim_open(const char *path, CUresult *result, char *reason, size_t size);

#endif
