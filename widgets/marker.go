package widgets

import "fyne.io/fyne/v2/widget"

// Marker finds what is to stand out in a text, as the words of a search: spans of bytes [from, to), in order and without overlap. A
// nil Marker finds nothing. It is asked for each line or piece that is shown.
type Marker func(text string) [][2]int

func (m Marker) in(text string) [][2]int {
	if m == nil || text == "" {
		return nil
	}
	return m(text)
}

// segments returns rich text with what the marker finds bold and in the colour of what to look at.
func (m Marker) segments(all []widget.RichTextSegment) []widget.RichTextSegment {
	if m == nil {
		return all
	}
	var out []widget.RichTextSegment
	for _, s := range all {
		switch x := s.(type) {
		case *widget.TextSegment:
			out = append(out, m.split(x)...)
			continue
		case *widget.ListSegment:
			x.Items = m.segments(x.Items)
		case *widget.ParagraphSegment:
			x.Texts = m.segments(x.Texts)
		case *widget.TableSegment:
			for i := range x.Headers {
				x.Headers[i] = m.segments(x.Headers[i])
			}
			for _, row := range x.Rows {
				for i := range row {
					row[i] = m.segments(row[i])
				}
			}
		}
		out = append(out, s)
	}
	return out
}

// split cuts a piece of text at what is found in it; only the last piece ends the line where the whole did.
func (m Marker) split(s *widget.TextSegment) []widget.RichTextSegment {
	var out []widget.RichTextSegment
	add := func(text string, found bool) {
		if text == "" {
			return
		}
		piece := &widget.TextSegment{Style: s.Style, Text: text}
		piece.Style.Inline = true
		if found {
			piece.Style.ColorName, piece.Style.TextStyle.Bold = ColorWarning, true
		}
		out = append(out, piece)
	}
	from := 0
	for _, span := range m.in(s.Text) {
		add(s.Text[from:span[0]], false)
		add(s.Text[span[0]:span[1]], true)
		from = span[1]
	}
	if from == 0 {
		return []widget.RichTextSegment{s}
	}
	add(s.Text[from:], false)
	out[len(out)-1].(*widget.TextSegment).Style.Inline = s.Style.Inline
	return out
}
