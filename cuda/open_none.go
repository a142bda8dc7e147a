//go:build !(cuda && cgo && (linux || windows))

package cuda

import "clara/compute"

// Open returns [ErrNotBuilt].
func Open() (compute.Backend, error) { return nil, ErrNotBuilt }
