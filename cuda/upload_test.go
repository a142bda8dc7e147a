//go:build cuda && cgo && (linux || windows)

package cuda

import "testing"

// TestUploadsSideBySideAreKept: what 32 answers ask for in turn in every layer, with a window and
// without one, is copied in the first layer only.
func TestUploadsSideBySideAreKept(t *testing.T) {
	e, err := open32()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	b := e.(*Backend)
	layer := func() {
		for i := range int32(2*32 + 3) { // and the positions, the slots and the rows that are wanted
			if err := b.begin("upload"); err != nil {
				t.Fatal(err)
			}
			if _, err := b.upload("upload", bytesOf([]int32{0, 0, i, 0})); err != nil {
				t.Error(err)
			}
			b.end()
		}
	}
	layer()
	at := b.uploads.at
	layer()
	if b.uploads.at != at {
		t.Errorf("the second layer copied %d bytes again", b.uploads.at-at)
	}
}
