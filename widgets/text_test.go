package widgets

import (
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
)

func TestWrapKeepsEveryWordAndFits(t *testing.T) {
	inLook(t, &Theme{})
	style := fyne.TextStyle{}
	for _, text := range []string{
		"", "one", "two words", "a line\nand another", "  leading and  double spaces", "trailing ",
		"Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenbescheid mit Zusatz", strings.Repeat("ü", 400), "keep\u00a0together please",
	} {
		for _, width := range []float32{1, 30, 90, 200, 1000} {
			lines := wrap(text, width, 14, style)
			got := strings.ReplaceAll(strings.Join(lines, ""), " ", "")
			if want := strings.NewReplacer(" ", "", "\n", "").Replace(text); got != want {
				t.Errorf("%q at %v lost letters: %q", text, width, lines)
			}
			for _, line := range lines {
				if m := fyne.MeasureText(line, 14, style).Width; m > width+1 && utf8.RuneCountInString(line) > 1 {
					t.Errorf("%q at %v: line %q is %v wide", text, width, line, m)
				}
			}
		}
	}
}

func TestWrapOfHugeWordIsLinear(t *testing.T) {
	inLook(t, &Theme{})
	// A quadratic way took minutes for this; the test's own timeout is the bound.
	if lines := wrap(strings.Repeat("x", 200_000), 700, 15, fyne.TextStyle{}); len(lines) < 1000 {
		t.Errorf("only %d lines", len(lines))
	}
}

func TestTextThatFitsIsOneLineAndNotCut(t *testing.T) {
	inLook(t, &Theme{})
	for _, text := range []string{"a", "ab", "abc", "seventeen letters", "Learning", "Donaudampfschifffahrt"} {
		width := fyne.MeasureText(text, 14, fyne.TextStyle{}).Width + 1
		if lines := wrap(text, width, 14, fyne.TextStyle{}); len(lines) != 1 || lines[0] != text {
			t.Errorf("%q was broken into %q", text, lines)
		}
		measure := func(s string) float32 { return fyne.MeasureText(s, 14, fyne.TextStyle{}).Width }
		if got := ellipsis(text, width, measure); got != text {
			t.Errorf("%q was cut to %q", text, got)
		}
	}
}

func FuzzWrap(f *testing.F) {
	inLook(f, &Theme{})
	f.Add("some words to break", float32(50))
	f.Fuzz(func(t *testing.T, text string, width float32) {
		if !(width > 0 && width < 5000) || len(text) > 500 || !utf8.ValidString(text) {
			t.Skip()
		}
		got := strings.ReplaceAll(strings.Join(wrap(text, width, 14, fyne.TextStyle{}), ""), " ", "")
		if want := strings.NewReplacer(" ", "", "\n", "").Replace(text); got != want {
			t.Errorf("%q became %q", want, got)
		}
	})
}

func TestTextIsCutWithEllipsis(t *testing.T) {
	inLook(t, &Theme{})
	x := Body("Objection deadlines and what follows from them").Cutting()
	window(t, x, 120, 20)
	drawn := textsOf(x)
	if len(drawn) != 1 || !strings.HasSuffix(drawn[0].Text, "…") || drawn[0].MinSize().Width > 120 {
		t.Errorf("drawn %v", drawn)
	}
}

func TestTextGrowsWithTheTextSize(t *testing.T) {
	inLook(t, &Theme{})
	small := Body("words").MinSize()
	inLook(t, &Theme{Scale: 1.5})
	large := Body("words").MinSize()
	if !(large.Width > small.Width*1.4 && large.Height > small.Height*1.3) {
		t.Errorf("at one and a half %v, before %v", large, small)
	}
}
