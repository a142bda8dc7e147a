package widgets

import (
	"testing"

	"fyne.io/fyne/v2"
)

// What is made anew takes the keyboard from what it replaces: by its name, by its place where no name is left, and of several with
// one name the nearest. What has the keyboard outside of it keeps it.
func TestKeepFocus(t *testing.T) {
	inLook(t, &Theme{})
	button := func(name string) *Button { return NewButton(name, nil, Ghost, nil) }
	outside, list := button("outside"), VStack(0)
	c := window(t, VStack(0, outside, list), 200, 300).Canvas()
	fill := func(names ...string) []*Button {
		list.RemoveAll()
		var all []*Button
		for _, name := range names {
			b := button(name)
			all = append(all, b)
			list.Add(b)
		}
		return all
	}
	for _, x := range []struct {
		name          string
		before, after []string
		at, want      int // -1: nothing has it
	}{
		{"the same name", []string{"pause", "train"}, []string{"train", "pause"}, 1, 0},
		{"the same place", []string{"pause", "train"}, []string{"resume", "stop"}, 1, 1},
		{"fewer", []string{"pause", "train"}, []string{"resume"}, 1, 0},
		{"the nearest", []string{"restore", "restore", "restore"}, []string{"restore", "restore", "restore"}, 1, 1},
		{"none", []string{"pause"}, nil, 0, -1},
	} {
		c.Focus(fill(x.before...)[x.at])
		var now []*Button
		KeepFocus(c, list, func() { now = fill(x.after...) })
		var want fyne.Focusable
		if x.want >= 0 {
			want = now[x.want]
		}
		if c.Focused() != want {
			t.Errorf("%s: %v has the keyboard", x.name, c.Focused())
		}
	}
	c.Focus(outside)
	KeepFocus(c, list, func() { fill("pause") })
	if c.Focused() != fyne.Focusable(outside) {
		t.Error("the keyboard was taken from outside")
	}
}
