package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
)

// wrap breaks a text into lines no wider than width: at line breaks, then at spaces, then inside words that are wider than a line.
// The sum of the words' widths stands for the width of a line, so the work grows with the text and not with its square.
func wrap(text string, width, size float32, style fyne.TextStyle) []string {
	measure := func(s string) float32 { return fyne.MeasureText(s, size, style).Width }
	space := measure(" ")
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		var line strings.Builder
		used := float32(0)
		for i, word := range strings.Split(paragraph, " ") {
			w := measure(word)
			if i > 0 {
				if used+space+w <= width {
					line.WriteByte(' ')
					used += space
				} else {
					lines = append(lines, line.String())
					line.Reset()
					used = 0
				}
			}
			for w > width {
				head, rest := cutToWidth(word, width, measure)
				if rest == "" {
					break
				}
				lines = append(lines, head)
				word, w = rest, measure(rest)
			}
			line.WriteString(word)
			used += w
		}
		lines = append(lines, line.String())
	}
	return lines
}

// cutToWidth splits a text after the most runes that fit, at least one. Halving the search keeps a pasted word of a megabyte cheap.
func cutToWidth(text string, width float32, measure func(string) float32) (head, rest string) {
	runes := []rune(text)
	fits, tooMany := 1, 2
	for tooMany < len(runes) && measure(string(runes[:tooMany])) <= width {
		fits, tooMany = tooMany, tooMany*2
	}
	tooMany = min(tooMany, len(runes)+1)
	for tooMany-fits > 1 {
		middle := (fits + tooMany) / 2
		if measure(string(runes[:middle])) <= width {
			fits = middle
		} else {
			tooMany = middle
		}
	}
	return string(runes[:fits]), string(runes[fits:])
}

// ellipsis cuts a line to a width, three dots at its end.
func ellipsis(text string, width float32, measure func(string) float32) string {
	if measure(text) <= width {
		return text
	}
	head, _ := cutToWidth(text, width-measure("…"), measure)
	return strings.TrimRight(head, " ") + "…"
}
