package trainer

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"clara/trainer/templates"
	"clara/trainer/words"
)

// The reader is measured on the evaluation sets, so it is trained on none of their
// relations: what a question there is about, its names taken away, is asked by no
// template.
func TestTemplatesAreNotTheEvaluation(t *testing.T) {
	data, err := os.ReadFile(testdata(t, "learning", "facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	type question struct {
		Prompt                 string
		Rewordings, Neighbours []string
	}
	var sets struct{ Lessons, Unrelated []question }
	if err := json.Unmarshal(data, &sets); err != nil {
		t.Fatal(err)
	}
	relation := func(text string) map[string]bool {
		named, out := words.Names(text), make(map[string]bool)
		for _, w := range words.Content(text) {
			if !named[w] {
				out[w] = true
			}
		}
		for _, w := range []string{"name", "day", "days", "week", "weeks"} {
			delete(out, w) // "Name the ...", "How many days ..." ask for a kind of answer
		}
		return out
	}
	shipped, err := templates.All()
	if err != nil {
		t.Fatal(err)
	}
	var evaluated []string
	for _, q := range slices.Concat(sets.Lessons, sets.Unrelated) {
		evaluated = append(append(append(evaluated, q.Prompt), q.Rewordings...), q.Neighbours...)
	}
	for _, tpl := range shipped {
		for _, text := range append([]string{tpl.Question}, tpl.Rewordings...) {
			asks := relation(strings.ReplaceAll(text, "{1}", ""))
			for _, e := range evaluated {
				about, shared := relation(e), 0
				for w := range about {
					if asks[w] {
						shared++
					}
				}
				if shared == len(about) && (shared > 1 || shared == 1 && len(asks) == 1) {
					t.Errorf("%q asks what %q asks", text, e)
				}
			}
		}
	}
}
