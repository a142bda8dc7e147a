package app

import (
	"context"
	"errors"
	"strings"

	"clara/configs"
)

// adopt goes by settings that the trainer goes by already.
func (w *window) adopt(s configs.Settings) {
	before := w.Settings
	w.mended()
	w.Settings = s
	if s.Window.Language != before.Window.Language {
		w.Language = "" // what was asked for at the start holds until something else is chosen
	}
	if s.Window != before.Window {
		w.restyle()
	}
	if s.Model != before.Model {
		w.loadModel()
	}
}

// fileChanged takes over what someone changed in the settings file beside the window. A
// mistake in it is told with its line; what held before goes on.
func (w *window) fileChanged(s configs.Settings, err error) {
	if err != nil {
		w.FileError = err
		w.tellFault("settings.unreadable_since", "close")
		return
	}
	if s == w.Settings { // the window's own change, or the file as it was before a mistake
		w.mended()
		return
	}
	queued(w.work, func(ctx context.Context) (none, error) {
		return none{}, w.Trainer.SetSettings(ctx, w.Learning(s))
	}, func(_ none, err error) {
		if err != nil {
			w.failed(err)
			return
		}
		w.adopt(s)
		if w.loadsAfterMove() {
			w.snackbar.Say(say("settings.read_anew_moves"), "", nil)
			return
		}
		w.snackbar.Say(say("settings.read_anew"), "", nil)
	})
}

// mended says that the settings file can be read.
func (w *window) mended() {
	w.FileError = nil
	w.untellOf(matterSettings)
}

// settingsFault says all that is wrong in the settings file, with the lines. err is not nil.
func settingsFault(err error) string {
	var faults []string
	for _, e := range configs.Mistakes(err) {
		what := e.Detail
		switch {
		case errors.Is(e, configs.ErrRange) && e.Range.Choices != nil:
			what = say("fault.choice", "Key", e.Key, "Value", e.Value, "Choices", strings.Join(e.Range.Choices, ", "))
		case errors.Is(e, configs.ErrRange) && e.Range.Length > 0:
			what = say("fault.long", "Key", e.Key, "Most", whole(e.Range.Length))
		case errors.Is(e, configs.ErrRange):
			what = say("fault.range", "Key", e.Key, "Value", e.Value, "Low", exact(e.Range.Min), "High", exact(e.Range.Max))
		case errors.Is(e, configs.ErrType):
			what = say("fault.type", "Key", e.Key, "Value", e.Value)
		case errors.Is(e, configs.ErrUnknownKey) && e.Near != "":
			what = say("fault.unknown_near", "Key", e.Key, "Near", e.Near)
		case errors.Is(e, configs.ErrUnknownKey):
			what = say("fault.unknown", "Key", e.Key)
		case errors.Is(e, configs.ErrTooLarge):
			what = say("fault.large")
		case errors.Is(e, configs.ErrSyntax): // the parser has its reasons in English alone
			what = say("fault.syntax", "Cause", e.Detail)
		}
		if e.Line > 0 {
			what = say("fault.line", "Line", whole(e.Line), "What", what)
		}
		faults = append(faults, what)
	}
	if faults == nil {
		faults = []string{err.Error()}
	}
	return strings.Join(faults, "; ")
}
