package widgets

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// passage shows a block of markdown that is not code alone: a paragraph, a heading, a list, a quote, a table.
type passage struct {
	m      *Markdown
	column *fyne.Container

	source []byte
	last   ast.Node              // the writing mark stands at its end; nil: nowhere
	had    map[string][]*textRun // of the text before, by what they show
	runs   map[string][]*textRun
}

const (
	blockGap   float32 = 8
	itemGap    float32 = 4    // inside of an item
	writingEnd         = " ●" // where the next word will stand
	deepest            = 8    // lists and quotes inside of others are set in no further
)

func newPassage(m *Markdown) *passage {
	return &passage{m: m, column: newSetIn(blockGap, 0, Space(), nil)}
}

func (p *passage) object() fyne.CanvasObject { return p.column }

func (p *passage) heightAt(width float32) float32 { return HeightAt(p.column, width) }

// set shows another source. What stands in it as in the one before keeps its widgets.
func (p *passage) set(source string, writing bool) {
	p.had, p.runs = p.runs, map[string][]*textRun{}
	if writing {
		source = growing(source)
	}
	p.source = []byte(source)
	tree := parsed(p.source)
	p.last = nil
	if writing {
		p.last = lastBlock(tree)
	}
	p.column.Objects = append(p.column.Objects[:1:1], p.blocks(tree, reading, 0)...)
	if writing && !bearsText(p.last) {
		p.column.Objects = append(p.column.Objects, p.run(p.last, reading, true))
	}
	p.had = nil
	if s := p.column.Size(); s.Width > 0 {
		p.column.Layout.Layout(p.column.Objects, s)
	}
}

// lastBlock is the innermost block at the end of a tree.
func lastBlock(n ast.Node) ast.Node {
	for {
		next := n.LastChild()
		if next == nil || next.Type() != ast.TypeBlock {
			return n
		}
		n = next
	}
}

// bearsText tells whether a block is one of words.
func bearsText(n ast.Node) bool {
	switch n.(type) {
	case *ast.Paragraph, *ast.TextBlock, *ast.Heading, *extast.TableCell:
		return true
	}
	return false
}

// reading is how words of a paragraph look.
var reading = widget.RichTextStyle{ColorName: ColorText, SizeName: SizeReading, Inline: true}

// blocks shows the blocks inside of another one.
func (p *passage) blocks(parent ast.Node, style widget.RichTextStyle, depth int) []fyne.CanvasObject {
	var objs []fyne.CanvasObject
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch x := n.(type) {
		case *ast.Paragraph, *ast.TextBlock:
			objs = append(objs, p.run(n, style, n == p.last))
		case *ast.Heading:
			objs = append(objs, p.run(n, headingStyle(style, x.Level), n == p.last))
		case *ast.ThematicBreak:
			objs = append(objs, Pad(Rule(), 8, 0))
		case *ast.CodeBlock:
			objs = append(objs, p.code("", n))
		case *ast.FencedCodeBlock:
			objs = append(objs, p.code(string(x.Language(p.source)), n))
		case *ast.Blockquote:
			style := style
			style.ColorName = ColorMuted
			inside := p.blocks(n, style, depth+1)
			if depth < deepest {
				inside = []fyne.CanvasObject{newSetIn(blockGap, 15, Pad(NewBox(ColorBorder, "", 1.5), 0, 12, 0, 0), inside)}
			}
			objs = append(objs, inside...)
		case *ast.List:
			objs = append(objs, p.list(x, style, depth)...)
		case *extast.Table:
			objs = append(objs, p.table(x, style))
		}
	}
	return objs
}

func headingStyle(style widget.RichTextStyle, level int) widget.RichTextStyle {
	style.TextStyle.Bold = true
	switch level {
	case 1:
		style.SizeName = theme.SizeNameHeadingText
	case 2:
		style.SizeName = theme.SizeNameSubHeadingText
	}
	return style
}

// list shows the items of a list, each beside its bullet, number or box.
func (p *passage) list(l *ast.List, style widget.RichTextStyle, depth int) []fyne.CanvasObject {
	var items []fyne.CanvasObject
	number := l.Start
	for n := l.FirstChild(); n != nil; n = n.NextSibling() {
		marker, width := "•", float32(15)
		if l.IsOrdered() {
			marker = fmt.Sprintf("%d%c", number, l.Marker)
			width = 9 + 9*float32(len(marker)-1)
			number++
		}
		inside := p.blocks(n, style, depth+1)
		if n == p.last { // nothing in it yet
			inside = append(inside, p.run(n, style, true))
		}
		if depth >= deepest {
			items = append(items, inside...)
			continue
		}
		var mark fyne.CanvasObject = p.words(marker, style)
		if box := checkBoxOf(n); box != nil {
			mark, width = taskBox(box.IsChecked), 22
		}
		items = append(items, newSetIn(itemGap, (width+itemGap)*scaled(1), mark, inside))
	}
	if depth >= deepest {
		return items
	}
	return []fyne.CanvasObject{newSetIn(0, 0, Space(), items)}
}

// checkBoxOf is the box that an item of a list begins with, nil if there is none.
func checkBoxOf(item ast.Node) *extast.TaskCheckBox {
	if first := item.FirstChild(); first != nil && first.FirstChild() != nil {
		if box, ok := first.FirstChild().(*extast.TaskCheckBox); ok {
			return box
		}
	}
	return nil
}

// taskBox is a box with or without a tick that says something and cannot be tapped.
func taskBox(done bool) fyne.CanvasObject {
	box := Layers(NewBox(ColorSurface, ColorInputBorder, 3))
	if done {
		box.Add(NewIcon(IconCheck, 12, ColorText))
	}
	return VStack(0, Sized(0, 21, Centred(Sized(14, 14, box))))
}

// words shows a text that is no markdown.
func (p *passage) words(text string, style widget.RichTextStyle) fyne.CanvasObject {
	return p.reuse(fmt.Sprintf("%v\x00words\x00%s", style, text), func() []widget.RichTextSegment {
		return []widget.RichTextSegment{&widget.TextSegment{Style: style, Text: text}}
	})
}

// run shows the words of a block.
func (p *passage) run(n ast.Node, style widget.RichTextStyle, marked bool) fyne.CanvasObject {
	var key strings.Builder
	fmt.Fprintf(&key, "%v\x00%v\x00%T\x00", style, marked, n)
	if bearsText(n) {
		for _, line := range n.Lines().Sliced(0, n.Lines().Len()) {
			key.Write(line.Value(p.source))
		}
	}
	return p.reuse(key.String(), func() []widget.RichTextSegment {
		var segments []widget.RichTextSegment
		if bearsText(n) {
			segments = p.m.Marker.segments(p.inline(nil, n, style))
		}
		if marked {
			mark := writingEnd
			if len(segments) == 0 {
				mark = strings.TrimSpace(mark)
			}
			segments = append(segments, &widget.TextSegment{Style: style, Text: mark})
		}
		return segments
	})
}

// reuse is what is shown under a key: runs that were made for the text before, or new ones.
func (p *passage) reuse(key string, segments func() []widget.RichTextSegment) fyne.CanvasObject {
	var runs []*textRun
	if had := p.had[key]; len(had) > 0 {
		runs = had[:1]
		p.had[key] = had[1:]
	} else {
		cut := cutSegments(segments())
		if len(cut) > 1 {
			var column []fyne.CanvasObject
			for _, s := range cut {
				column = append(column, newTextRun(s))
			}
			return newSetIn(0, 0, Space(), column)
		}
		runs = []*textRun{newTextRun(cut[0])}
	}
	p.runs[key] = append(p.runs[key], runs[0])
	return runs[0]
}

// code shows a block of code inside of a list or quote.
func (p *passage) code(language string, n ast.Node) fyne.CanvasObject {
	var code strings.Builder
	for _, line := range n.Lines().Sliced(0, n.Lines().Len()) {
		code.Write(line.Value(p.source))
	}
	c := newCodeBlock(p.m)
	c.show(language, strings.TrimSuffix(code.String(), "\n"))
	return c.shown
}
