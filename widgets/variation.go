package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// variation is the theme in use with a few names changed, for Fyne's own widgets inside of ours.
type variation struct {
	colors map[fyne.ThemeColorName]fyne.ThemeColorName // an empty name draws nothing
	sizes  map[fyne.ThemeSizeName]float32              // the text's before the theme's text size
}

var _ fyne.Theme = variation{}

func (variation) base() fyne.Theme { return fyne.CurrentApp().Settings().Theme() }

// Color implements fyne.Theme.
func (t variation) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if other, ok := t.colors[n]; ok {
		if other == "" {
			return color.Transparent
		}
		n = other
	}
	return t.base().Color(n, v)
}

// Font implements fyne.Theme.
func (t variation) Font(s fyne.TextStyle) fyne.Resource { return t.base().Font(s) }

// Icon implements fyne.Theme.
func (t variation) Icon(n fyne.ThemeIconName) fyne.Resource { return t.base().Icon(n) }

// Size implements fyne.Theme.
func (t variation) Size(n fyne.ThemeSizeName) float32 {
	size, ok := t.sizes[n]
	switch {
	case !ok:
		return t.base().Size(n)
	case n == theme.SizeNameText:
		return scaled(size)
	}
	return size
}
