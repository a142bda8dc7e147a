package cpu

import "golang.org/x/sys/unix"

// adviseHuge asks for huge pages. A kernel without them says no; the memory is
// as good, only slower.
func adviseHuge(p []byte) { _ = unix.Madvise(p, unix.MADV_HUGEPAGE) }
