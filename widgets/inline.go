package widgets

import (
	"html"
	"net/url"
	"strings"

	"fyne.io/fyne/v2/widget"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// inline appends the words inside of a node. Nothing of what a model writes is loaded or opened by itself: a picture is shown by its
// words, and so is a link to anything but an address of the web or of mail.
func (p *passage) inline(segments []widget.RichTextSegment, parent ast.Node, style widget.RichTextStyle) []widget.RichTextSegment {
	add := func(text string, style widget.RichTextStyle) {
		if text != "" {
			segments = append(segments, &widget.TextSegment{Style: style, Text: text})
		}
	}
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch x := n.(type) {
		case *ast.Text:
			add(p.textOf(x), style)
		case *ast.CodeSpan:
			code := widget.RichTextStyleCodeInline
			code.ColorName, code.Alignment = style.ColorName, style.Alignment
			add(strings.TrimSuffix(p.plainOf(n), "\n"), code)
		case *maths:
			formula := style
			formula.TextStyle.Monospace = true
			formula.TextStyle.Bold, formula.TextStyle.Italic = false, false
			add(p.plainOf(n), formula)
		case *ast.Emphasis:
			inside := style
			if x.Level == 1 {
				inside.TextStyle.Italic = true
			} else {
				inside.TextStyle.Bold = true
			}
			segments = p.inline(segments, n, inside)
		case *extast.Strikethrough:
			inside := style
			inside.TextStyle.Strikethrough = true
			segments = p.inline(segments, n, inside)
		case *ast.Link:
			segments = p.link(segments, string(x.Destination), p.plainOf(n), style)
		case *ast.AutoLink:
			segments = p.link(segments, string(x.URL(p.source)), string(x.Label(p.source)), style)
		case *ast.Image:
			segments = p.inline(segments, n, style)
		}
	}
	return segments
}

// link appends a link, or its words if it may not be opened or nobody would hear that it is tapped.
func (p *passage) link(segments []widget.RichTextSegment, address, words string, style widget.RichTextStyle) []widget.RichTextSegment {
	to, err := url.Parse(address)
	if err != nil || p.m.OnLink == nil || !mayOpen(to) || words == "" {
		return append(segments, &widget.TextSegment{Style: style, Text: words})
	}
	return append(segments, &widget.HyperlinkSegment{
		Text: words, URL: to, TextStyle: style.TextStyle, SizeName: style.SizeName, Alignment: style.Alignment,
		OnTapped: func() { p.m.OnLink(to) },
	})
}

// mayOpen tells whether an address is one of the web or of mail.
func mayOpen(u *url.URL) bool {
	return u != nil && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "mailto")
}

// textOf are the characters that a piece of text stands for, with the end of its line if it has one.
func (p *passage) textOf(t *ast.Text) string {
	text := string(t.Segment.Value(p.source))
	if !t.IsRaw() {
		text = html.UnescapeString(string(util.UnescapePunctuations([]byte(text))))
	}
	if t.SoftLineBreak() || t.HardLineBreak() {
		text += "\n"
	}
	return text
}

// plainOf are the characters of everything inside of a node.
func (p *passage) plainOf(n ast.Node) string {
	var b strings.Builder
	if m, ok := n.(*maths); ok {
		for _, s := range m.written {
			b.Write(s.Value(p.source))
		}
		return b.String()
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.WriteString(p.textOf(t))
		} else {
			b.WriteString(p.plainOf(c))
		}
	}
	return b.String()
}
