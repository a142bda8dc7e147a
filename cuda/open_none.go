//go:build !(cuda && cgo && (linux || windows))

package cuda

import "clara/compute"

// Open returns [ErrNotBuilt].
func Open(Options) (compute.Backend, error) { return nil, ErrNotBuilt }
