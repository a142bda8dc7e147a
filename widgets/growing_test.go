package widgets

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// manyForms has every form that an answer may take.
const manyForms = `# The period

Some **bold words**, *slanted ones* and ` + "`code`" + ` with $a_1 * b_2$ in a line.
A second line, 3 * 4 = 12.

- one **item**
- two
  1. inside
  2. of it

> quoted **words**

Here it is:

| Period | Norm | Days |
|---|:-:|--:|
| Objection | § 70 | 30 |
| Action | § 74 | 30 |

` + "```go\nfunc main() {\n\tprintln(\"x\")\n}\n```" + `

- [ ] open
- [x] done

---

$$
\sum_i x_i * y_i
$$

The end.
`

// forms names what a markdown shows, in order: its runs by their style, its code and its tables.
func forms(m *Markdown) []string {
	var all []string
	for _, b := range m.blocks {
		for _, o := range laidOut(b.view.object()) {
			switch x := o.(type) {
			case *textRun:
				if len(x.rich.Segments) == 0 {
					all = append(all, "empty")
				} else if s, ok := x.rich.Segments[0].(*widget.TextSegment); ok {
					all = append(all, fmt.Sprint("run ", s.Style.SizeName, s.Style.ColorName))
				}
			case *codeText:
				all = append(all, "code")
			case *tableView:
				all = append(all, "table")
			}
		}
	}
	return all
}

// TestNothingJumpsWhileItIsWritten streams every form and holds that what was shown keeps its form and its place: the forms before
// the last are those of the whole text, and nothing ever becomes lower.
func TestNothingJumpsWhileItIsWritten(t *testing.T) {
	inLook(t, &Theme{})
	whole := NewMarkdown()
	window(t, whole, 500, 900)
	whole.SetText(manyForms)
	want := forms(whole)
	m := NewMarkdown()
	window(t, m, 500, 900)
	m.SetWriting(true)
	height := float32(0)
	for i := range manyForms { // the beginnings of its characters
		m.SetText(manyForms[:i])
		got := forms(m)
		for k := range len(got) - 1 {
			if k >= len(want) || got[k] != want[k] && got[k] != "empty" { // the cells that a row is yet to get
				t.Fatalf("after %q form %d is %s, in the end %v", manyForms[max(0, i-40):i], k, got[k], want)
			}
		}
		if h := m.HeightAt(500); h < height-1 {
			t.Errorf("after %q it is %v high, was %v", manyForms[max(0, i-40):i], h, height)
		} else {
			height = h
		}
	}
	m.SetWriting(false)
	if got := m.HeightAt(500); got != whole.HeightAt(500) {
		t.Errorf("streamed %v high, at once %v", got, whole.HeightAt(500))
	}
}

func TestGrowingBlock(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "",
		"text":                                 "text",
		"a **bo":                               "a **bo**",
		"a **":                                 "a",
		"a **bold*":                            "a **bold**",
		"a **bold**":                           "a **bold**",
		"a `co":                                "a `co`",
		"a `":                                  "a",
		"a ``co` b":                            "a ``co` b``",
		"2 ** 3 is":                            "2 ** 3 is",
		"2 * 3 is":                             "2 * 3 is",
		"an *it":                               "an *it*",
		"an *it*":                              "an *it*",
		"an *":                                 "an",
		"see [words](https://exam":             "see words",
		"see [words](https://example.org) and": "see [words](https://example.org) and",
		"text\n-":                              "text",
		"- one\n-":                             "- one",
		"1":                                    "",
		"text\n``":                             "text",
		"```go\nx\n``":                         "```go\nx",
		"```go\nx\n```":                        "```go\nx\n```",
		"Here:\n| a | b":                       "Here:",
		"| a | b |\n|--":                       "",
		"| a | b |\n|--|--|\n| c |":            "",
		"| a | b |\n|--|--|\n| c | d |":        "| a | b |\n|--|--|\n| c | d |",
		"| a bar\nis no table":                 "| a bar\nis no table",
	} {
		if got := growing(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

// TestTheWheelGoesOnOverCode holds that a conversation scrolls on where the mouse is over code or a table.
func TestTheWheelGoesOnOverCode(t *testing.T) {
	inLook(t, &Theme{})
	m := NewMarkdown()
	turned := 0
	m.OnScroll = func(*fyne.ScrollEvent) { turned++ }
	m.SetText("```\n" + strings.Repeat("wide ", 100) + "\n```\n\n" + strings.Repeat("|head", 12) + "|\n" + strings.Repeat("|-", 12) + "|\n")
	window(t, m, 300, 300)
	scrollers := allOf[*sideways](m)
	if len(scrollers) != 2 {
		t.Fatalf("%d scrollers, want 2", len(scrollers))
	}
	for _, s := range scrollers {
		s.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: -20}})
		if s.Offset.X != 0 {
			t.Errorf("down went sideways by %v", s.Offset.X)
		}
		s.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DX: -20}})
		if s.Offset.X == 0 {
			t.Error("sideways went nowhere")
		}
	}
	if turned != 2 {
		t.Errorf("%d turns were handed on, want 2", turned)
	}
}
