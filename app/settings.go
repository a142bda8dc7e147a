package app

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"clara/configs"
	"clara/widgets"
)

// settingsDialog shows what a person may change, with its range and what it would do. Nothing holds before it is saved.
type settingsDialog struct {
	w       *window
	layer   *widgets.Dialog
	section section
	before  configs.Settings // as the dialog was opened
	draft   configs.Settings
	wrong   mistakes

	nav     map[section]*widgets.NavItem
	page    *fyne.Container // all of the below
	main    *fyne.Container
	effect  *fyne.Container
	trouble *fyne.Container // what went wrong; the notices of the window lie behind the dialog
	fault   *fyne.Container
	save    *widgets.Button
	pace    *widgets.Pace
}

func (w *window) openSettings() { w.openSettingsAt(sectionLooks) }

func (w *window) openLearningSettings() { w.openSettingsAt(sectionLearning) }

func (w *window) openSettingsAt(s section) {
	if w.settings != nil || w.welcoming() {
		return
	}
	d := &settingsDialog{w: w, section: s, before: w.Settings, draft: w.Settings, wrong: mistakes{}}
	d.pace = widgets.NewPace(effectAfter, d.computeEffect)
	w.settings = d
	d.layer = widgets.NewDialog(w.frame.Canvas(), d.build())
	d.layer.OnClosed = func() {
		d.pace.Stop()
		w.settings = nil
	}
	d.layer.Show()
	d.showSection()
	if w.FileError != nil {
		d.failed(say("settings.fault_title"), settingsFault(w.FileError))
	}
}

// failed says in the dialog what went wrong.
func (d *settingsDialog) failed(title, text string) {
	words := widgets.VStack(2, widgets.Strong(title).Wrapped(), widgets.Body(text).Wrapped())
	d.trouble.Objects = []fyne.CanvasObject{widgets.On(widgets.ToneError.Soft(), 10, widgets.HStackTop(10,
		widgets.Sized(20, 20, widgets.NewIcon(widgets.IconAlert, 18, widgets.ToneError.Ink())), widgets.Grow(words)), 12, 14)}
	d.trouble.Show()
	d.page.Refresh()
}

func (d *settingsDialog) close() { d.layer.Close() }

func (d *settingsDialog) build() fyne.CanvasObject {
	side := widgets.VStack(2)
	d.nav = map[section]*widgets.NavItem{}
	for _, s := range sections {
		item := widgets.NewNavItem(s.glyph, say(s.name), func() { d.section = s.id; d.showSection() })
		d.nav[s.id] = item
		side.Add(item)
	}
	side.Add(widgets.Space())
	side.Add(widgets.Pad(widgets.NewLink(filepath.Base(d.w.File.Path()), func() { d.w.openFile(d.w.File.Path()) }), 0, 10))
	d.main = widgets.VStack(14)
	d.effect, d.trouble = widgets.VStack(0), widgets.VStack(0)
	d.trouble.Hide()
	d.fault = widgets.HStack(6)
	d.save = widgets.NewButton(say("save"), nil, widgets.Primary, d.submit)
	if d.w.tight {
		choice := widgets.NewMenuButton(say("settings.section"), &widgets.IconOpen, widgets.Secondary, d.sectionMenu)
		buttons := widgets.WrapRow(8, d.save, widgets.NewButton(say("cancel"), nil, widgets.Ghost, d.close), widgets.NewButton(say("settings.reset"), nil, widgets.Ghost, d.reset))
		d.page = widgets.VStack(12, widgets.HStack(0, choice, widgets.Space()), widgets.Grow(d.main), d.effect, d.trouble, d.fault, buttons)
		size := d.w.frame.Canvas().Size()
		return widgets.Sized(size.Width-24, size.Height-24, widgets.Pad(d.page, 12))
	}
	foot := widgets.HStack(8, widgets.NewButton(say("settings.reset"), nil, widgets.Ghost, d.reset), widgets.Space(), d.fault,
		widgets.NewButton(say("cancel"), nil, widgets.Ghost, d.close), d.save)
	left := widgets.Layers(widgets.NewBox(widgets.ColorSidebar, "", widgets.RadiusDialog),
		widgets.Pad(widgets.VStack(12, widgets.Pad(widgets.Section(say("place.settings")), 4, 10), widgets.Grow(side)), 16, 12, 16, 12))
	d.page = widgets.VStack(14, widgets.Grow(d.main), d.effect, d.trouble, foot)
	return widgets.Sized(960, 668, widgets.HStackFill(0, widgets.Sized(196, 0, left), widgets.Grow(widgets.Pad(d.page, 18, 22, 16, 22))))
}

// sectionMenu leads to the other pages where there is no room for them beside.
func (d *settingsDialog) sectionMenu() []widgets.MenuItem {
	items := make([]widgets.MenuItem, 0, len(sections))
	for _, s := range sections {
		items = append(items, widgets.MenuItem{Glyph: &s.glyph, Title: say(s.name), OnTapped: func() { d.section = s.id; d.showSection() }})
	}
	return items
}

// showSection fills the dialog with the fields of one section.
func (d *settingsDialog) showSection() {
	for id, item := range d.nav {
		item.SetSelected(id == d.section)
	}
	s := sections[d.section]
	head := widgets.HStack(8, widgets.Grow(widgets.VStack(2, widgets.NewText(say(s.name), widgets.TextHeading, widgets.ColorText).Bold(),
		widgets.Muted(say(s.about)).Wrapped())), widgets.NewIconButton(widgets.IconCross, say("close"), d.close))
	list := widgets.VStack(17)
	for _, f := range fields {
		if f.section == d.section {
			list.Add(d.field(f))
		}
	}
	switch d.section {
	case sectionData:
		d.addData(list)
	case sectionKeys:
		list = widgets.VStack(10)
		addKeys(list)
	}
	d.main.Objects = []fyne.CanvasObject{head, widgets.Rule(), widgets.Grow(widgets.NewScroll(list))}
	d.effect.RemoveAll()
	d.page.Refresh()
	d.check()
	if d.section == sectionLearning {
		d.computeEffect()
	}
}

// controlWidth is the column of the controls, as wide as in a range field.
const controlWidth = 300

// field makes the control of one setting.
func (d *settingsDialog) field(f field) fyne.CanvasObject {
	usual := configs.Default()
	switch at := f.at(&d.draft).(type) {
	case *bool:
		toggle := widgets.NewSwitch(say(f.name), *at, func(on bool) { *at = on; d.changed() })
		toggle.StateName = switchSpoken
		return widgets.VStack(2, toggle, widgets.Caption(say(f.help)).Wrapped())
	case *string:
		if len(f.choices) == 0 {
			e, control := f.text(*at, d.wrong, func(text string) { *at = text }, d.changed)
			e.MinRows, e.MaxRows = 2, 5
			e.OnTooLong = func() { d.failed(say("cut.title"), say("cut.text", "Most", whole(widgets.EntryLimit))) }
			return control
		}
		choice := f.choose(*at, func(value string) { *at = value; d.changed() })
		words := widgets.VStack(2, widgets.Strong(say(f.name)), widgets.Caption(say(f.help)).Wrapped())
		if d.w.tight {
			return widgets.VStack(6, words, widgets.HStack(0, choice, widgets.Space()))
		}
		return widgets.HStack(24, widgets.Grow(words), widgets.Sized(controlWidth, 0, widgets.HStack(0, choice, widgets.Space())))
	case *int:
		return f.number(float64(*at), float64(*f.at(&usual).(*int)), true, d.wrong, func(v float64) { *at = int(v) }, d.changed)
	case *float64:
		return f.number(*at, *f.at(&usual).(*float64), false, d.wrong, func(v float64) { *at = v }, d.changed)
	}
	return widgets.Space()
}

// choose makes the control of a choice: all in a row, or, where a row would not fit, the chosen one
// with the others in a menu.
func (f field) choose(value string, set func(string)) fyne.CanvasObject {
	names, on := make([]string, len(f.choices)), 0
	for i, c := range f.choices {
		if names[i] = say(c.name); c.value == value {
			on = i
		}
	}
	row := widgets.NewSegmented(on, func(i int) { set(f.choices[i].value) }, names...)
	if row.MinSize().Width <= controlWidth {
		return row
	}
	var chosen *widgets.Button
	chosen = widgets.NewMenuButton(names[on], &widgets.IconOpen, widgets.Secondary, func() []widgets.MenuItem {
		items := make([]widgets.MenuItem, len(names))
		for i, name := range names {
			items[i] = widgets.MenuItem{Title: name, OnTapped: func() {
				chosen.Hint = say(f.name) + " " + name
				chosen.SetText(name)
				set(f.choices[i].value)
			}}
			if name == chosen.Text {
				items[i].Key = say("preset.chosen")
			}
		}
		return items
	})
	chosen.Hint = say(f.name) + " " + names[on]
	return chosen
}

// switchSpoken says how a switch stands.
func switchSpoken(on bool) string {
	if on {
		return say("switch.on")
	}
	return say("switch.off")
}

// mistakes are the texts that cannot be kept, by the key of their field: they stand there again when the field is made anew.
type mistakes map[string]string

// text makes the control of free text as long as configs allows. set gets every text, wrong one that is too long, and changed is
// called after either.
func (f field) text(text string, wrong mistakes, set func(string), changed func()) (*widgets.Editor, fyne.CanvasObject) {
	key, _ := configs.KeyOf(f.key)
	fault := widgets.Caption(say("settings.longest", "Most", whole(key.Range.Length))).In(widgets.ColorError)
	check := func(text string) {
		if fault.Hidden = utf8.RuneCountInString(text) <= key.Range.Length; fault.Hidden {
			delete(wrong, f.key)
		} else {
			wrong[f.key] = text
		}
	}
	e := widgets.NewEditor(say(f.help), nil)
	e.SetText(text)
	e.Name = say(f.name)
	check(text)
	e.OnChanged = func(text string) {
		set(text)
		check(text)
		changed()
	}
	return e, widgets.VStack(4, widgets.Strong(say(f.name)), e, fault)
}

// number makes the control of a number in the range that configs gives. set gets what can be kept, wrong the text of what cannot,
// and changed is called after either.
func (f field) number(v, usual float64, whole bool, wrong mistakes, set func(float64), changed func()) fyne.CanvasObject {
	key, _ := configs.KeyOf(f.key)
	lo, hi := key.Range.Min, key.Range.Max
	unit := ""
	if f.unit != "" {
		unit = say(f.unit)
	}
	r := widgets.Range{
		Name: say(f.name), Help: say(f.help), Unit: unit, Min: lo, Max: hi, Log: f.log,
		Limits: say("settings.limits", "Low", exact(lo), "High", exact(hi), "Usual", exact(usual)),
		Format: exact,
		Parse:  parseNumber,
		Fault: func(v float64, err error) string {
			switch {
			case errors.Is(err, errFraction):
				return say("settings.only_whole")
			case err != nil:
				return say("settings.no_number")
			case v > hi:
				return say("settings.at_most", "High", exact(hi))
			}
			return say("settings.at_least", "Low", exact(lo))
		},
	}
	if whole {
		r.Step, r.Parse = 1, parseWhole
	}
	var entered *widgets.RangeField
	entered = widgets.NewRangeField(r, v, func(v float64, ok bool) {
		if ok {
			delete(wrong, f.key)
			set(v)
		} else {
			wrong[f.key] = entered.Text()
		}
		changed()
	})
	if text, bad := wrong[f.key]; bad {
		entered.Type(text)
	}
	return entered
}

// outside says whether a text is a number that is not in the range of the field.
func (f field) outside(text string) bool {
	key, _ := configs.KeyOf(f.key)
	v, err := parseNumber(text)
	return err == nil && (v < key.Range.Min || v > key.Range.Max)
}

// Why a text is not the number that a field asks for.
var (
	errNumber   = errors.New("not a number")
	errFraction = errors.New("not a whole number")
)

// parseWhole is parseNumber for a field that takes whole numbers alone.
func parseWhole(text string) (float64, error) {
	v, err := parseNumber(text)
	if err == nil && v != math.Round(v) {
		return v, errFraction
	}
	return v, err
}

// parseNumber reads a number the way that the language spoken writes it; the other way is understood where nothing else can be meant.
func parseNumber(text string) (float64, error) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "−", "-").Replace(text)
	group, point := ",", "."
	if printer.Sprintf("%.1f", 0.5) == "0,5" {
		group, point = ".", ","
	}
	if strings.Count(text, group) == 1 && !strings.Contains(text, point) {
		if _, after, _ := strings.Cut(text, group); len(after) != 3 {
			group, point = point, group // "0.0003" typed by a German, "0,5" by an Englishman
		}
	}
	text = strings.ReplaceAll(text, group, "")
	v, err := strconv.ParseFloat(strings.Replace(text, point, ".", 1), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, errNumber
	}
	return v, nil
}

// addData shows where everything lies.
func (d *settingsDialog) addData(list *fyne.Container) {
	place := func(name, path string) {
		list.Add(widgets.HStack(16, widgets.Grow(widgets.VStack(2, widgets.Strong(name).Wrapped(), widgets.Caption(path).Wrapped())),
			widgets.NewSmallButton(say("settings.open"), &widgets.IconFolder, widgets.Secondary, func() { d.w.openFile(path) })))
	}
	place(say("settings.home"), d.w.Home)
	place(say("settings.file"), d.w.File.Path())
	list.Add(widgets.Caption(say("settings.private")).Wrapped())
}

func (d *settingsDialog) changed() {
	d.check()
	if d.section == sectionLearning {
		d.pace.Ask()
	}
}

// saved says whether nothing was changed in the dialog.
func (d *settingsDialog) saved() bool { return d.draft == d.before && len(d.wrong) == 0 }

// check lets save only what is in range and differs.
func (d *settingsDialog) check() {
	n, words := 0, "settings.wrong"
	perSection := map[section]int{}
	for _, f := range fields {
		if text, bad := d.wrong[f.key]; bad {
			if !f.outside(text) {
				words = "settings.invalid"
			}
			n++
			perSection[f.section]++
		}
	}
	for id, item := range d.nav {
		count := ""
		if k := perSection[id]; k > 0 {
			count = whole(k)
		}
		item.SetCount(count, widgets.ToneError)
	}
	d.fault.RemoveAll()
	if n > 0 {
		d.fault.Add(widgets.NewIcon(widgets.IconAlert, 15, widgets.ColorError))
		d.fault.Add(widgets.Caption(sayN(words, n)).In(widgets.ColorError))
	}
	d.page.Refresh()
	if n == 0 && d.draft != d.before {
		d.save.Enable()
	} else {
		d.save.Disable()
	}
}

// reset puts the usual values into the section that is shown.
func (d *settingsDialog) reset() {
	usual := configs.Default()
	for _, f := range fields {
		if f.section != d.section {
			continue
		}
		delete(d.wrong, f.key)
		switch at := f.at(&d.draft).(type) {
		case *bool:
			*at = *f.at(&usual).(*bool)
		case *int:
			*at = *f.at(&usual).(*int)
		case *float64:
			*at = *f.at(&usual).(*float64)
		case *string:
			*at = *f.at(&usual).(*string)
		}
	}
	d.showSection()
}

// submit saves: into the file, whose comments stay, and then into everything that goes by it.
func (d *settingsDialog) submit() {
	if d.save.Disabled() {
		return
	}
	d.save.Disable()
	before, draft := d.before, d.draft
	queued(d.w.work, func(ctx context.Context) (configs.Settings, error) {
		saved, err := d.w.File.Modify(func(s *configs.Settings) {
			for _, f := range fields {
				if !sameSetting(f.at(&before), f.at(&draft)) { // the file may have been changed beside the dialog
					copySetting(f.at(s), f.at(&draft))
				}
			}
		})
		if err != nil {
			return saved, err
		}
		return saved, d.w.Trainer.SetSettings(ctx, d.w.Learning(saved))
	}, func(saved configs.Settings, err error) {
		if err != nil {
			if d.w.settings != d {
				d.w.failed(err)
				return
			}
			d.check()
			d.failed(say("settings.not_saved"), fault(err))
			return
		}
		d.close()
		d.w.adopt(saved)
		saying := "settings.saved"
		if d.w.loadsAfterMove() {
			saying = "settings.saved_moves"
		}
		d.w.snackbar.Say(say(saying), "", nil) // after it: another language makes the window anew
	})
}

func sameSetting(a, b any) bool {
	switch a := a.(type) {
	case *bool:
		return *a == *b.(*bool)
	case *int:
		return *a == *b.(*int)
	case *float64:
		return *a == *b.(*float64)
	case *string:
		return *a == *b.(*string)
	}
	return false
}

func copySetting(to, from any) {
	switch to := to.(type) {
	case *bool:
		*to = *from.(*bool)
	case *int:
		*to = *from.(*int)
	case *float64:
		*to = *from.(*float64)
	case *string:
		*to = *from.(*string)
	}
}
