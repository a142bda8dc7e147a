//go:build unix && !linux

package cpu

// adviseHuge has nothing to do: macOS chooses its page sizes by itself.
func adviseHuge([]byte) {}
