package model

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clara/model/tokenizer"
)

// A token may end a stop text and begin a character: nothing of that one is shown.
func TestTextStreamStopsInsideAToken(t *testing.T) {
	v := tokenizer.Defaults("gpt2", "gpt-2")
	v.Tokens = []string{"a", "#\u00c3"} // the letter stands for the byte C3, the first of an ä
	tok, err := tokenizer.New(v)
	if err != nil {
		t.Fatal(err)
	}
	s := (&Runner{tokenizer: tok}).newTextStream(Request{Stop: []string{"#"}})
	s.add(0)
	if text, finish := s.add(1); text != "" || finish != FinishStop {
		t.Errorf("the token gives %q, the end %q", text, finish)
	}
	if rest := s.finish(false); rest != "" || s.text() != "a" {
		t.Errorf("%q behind the end, %q in all", rest, s.text())
	}
}

// Of an answer that is cut by its length, what may begin a stop text is text, and the beginning
// of a character is not; where the model itself ends in one, that is shown.
func TestTextStreamIsCut(t *testing.T) {
	r := openTiny(t, "llama")
	for cut, want := range map[bool]string{true: "aä#", false: "aä#\uFFFD"} {
		s := r.newTextStream(Request{Stop: []string{"#!"}})
		for _, id := range tokensOf("aä#\xE2\x82")[1:] {
			s.add(id)
		}
		if s.finish(cut); s.text() != want {
			t.Errorf("cut %v: %q, want %q", cut, s.text(), want)
		}
	}
}

// However a text is cut into tokens (bytes here), what comes out in pieces is the
// text up to the first stop text, never part of a stop text and always whole
// characters.
func TestTextStream(t *testing.T) {
	r := openTiny(t, "llama")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("abä€😀\n#")), 0, 30, -1).Draw(t, "text")
		stops := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("abä#\n")), 1, 3, -1), 0, 3).Draw(t, "stops")
		s := r.newTextStream(Request{Stop: stops})
		var got strings.Builder
		stopped := false
		for _, id := range tokensOf(text)[1:] {
			piece, finish := s.add(id)
			if strings.Contains(piece, "\uFFFD") {
				t.Fatalf("a broken character in %q", piece)
			}
			got.WriteString(piece)
			if finish != "" {
				stopped = true
				break
			}
		}
		if !stopped {
			got.WriteString(s.finish(false))
		}
		if got.String() != s.text() {
			t.Fatalf("pieces %q, text %q", got.String(), s.text())
		}
		// The first stop text is the one that is complete first; of those that end
		// at the same byte, the one that begins first.
		want := text
		for end := range len(text) + 1 {
			first := -1
			for _, x := range stops {
				if strings.HasSuffix(text[:end], x) && (first < 0 || end-len(x) < first) {
					first = end - len(x)
				}
			}
			if first >= 0 {
				want = text[:first]
				break
			}
		}
		if got.String() != want {
			t.Fatalf("%q of %q with stops %q, expected %q", got.String(), text, stops, want)
		}
	})
}
