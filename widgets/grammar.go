package widgets

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// grammar is the markdown that answers are read as: CommonMark with GitHub's tables, task lists, strikethrough and bare addresses, and
// with maths. Three things of CommonMark are left out. HTML stays the characters that it is made of. A line of dashes below a text
// makes no heading of it: what was text would change its form while it is being written. And nothing is taken out of sight as the
// definition of a link.
var grammar = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(parser.NewListParser(), 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(parser.NewBlockquoteParser(), 800),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(mathsParser{}, 150),
		util.Prioritized(parser.NewLinkParser(), 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewEmphasisParser(), 500),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
		util.Prioritized(extension.NewLinkifyParser(), 999),
	),
	parser.WithParagraphTransformers(util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
	parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
)

// parsed is the tree of a block of markdown.
func parsed(source []byte) ast.Node { return grammar.Parse(text.NewReader(source)) }

// maths is a formula with the marks around it, as it is written.
type maths struct {
	ast.BaseInline
	written []text.Segment
}

var kindMaths = ast.NewNodeKind("Maths")

// Kind implements ast.Node.
func (*maths) Kind() ast.NodeKind { return kindMaths }

// Dump implements ast.Node.
func (n *maths) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// mathsParser keeps formulas as they are written: $…$ in a line, $$…$$, \(…\) and \[…\] over several. Their stars and underscores mark
// nothing. As in Pandoc a dollar opens only before and closes only after what is no space, and closes before no digit: amounts of
// money are no formulas.
type mathsParser struct{}

// Trigger implements parser.InlineParser.
func (mathsParser) Trigger() []byte { return []byte{'$', '\\'} }

// Parse implements parser.InlineParser.
func (mathsParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, at := block.PeekLine()
	opening, closing := mathsMarks(line)
	if opening == "" {
		return nil
	}
	row, position := block.Position()
	n := &maths{}
	for from := len(opening); ; from = 0 {
		if end := closingMaths(line, from, closing); end >= 0 {
			n.written = append(n.written, at.WithStop(at.Start+end))
			block.Advance(end)
			return n
		}
		if closing == "$" {
			break
		}
		n.written = append(n.written, at)
		block.AdvanceLine()
		if line, at = block.PeekLine(); line == nil {
			break
		}
	}
	block.SetPosition(row, position)
	return nil
}

// mathsMarks are the marks of the formula that begins a line, "" for none.
func mathsMarks(line []byte) (opening, closing string) {
	if len(line) < 3 {
		return "", ""
	}
	switch string(line[:2]) {
	case "$$":
		return "$$", "$$"
	case `\(`:
		return `\(`, `\)`
	case `\[`:
		return `\[`, `\]`
	}
	if line[0] != '$' || util.IsSpace(line[1]) {
		return "", ""
	}
	return "$", "$"
}

// closingMaths is where a formula ends that is closed in a line after from, -1 if it is not.
func closingMaths(line []byte, from int, closing string) int {
	for i := from; i+len(closing) <= len(line); i++ {
		if string(line[i:i+len(closing)]) != closing {
			if line[i] == '\\' && closing[0] == '$' {
				i++ // an escaped dollar
			}
			continue
		}
		end := i + len(closing)
		if closing == "$" && (i == from || util.IsSpace(line[i-1]) || end < len(line) && util.IsNumeric(line[end])) {
			continue
		}
		return end
	}
	return -1
}
