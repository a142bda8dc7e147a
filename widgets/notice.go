package widgets

import "fyne.io/fyne/v2"

// Notice is a message that stays where it belongs until it no longer holds: in a view, in a conversation, in place of what is empty.
type Notice struct {
	Glyph   Glyph
	Tone    Tone
	Title   string // what happened
	Text    string // what it means
	Actions []Action
}

// noticeBox shows a notice.
type noticeBox struct {
	composite
	words Notice
}

var _ fyne.Accessible = (*noticeBox)(nil)

// NewNotice shows a notice on a card.
func NewNotice(w Notice) fyne.CanvasObject {
	return newNotice(w, Card(noticeBody(w), 14, 16, 12, 16))
}

// NewPlainNotice shows a notice without a card, for an empty view.
func NewPlainNotice(w Notice) fyne.CanvasObject { return newNotice(w, noticeBody(w)) }

func newNotice(w Notice, content fyne.CanvasObject) *noticeBox {
	n := &noticeBox{words: w}
	n.content = content
	n.ExtendBaseWidget(n)
	return n
}

func noticeBody(w Notice) fyne.CanvasObject {
	sign := On(w.Tone.Soft(), 11, NewIcon(w.Glyph, 20, w.Tone.Ink()), 9)
	body := VStack(9, HStack(0, sign, Space()), Strong(w.Title).Wrapped())
	if w.Text != "" {
		body.Add(Muted(w.Text).Wrapped())
	}
	if len(w.Actions) > 0 {
		line := WrapRow(6)
		for i, a := range w.Actions {
			kind := a.Kind
			if i == 0 && kind == Ghost {
				kind = Secondary // the first is what to do
			}
			line.Add(a.button(kind))
		}
		body.Add(Space())
		body.Add(line)
	}
	return body
}

// AccessibilityLabel implements fyne.Accessible.
func (n *noticeBox) AccessibilityLabel() string { return n.words.Title + " " + n.words.Text }

// AccessibilityRole implements fyne.Accessible.
func (n *noticeBox) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }
