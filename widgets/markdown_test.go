package widgets

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

func TestSplitBlocks(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"one", []string{"one"}},
		{"one\ntwo\n\nthree", []string{"one\ntwo", "three"}},
		{"\n\n\none\n\n", []string{"one"}},
		{"text\n```go\na\n\nb\n```\nafter", []string{"text", "```go\na\n\nb\n```", "after"}},
		{"```\nnot closed\n\nstill", []string{"```\nnot closed\n\nstill"}},
		{"~~~\n```\n~~~\nx", []string{"~~~\n```\n~~~", "x"}},
		{"````\n```\n````", []string{"````\n```\n````"}},
		{"```inline``` code\n\nx", []string{"```inline``` code", "x"}},
		{"1. one\n\n2. two\n\n10) ten\n\nno list", []string{"1. one\n\n2. two\n\n10) ten", "no list"}},
		{"- a\n\n  more of a\n\nb", []string{"- a\n\n  more of a", "b"}},
		{"2020 was\n\n- a", []string{"2020 was", "- a"}},
	} {
		if got := splitBlocks(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// TestFinishedBlocksStayFinished holds what streaming rests on: more text changes the last block only.
func TestFinishedBlocksStayFinished(t *testing.T) {
	lines := []string{"", "", "word and word", "- item", "1. first", "12. twelfth", "  indented", "```go", "```", "~~~", "# head", "> quote", "| a | b |", "12"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var b strings.Builder
		for range r.IntN(12) + 1 {
			b.WriteString(lines[r.IntN(len(lines))] + "\n")
		}
		text := b.String()
		whole := splitBlocks(text)
		for cut := range len(text) {
			part := splitBlocks(text[:cut])
			for i := range len(part) - 1 {
				if i >= len(whole) || part[i] != whole[i] {
					t.Fatalf("after %q block %d was %q, in the end %q of %q", text[:cut], i, part[i], whole, text)
				}
			}
		}
	}
}

// countingView counts what is done to a block.
type countingView struct {
	blockView
	set1, measured int
}

func (c *countingView) set(s string, w bool)       { c.set1++; c.blockView.set(s, w) }
func (c *countingView) heightAt(w float32) float32 { c.measured++; return c.blockView.heightAt(w) }

func TestStreamingLeavesFinishedBlocksAlone(t *testing.T) {
	inLook(t, &Theme{})
	a := NewAnswer("CLARA")
	a.SetWriting(true)
	window(t, a, 600, 800)
	text := "First **block** of the answer.\n\n- with\n- a list\n\n"
	a.SetText(text + "And")
	var finished []*countingView
	for _, b := range a.text.blocks[:len(a.text.blocks)-1] {
		c := &countingView{blockView: b.view}
		b.view = c
		finished = append(finished, c)
	}
	if len(finished) != 2 {
		t.Fatalf("%d finished blocks, want 2", len(finished))
	}
	for _, word := range strings.Fields("so the answer goes on word by word\n\nand begins another block") {
		text += word + " "
		a.SetText(text)
		a.HeightAt(600)
	}
	a.SetWriting(false)
	for i, c := range finished {
		if c.set1+c.measured > 0 {
			t.Errorf("finished block %d was parsed %d and measured %d times", i, c.set1, c.measured)
		}
	}
}

func TestStreamedTextEqualsTextAtOnce(t *testing.T) {
	inLook(t, &Theme{})
	text := strings.Repeat(paragraph, 3)
	streamed, once := NewMarkdown(), NewMarkdown()
	window(t, streamed, 500, 900)
	window(t, once, 500, 900)
	for i := range text {
		streamed.SetText(text[:i])
	}
	streamed.SetText(text)
	once.SetText(text)
	if got, want := streamed.HeightAt(500), once.HeightAt(500); got != want {
		t.Errorf("streamed %v high, at once %v", got, want)
	}
	if len(streamed.blocks) != len(once.blocks) {
		t.Errorf("streamed %d blocks, at once %d", len(streamed.blocks), len(once.blocks))
	}
}

// runsOf are the runs of words that a markdown shows, in order.
func runsOf(m *Markdown) []*textRun {
	var runs []*textRun
	for _, b := range m.blocks {
		runs = append(runs, allOf[*textRun](b.view.object())...)
	}
	return runs
}

// segments are all segments of a markdown.
func segments(m *Markdown) []widget.RichTextSegment {
	var all []widget.RichTextSegment
	for _, r := range runsOf(m) {
		all = append(all, r.rich.Segments...)
	}
	return all
}

func TestMarkdownLoadsAndOpensNothingByItself(t *testing.T) {
	inLook(t, &Theme{})
	m := NewMarkdown()
	var opened []string
	m.OnLink = func(u *url.URL) { opened = append(opened, u.String()) }
	m.SetText("![a](file:///etc/passwd) ![b][ref]\n\n- ![c](http://example.org/x.png)\n\n[web](https://example.org) [file](file:///etc/passwd) [js](javascript:x) [mail](mailto:a@b.c)\n\n[ref]: http://example.org/y.png")
	links := 0
	for _, s := range segments(m) {
		switch x := s.(type) {
		case *widget.ImageSegment:
			t.Errorf("a picture is loaded from %v", x.Source)
		case *widget.HyperlinkSegment:
			links++
			if x.URL.Scheme == "file" || x.URL.Scheme == "javascript" {
				t.Errorf("%v can be tapped", x.URL)
			}
			x.OnTapped()
		}
	}
	if links == 0 || len(opened) != links {
		t.Errorf("%d links, %d told OnLink", links, len(opened))
	}
	if !slices.Contains(opened, "https://example.org") || !slices.Contains(opened, "mailto:a@b.c") {
		t.Errorf("opened %v", opened)
	}
	m.OnLink = nil
	m.SetText("[web](https://example.org) alone")
	for _, s := range segments(m) {
		if x, ok := s.(*widget.HyperlinkSegment); ok {
			t.Errorf("%v is a link that nobody hears", x.URL)
		}
	}
}

// wordsOf are the words that a markdown shows, its runs beside each other.
func wordsOf(m *Markdown) string {
	var b strings.Builder
	for _, r := range runsOf(m) {
		for _, s := range r.rich.Segments {
			switch x := s.(type) {
			case *widget.TextSegment:
				b.WriteString(x.Text)
			case *widget.HyperlinkSegment:
				b.WriteString("{" + x.Text + "}")
			}
		}
		b.WriteString("|")
	}
	return b.String()
}

func TestMarkdownShowsAllThatIsWritten(t *testing.T) {
	inLook(t, &Theme{})
	for in, want := range map[string]string{
		"a <b>bold</b> word":                        "a <b>bold</b> word|",
		"<div>\n<p>block</p>\n</div>":               "<div>\n<p>block</p>\n</div>|",
		"<!-- note --> text <think>x</think>":       "<!-- note --> text <think>x</think>|",
		"<https://example.org> <hr>":                "{https://example.org} <hr>|",
		"see https://example.org/a_b_c.":            "see {https://example.org/a_b_c}.|",
		"3 < 4 and 5<6":                             "3 < 4 and 5<6|",
		`a \* b \_c\_ \# d`:                         "a * b _c_ # d|",
		`path C:\\temp and \le`:                     `path C:\temp and \le|`,
		"> quoted <b> \\*":                          "quoted <b> *|",
		"<html> <mail> <http>":                      "<html> <mail> <http>|",
		"# head <b>":                                "head <b>|",
		"- item <b>":                                "•|item <b>|",
		"&lt;b&gt; &amp;":                           "<b> &|",
		"roses\nviolets":                            "roses\nviolets|",
		"name: a  \nage: b":                         "name: a\nage: b|",
		"`<b> \\*`":                                 "<b> \\*|",
		"![alt](file:///x)":                         "alt|",
		"text\n---":                                 "text|",
		"[1]: https://example.org":                  "[1]: {https://example.org}|",
		"- [ ] **bold** rest\n- [x] done":           "bold rest|done|",
		"7) one\n8) two":                            "7)|one|8)|two|",
		"- a\n\n  more\n  - b\n\n- c":               "•|a|more|•|b|•|c|",
		"| a | b |\n|---|--:|\n| `x\\|y` | **2** |": "a|b|x|y|2|",
		"$a_1 * b_2 * c$ and $5 and $6":             "$a_1 * b_2 * c$ and $5 and $6|",
		`\(x_i \le y_i\) *and* \[z_1*z_2*\]`:        `\(x_i \le y_i\) and \[z_1*z_2*\]|`,
		"$$\n\\sum_{i=1}^{n} x_i * y_i\n$$":         "$$\n\\sum_{i=1}^{n} x_i * y_i\n$$|",
		"$open_a_b":                                 "$open_a_b|",
	} {
		m := NewMarkdown()
		m.OnLink = func(*url.URL) {}
		m.SetText(in)
		if got := wordsOf(m); got != want {
			t.Errorf("%q shows %q, want %q", in, got, want)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	inLook(f, &Theme{})
	for _, s := range []string{paragraph, "![a](b) <c> `d` ``e", "| a | b |\n|---|---|\n| c | d |", "> > - 1. x\n\n```\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			t.Skip()
		}
		m := NewMarkdown()
		m.OnLink = func(*url.URL) {}
		m.SetText(text)
		m.Resize(fyne.NewSize(300, m.HeightAt(300)))
		for _, s := range segments(m) {
			switch x := s.(type) {
			case *widget.ImageSegment:
				t.Errorf("%q loads %v", text, x.Source)
			case *widget.HyperlinkSegment:
				if !mayOpen(x.URL) || x.OnTapped == nil {
					t.Errorf("%q opens %v", text, x.URL)
				}
			}
		}
	})
}

func TestCodeBlockShowsAndCopiesItsCode(t *testing.T) {
	inLook(t, &Theme{})
	m := NewMarkdown()
	var copied string
	m.CopyHint, m.OnCopy = "Copy", func(code string) { copied = code }
	m.SetText("```go\nfunc main() {\n}\n```")
	window(t, m, 400, 200)
	c := m.blocks[0].view.(*codeBlock)
	if got := strings.TrimSpace(c.text.AccessibilityLabel()); got != "func main() {\n}" || c.language.Text != "go" {
		t.Errorf("shows %q in %q", got, c.language.Text)
	}
	for _, o := range allOf[*Button](c.shown) {
		o.Tapped(nil)
	}
	if copied != "func main() {\n}" {
		t.Errorf("copied %q", copied)
	}
	m.SetText("```go\nfunc")
	if got := m.blocks[0].view.(*codeBlock).code; got != "func" {
		t.Errorf("an open block shows %q", got)
	}
}

// allOf are the objects of a type in a tree of containers and widgets.
func allOf[T fyne.CanvasObject](root fyne.CanvasObject) []T {
	var found []T
	for _, o := range laidOut(root) {
		if x, ok := o.(T); ok {
			found = append(found, x)
		}
	}
	return found
}
