package trainer

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A deleted conversation can be brought back for a day; then the loop erases it.
func TestDeletedConversationsAreErased(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
		b.start()
		c, _ := b.talk("How does fog form over rivers?", 0)
		if err := b.DeleteConversation(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(23 * time.Hour)
		b.settle()
		if err := b.RestoreConversation(t.Context(), c); err != nil {
			t.Fatalf("on the same day: %v", err)
		}
		if err := b.DeleteConversation(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(26 * time.Hour)
		b.settle()
		if err := b.RestoreConversation(t.Context(), c); !errors.Is(err, ErrNotFound) {
			t.Errorf("after a day: %v", err)
		}
	})
}
