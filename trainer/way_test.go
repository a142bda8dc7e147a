package trainer

import (
	"testing"

	"clara/model"
	"clara/store"
)

// A lesson counts as trained in only once the version that answers was trained on it, however many others it was trained on.
func TestEachLessonHasItsOwnWay(t *testing.T) {
	trained := store.Version{Knowledge: "versions/1/knowledge", Samples: []int64{7}}
	for _, c := range []struct {
		what    string
		speaker *speaker
		want    Way
	}{
		{"without a model", nil, ""},
		{"without a reader", &speaker{}, WayTurn},
		{"with the reader", &speaker{voice: voice{reading: new(model.Adapter)}}, WayReader},
		{"trained on it", &speaker{voice: voice{reading: new(model.Adapter)}, version: trained}, WayKnowledge},
	} {
		if got := c.speaker.wayOf(7); got != c.want {
			t.Errorf("%s it is %q, want %q", c.what, got, c.want)
		}
	}
	s := &speaker{voice: voice{reading: new(model.Adapter)}, version: trained}
	if got := s.wayOf(8); got != WayReader {
		t.Errorf("of a lesson that was taught since it is %q", got)
	}
}
