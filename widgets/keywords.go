package widgets

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
)

// KeywordWords are the words on a keyword editor.
type KeywordWords struct {
	Add    string                   // placeholder of the field for another one
	Remove func(word string) string // spoken name of a chip: a tap takes the word away
}

// Keywords edits a list of words: chips that a tap takes away, and a field that adds.
type Keywords struct {
	composite
	OnTyping func() // what is typed, and not in the list yet, has changed

	list    []string
	words   KeywordWords
	changed func([]string)
	field   *Line
	chips   *fyne.Container
}

const keywordField float32 = 150

// NewKeywords makes an editor of a list.
func NewKeywords(list []string, words KeywordWords, changed func([]string)) *Keywords {
	k := &Keywords{list: slices.Clone(list), words: words, changed: changed}
	k.field = NewLine(words.Add, func(string) {
		if k.OnTyping != nil {
			k.OnTyping()
		}
	})
	k.field.OnSubmit = k.Commit
	k.chips = WrapRow(6)
	k.content = k.chips
	k.ExtendBaseWidget(k)
	k.sync()
	return k
}

// Value is the list.
func (k *Keywords) Value() []string { return slices.Clone(k.list) }

// Set shows another list without telling the callback.
func (k *Keywords) Set(list []string) {
	k.list = slices.Clone(list)
	k.sync()
}

// Typing is the word that is typed and not in the list yet; "": none.
func (k *Keywords) Typing() string { return strings.TrimSpace(k.field.Text) }

// Commit puts the word that is typed into the list, as Return does. Whoever saves the list calls it first.
func (k *Keywords) Commit() {
	word := k.Typing()
	if word == "" {
		return
	}
	k.field.SetText("")
	if !slices.Contains(k.list, word) {
		k.list = append(k.list, word)
		k.tell()
	}
}

func (k *Keywords) tell() {
	k.sync()
	if k.changed != nil {
		k.changed(k.Value())
	}
}

// sync shows a chip a word; the field stays the same object, so that it keeps the keyboard.
func (k *Keywords) sync() {
	objs := make([]fyne.CanvasObject, 0, len(k.list)+1)
	for i, word := range k.list {
		chip := NewTapChip(word, nil, ToneInfo, func() {
			k.list = slices.Delete(k.list, i, i+1)
			k.tell()
		})
		chip.after = IconCross.Ref()
		if k.words.Remove != nil {
			chip.Hint = k.words.Remove(word)
		}
		objs = append(objs, chip)
	}
	k.chips.Objects = append(objs, Sized(keywordField, 0, k.field))
	k.Refresh()
}
