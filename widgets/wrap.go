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
			pieces := cutWord([]rune(word), width, measure)
			if len(pieces) == 0 {
				pieces = []string{""}
			}
			for k, piece := range pieces {
				w := measure(piece)
				switch {
				case i == 0 && k == 0:
				case k == 0 && used+space+w <= width:
					line.WriteByte(' ')
					used += space
				default:
					lines = append(lines, line.String())
					line.Reset()
					used = 0
				}
				line.WriteString(piece)
				used += w
			}
		}
		lines = append(lines, line.String())
	}
	return lines
}

// cutWord breaks a word into pieces that fit.
func cutWord(word []rune, width float32, measure func(string) float32) []string {
	var pieces []string
	for len(word) > 0 {
		n := fitting(word, width, measure)
		pieces = append(pieces, string(word[:n]))
		word = word[n:]
	}
	return pieces
}

// fitting is how many runes fit into a width, at least one. Growing and halving the search measures no more than a line or two, so
// that a pasted word of a megabyte costs no more than its length.
func fitting(runes []rune, width float32, measure func(string) float32) int {
	if len(runes) == 0 {
		return 0
	}
	fits, tooMany := 1, 2
	for tooMany <= len(runes) && measure(string(runes[:tooMany])) <= width {
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
	return fits
}

// ellipsis cuts a line to a width, three dots at its end.
func ellipsis(text string, width float32, measure func(string) float32) string {
	runes := []rune(text)
	if fitting(runes, width, measure) == len(runes) {
		return text
	}
	return strings.TrimRight(string(runes[:fitting(runes, width-measure("…"), measure)]), " ") + "…"
}
