package widgets

import "strconv"

// Importance picks one of five weights and says in words what it means.
type Importance struct {
	composite
	picker  *Segmented
	meaning *Text
	words   [5]string
}

// NewImportance makes a picker on a weight from 1 to 5; words say what each of them means.
func NewImportance(on int, words [5]string, changed func(int)) *Importance {
	i := &Importance{words: words, meaning: Muted("").Wrapped()}
	var names []string
	for n := range words {
		names = append(names, strconv.Itoa(n+1))
	}
	i.picker = NewSegmented(on-1, func(at int) {
		i.say()
		if changed != nil {
			changed(at + 1)
		}
	}, names...)
	i.content = HStack(Gap12, i.picker, Grow(i.meaning))
	i.ExtendBaseWidget(i)
	i.say()
	return i
}

// Value is the weight, 1 to 5.
func (i *Importance) Value() int { return i.picker.On + 1 }

// Set shows a weight without telling the callback.
func (i *Importance) Set(v int) {
	i.picker.SetOn(v - 1)
	i.say()
}

func (i *Importance) say() {
	i.meaning.SetText(i.words[i.picker.On])
	i.picker.Hint = i.words[i.picker.On]
}
