package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
)

// codeBlock is a block of code: its language, a button that copies it, and its lines, scrolled sideways rather than broken.
type codeBlock struct {
	code     string
	language *Text
	text     *codeText
	shown    *fyne.Container

	lexer highlighter
}

func newCodeBlock(m *Markdown) *codeBlock {
	c := &codeBlock{language: Caption("").Cutting(), text: newCodeText()}
	head := HStack(Gap8, Grow(c.language))
	if m.OnCopy != nil {
		head.Add(NewIconButton(IconCopy, m.CopyHint, func() { m.OnCopy(c.code) }))
	}
	c.shown = Layers(NewBox(ColorSurface, ColorBorder, 8),
		VStack(0, Sized(0, 32, Pad(head, 0, 4, 0, Gap12)), newSideways(Pad(c.text, 0, Gap12, 10, Gap12), m.OnScroll)))
	return c
}

func (c *codeBlock) object() fyne.CanvasObject { return c.shown }

func (c *codeBlock) heightAt(width float32) float32 { return HeightAt(c.shown, width) }

// set takes a block with its fences; while it is being written the closing one is missing.
func (c *codeBlock) set(source string, writing bool) {
	if writing {
		source = growing(source)
	}
	info, code, _ := strings.Cut(source, "\n")
	fence := fenceOf(strings.TrimSpace(info))
	if i := strings.LastIndex(code, "\n"); fence != "" && strings.HasPrefix(strings.TrimSpace(code[i+1:]), fence) {
		code = code[:max(i, 0)]
	} else if writing {
		code = strings.TrimSuffix(code, "\n") // the next line comes, or the end
	}
	c.show(strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(info), "`~")), code)
}

// show shows code in a language, which may be none or one that nobody knows.
func (c *codeBlock) show(language, code string) {
	if code == c.code && language == c.language.Text {
		return
	}
	c.code = code
	c.language.SetText(language)
	c.text.setLines(c.lexer.lines(language, code))
}
