package main

import (
	"errors"
	"fmt"
	"testing"

	"clara/cuda"
	"clara/shaders"
)

// What a machine has not got is named apart from what is broken.
func TestWhatAnEngineLacks(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("start: %w: no libcuda.so.1", cuda.ErrUnavailable), "driver"},
		{fmt.Errorf("start: %w: %w", shaders.ErrNoOpenGL, errors.Join(fmt.Errorf("llvmpipe %w", shaders.ErrSoftware))), "card"},
		{fmt.Errorf("start: %w: no EGL", shaders.ErrNoOpenGL), "opengl"},
		{errors.New("computes wrong results"), ""},
	} {
		if got := lacking(c.err); got != c.want {
			t.Errorf("%v lacks %q, want %q", c.err, got, c.want)
		}
	}
}
