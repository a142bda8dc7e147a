package widgets

import (
	"math/rand/v2"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
)

func render(words []Word) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString([...]string{"", "-", "+"}[w.Change] + w.Text + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestDiffWords(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{"", "", ""},
		{"a b c", "a b c", "a b c"},
		{"on the third day", "on the fourth day", "on the -third +fourth day"},
		{"a b", "a x b y", "a +x b +y"},
		{"a b c", "", "-a -b -c"},
		{"", "a b", "+a +b"},
		{"a a a", "a a", "a a -a"},
		{"lines\n\n and  blanks", "lines and blanks", "lines and blanks"},
	} {
		if got := render(DiffWords(c.before, c.after)); got != c.want {
			t.Errorf("%q to %q: %q, want %q", c.before, c.after, got, c.want)
		}
	}
}

// TestDiffWordsTellsBothTexts: without what was added it is the text before, without what was removed the text after, and no common
// word could be kept besides.
func TestDiffWordsTellsBothTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	text := func() []string {
		words := make([]string, r.IntN(12))
		for i := range words {
			words[i] = string(rune('a' + r.IntN(4)))
		}
		return words
	}
	for range 2000 {
		x, y := text(), text()
		var before, after []string
		same := 0
		for _, w := range DiffWords(strings.Join(x, " "), strings.Join(y, " ")) {
			if w.Change != Added {
				before = append(before, w.Text)
			}
			if w.Change != Removed {
				after = append(after, w.Text)
			}
			if w.Change == Same {
				same++
			}
		}
		if strings.Join(before, " ") != strings.Join(x, " ") || strings.Join(after, " ") != strings.Join(y, " ") {
			t.Fatalf("%v to %v: before %v, after %v", x, y, before, after)
		}
		if want := longestCommon(x, y); same != want {
			t.Fatalf("%v to %v keeps %d words, %d are common", x, y, same, want)
		}
	}
}

// longestCommon is the length of the longest common subsequence, by trying all.
func longestCommon(x, y []string) int {
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	if x[0] == y[0] {
		return 1 + longestCommon(x[1:], y[1:])
	}
	return max(longestCommon(x[1:], y), longestCommon(x, y[1:]))
}

func TestDiffOfHugeTextsIsBounded(t *testing.T) {
	x, y := strings.Repeat("a b c ", 20_000), strings.Repeat("d e f ", 20_000)
	words := DiffWords("same "+x+"end", "same "+y+"end")
	if len(words) != 120_002 || words[0].Change != Same || words[len(words)-1].Change != Same {
		t.Errorf("%d words", len(words))
	}
}

func TestDiffFitsItsWidth(t *testing.T) {
	inLook(t, &Theme{})
	d := NewDiff(TextBody, DiffWords(longText, strings.ReplaceAll(longText, "Sie", "you and me"))...)
	for _, width := range []float32{120, 200, 333, 700} {
		d.Resize(fyne.NewSize(width, d.HeightAt(width)))
		bottom := float32(0)
		for _, x := range textsOf(d) {
			bottom = fyne.Max(bottom, x.Position().Y+x.Size().Height)
			if end := x.Position().X + x.MinSize().Width; end > width+1 {
				t.Errorf("at %v %q reaches to %v", width, x.Text, end)
			}
		}
		if bottom > d.HeightAt(width)+1 {
			t.Errorf("at %v the words reach to %v of %v", width, bottom, d.HeightAt(width))
		}
	}
	d.Sign = func(s string, c Change) string { return [...]string{"", "removed ", "added "}[c] + s }
	if !strings.Contains(d.AccessibilityLabel(), "removed Sie") || !strings.Contains(d.AccessibilityLabel(), "added you") {
		t.Errorf("spoken %q", d.AccessibilityLabel())
	}
}
