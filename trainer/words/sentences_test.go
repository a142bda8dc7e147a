package words

import "testing"

func TestSentences(t *testing.T) {
	got := Sentences("Ask Mr. Petrov. He is in room 2.14! Really?\nYes, as\u00a0Mr.\u00a0Petrov says.")
	want := []string{"Ask Mr. Petrov.", "He is in room 2.14!", "Really?", "Yes, as\u00a0Mr.\u00a0Petrov says."}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("sentence %d: %q, want %q", i, got[i], want[i])
		}
	}
}
