package widgets

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"

	"fyne.io/fyne/v2/widget"
)

// Fyne's markdown is made for documents of the program's own. What a model writes may name any picture and any address, and it comes
// with HTML, escapes and line breaks, which Fyne (2.8.1) drops or shows raw. A block is therefore changed before it is parsed, and its
// segments after.

// tameSource changes a block of prose so that Fyne shows all that is written: pictures become links, HTML becomes its words, escaped
// characters stand for themselves, and a line of plain text ends where it is written. Code is left as it is.
func tameSource(block string) string {
	if strings.HasPrefix(block, "    ") || strings.HasPrefix(block, "\t") { // indented code
		return block
	}
	block = outsideCode(block, func(text string) string {
		text = escaped.ReplaceAllStringFunc(text, func(s string) string { return fmt.Sprintf("&#%d;", s[1]) })
		text = strings.ReplaceAll(text, "![", "[")
		return angle.ReplaceAllStringFunc(text, func(s string) string {
			if s == "<" {
				return "&lt;"
			}
			return s // the beginning of an address
		})
	})
	if lines := strings.Split(block, "\n"); isPlain(lines) {
		block = strings.Join(lines, "\n\n")
	}
	return block
}

var (
	escaped = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]")
	angle   = regexp.MustCompile(`<(https?://|mailto:)?`)
	special = regexp.MustCompile(`^\s*([#>|~]|` + "```" + `|[-*+](\s|$)|\d+[.)](\s|$)|(=+|-+|\*{3,}|_{3,})\s*$)|^(    |\t)|\|`)
)

// isPlain tells whether lines are a paragraph and nothing else.
func isPlain(lines []string) bool {
	for _, line := range lines {
		if line == "" || special.MatchString(line) {
			return false
		}
	}
	return true
}

// outsideCode changes the parts of a text that do not stand between equal runs of backticks.
func outsideCode(text string, change func(string) string) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(text, '`')
		if open < 0 {
			break
		}
		run := len(text[open:]) - len(strings.TrimLeft(text[open:], "`"))
		end := closing(text[open+run:], run)
		if end < 0 { // never closed: the backticks are only backticks
			b.WriteString(change(text[:open]) + text[open:open+run])
			text = text[open+run:]
			continue
		}
		end += open + 2*run
		b.WriteString(change(text[:open]) + text[open:end])
		text = text[end:]
	}
	b.WriteString(change(text))
	return b.String()
}

// closing is where a run of exactly n backticks begins, -1 for nowhere.
func closing(text string, n int) int {
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '`')
		if i < 0 {
			return -1
		}
		at += i
		run := len(text[at:]) - len(strings.TrimLeft(text[at:], "`"))
		if run == n {
			return at
		}
		at += run
	}
}

// tameSegments walks segments and replaces what may not be loaded or opened by its words. open may be nil.
func tameSegments(segments []widget.RichTextSegment, open func(*url.URL)) {
	for i, s := range segments {
		switch x := s.(type) {
		case *widget.HyperlinkSegment:
			if open == nil || !mayOpen(x.URL) {
				segments[i] = &widget.TextSegment{Style: widget.RichTextStyleInline, Text: x.Text}
				continue
			}
			to := x.URL
			x.OnTapped = func() { open(to) }
		case *widget.ImageSegment:
			segments[i] = &widget.TextSegment{Style: widget.RichTextStyleInline, Text: x.Title}
		case *widget.TextSegment:
			if x.Style.QuotingDepth > 0 { // Fyne resolves entities everywhere but in quotes
				x.Text = html.UnescapeString(x.Text)
			}
		case *widget.ListSegment:
			tameSegments(x.Items, open)
		case *widget.ParagraphSegment:
			tameSegments(x.Texts, open)
		case *widget.TableSegment:
			for _, cell := range x.Headers {
				tameSegments(cell, open)
			}
			for _, row := range x.Rows {
				for _, cell := range row {
					tameSegments(cell, open)
				}
			}
		}
	}
}

// mayOpen tells whether an address is one of the web or of mail.
func mayOpen(u *url.URL) bool {
	return u != nil && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "mailto")
}
