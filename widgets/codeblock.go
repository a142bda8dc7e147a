package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// codeBlock is a fenced block of markdown: monospaced, selectable, scrolled sideways rather than broken.
type codeBlock struct {
	code     string
	language *Text
	label    *widget.Label
	shown    *fyne.Container
}

func newCodeBlock(m *Markdown) *codeBlock {
	c := &codeBlock{language: Caption("").Cutting(), label: widget.NewLabelWithStyle("", fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})}
	c.label.Selectable = true
	head := HStack(Gap8, Grow(c.language))
	if m.OnCopy != nil {
		head.Add(NewIconButton(IconCopy, m.CopyHint, func() { m.OnCopy(c.code) }))
	}
	c.shown = Layers(NewBox(ColorSurface, ColorBorder, 8), VStack(0, Pad(head, 2, 4, 0, Gap8), container.NewHScroll(c.label)))
	return c
}

func (c *codeBlock) object() fyne.CanvasObject { return c.shown }

func (c *codeBlock) heightAt(width float32) float32 { return HeightAt(c.shown, width) }

// set takes a block with its fences; while it is being written the closing one is missing.
func (c *codeBlock) set(source string) {
	info, code, _ := strings.Cut(source, "\n")
	fence := fenceOf(info)
	if i := strings.LastIndex(code, "\n"); strings.HasPrefix(strings.TrimSpace(code[i+1:]), fence) {
		code = code[:max(i, 0)]
	}
	c.code = code
	c.language.SetText(strings.TrimSpace(strings.TrimLeft(info, "`~")))
	c.label.SetText(code)
}
