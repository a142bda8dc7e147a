package widgets

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
)

// hostile are texts that a model, an import or whoever pastes may bring and that make a careless reader take minutes.
var hostile = map[string]string{
	"one line of 10 MB":   strings.Repeat("x", 10<<20),
	"10 MB of words":      strings.Repeat("word ", 2<<20),
	"10 MB of lines":      strings.Repeat("line\n", 2<<20),
	"10 MB of paragraphs": strings.Repeat("a\n\n", 3<<20),
	"nested quotes":       strings.Repeat(">", 10_000) + " text",
	"nested quotes apart": strings.Repeat("> ", 10_000) + "text\n" + strings.Repeat("> ", 10_000) + "text",
	"nested lists":        strings.Repeat("- ", 10_000) + "text",
	"brackets":            strings.Repeat("[", 50_000),
	"half links":          strings.Repeat("[a](<b", 15_000),
	"pictures":            strings.Repeat("![[]()", 15_000),
	"stars":               strings.Repeat("*a **b ", 15_000),
	"backticks":           strings.Repeat("` `` ", 20_000),
	"formulas":            strings.Repeat("$a ", 30_000),
	"open formulas":       strings.Repeat("$$a\n", 25_000),
	"html":                strings.Repeat("<div onclick=x><!--", 5_000),
	"entities":            strings.Repeat("&#x26;&lt;", 10_000),
	"a wide table":        strings.Repeat("|a", 20_000) + "|\n" + strings.Repeat("|-", 20_000) + "|\n" + strings.Repeat("|b", 10_000) + "|",
	"a long table":        "|a|b|\n|-|-|\n" + strings.Repeat("|c|d|\n", 16_000),
	"addresses":           strings.Repeat("https://a.b/c(d ", 6_000),
	"a line of code":      "```go\n" + strings.Repeat("x+", 40_000) + "\n```",
	"lines of code":       "```python\n" + strings.Repeat("a = '\n", 15_000),
	"an open string":      "```js\n" + strings.Repeat("`${", 6_000),
}

// TestHostileTextIsShownInTime makes, lays out and streams the end of each text. What is made stays in bounds.
func TestHostileTextIsShownInTime(t *testing.T) {
	inLook(t, &Theme{})
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			a := NewAnswer("CLARA")
			a.SetOnLink(nil)
			a.SetText(text)
			a.Resize(fyne.NewSize(600, a.HeightAt(600)))
			shown := time.Since(began)
			NewQuestion(text).HeightAt(600)
			a.SetWriting(true)
			a.SetText(text + "!")
			a.HeightAt(600)
			n := len(laidOut(a))
			took := time.Since(began)
			t.Logf("%d objects, shown in %v, streamed in %v", n, shown, took-shown)
			if took > time.Minute { // of seconds at most; a careless reader takes minutes to hours
				t.Errorf("it takes %v", took)
			}
			if n > 60_000 {
				t.Errorf("%d objects", n)
			}
		})
	}
}
