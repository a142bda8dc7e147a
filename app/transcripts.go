package app

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"clara/trainer"
	"clara/trainer/transcript"
	"clara/widgets"
)

// exports are the forms in which the conversation that is shown can be had.
func (v *chatView) exports() []widgets.MenuItem {
	c := v.conversation
	item := func(title, text string, f trainer.TranscriptFormat) widgets.MenuItem {
		return widgets.MenuItem{Glyph: &widgets.IconExport, Title: title, Text: text, OnTapped: func() { v.export(c, f) }}
	}
	return []widgets.MenuItem{
		item("Markdown", say("chat.export_md"), trainer.TranscriptMarkdown),
		item("HTML", say("chat.export_html"), trainer.TranscriptHTML),
		item("JSON", say("chat.export_json"), trainer.TranscriptJSON),
	}
}

// showExports opens the menu of the forms.
func (v *chatView) showExports() {
	if v.w.place == placeChat && v.exporter != nil && v.exporter.Visible() {
		widgets.ShowMenu(v.exporter, v.exports()...)
	}
}

// transcriptWords are the words beside the texts of the conversation that is shown. They are said now: the transcript is
// written on another goroutine, and words belong to this one.
func (v *chatView) transcriptWords() trainer.TranscriptWords {
	now := v.w.now()
	who, when := make(map[int64]string, len(v.entries)), make(map[time.Time]string, len(v.entries))
	for _, e := range v.entries {
		who[e.ID] = author + " · " + made(e)
		if e.Source != "" {
			who[e.ID] = e.Source
		}
		when[e.Created] = date(e.Created, now) + ", " + e.Created.Local().Format("15:04")
	}
	return trainer.TranscriptWords{
		Language: v.w.language, You: say("chat.you"), Corrected: say("chat.corrected_by"),
		Answerer: func(e trainer.Entry) string { return who[e.ID] },
		Moment:   func(at time.Time) string { return when[at] },
	}
}

// export makes the file and asks where to keep it.
func (v *chatView) export(c trainer.Conversation, f trainer.TranscriptFormat) {
	words := v.transcriptWords()
	v.w.keep(fileName(c.Title)+"."+string(f), func(ctx context.Context, out io.Writer) error {
		return v.w.Trainer.ExportConversation(ctx, c.ID, f, words, out)
	}, v.w.saveTo)
}

// keep makes a text and asks which file to save it in: nothing is asked for what cannot be
// made.
func (w *window) keep(name string, write func(context.Context, io.Writer) error, save func(fyne.URIWriteCloser, string)) {
	queued(w.work, func(ctx context.Context) (string, error) {
		var out strings.Builder
		err := write(ctx, &out)
		return out.String(), err
	}, func(text string, err error) {
		if err != nil {
			w.failed(err)
			return
		}
		d := dialog.NewFileSave(func(to fyne.URIWriteCloser, err error) {
			if err != nil || to == nil {
				w.failed(err)
				return
			}
			save(to, text)
		}, w.frame)
		d.SetFileName(name)
		w.showFiles(d, say("files.save"), say("save"))
	})
}

// saveTo writes a text into the file that a person chose.
func (w *window) saveTo(to fyne.URIWriteCloser, text string) {
	w.saveAs(to, text, "chat.exported", "chat.folder")
}

// saveAs is saveTo, which says so in the words of the keys saved and folder.
func (w *window) saveAs(to fyne.URIWriteCloser, text, saved, folder string) {
	path := filepath.FromSlash(to.URI().Path())
	queued(w.work, func(context.Context) (none, error) {
		_, err := io.WriteString(to, text)
		return none{}, errors.Join(err, to.Close())
	}, func(_ none, err error) {
		if err != nil {
			w.failed(err)
			return
		}
		w.snackbar.Say(say(saved, "File", filepath.Base(path)), say(folder), func() { w.openFile(filepath.Dir(path)) })
	})
}

// fileName makes a name of a title that every system takes.
func fileName(title string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' {
			return r
		}
		return ' '
	}, title)
	name = strings.Join(strings.Fields(name), " ")
	if r := []rune(name); len(r) > 60 {
		name = strings.TrimSpace(string(r[:60]))
	}
	if name == "" || device.MatchString(name) {
		return strings.TrimSpace(say("chat.file_name") + " " + name)
	}
	return name
}

// device is the name of a device on Windows, which no file can have.
var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)

// importFile asks for a file with conversations of another program.
func (v *chatView) importFile() {
	w := v.w
	d := dialog.NewFileOpen(func(from fyne.URIReadCloser, err error) {
		if err != nil || from == nil {
			w.failed(err)
			return
		}
		v.readFile(from)
	}, w.frame)
	d.SetFilter(storage.NewExtensionFileFilter([]string{".json"}))
	w.showFiles(d, say("files.open"), say("settings.open"))
}

// brought is what was read of a file.
type brought struct {
	all    []trainer.Transcript
	faults []transcript.Fault
}

// readFile reads the file and brings in what is in it; where something cannot be read, only after asking.
func (v *chatView) readFile(from io.ReadCloser) {
	w := v.w
	w.snackbar.Say(say("import.reading"), "", nil) // a file may have years of conversations
	w.work.beside(func(context.Context) {
		var b brought
		var err error
		b.all, b.faults, err = transcript.Read(from)
		err = errors.Join(err, from.Close())
		fyne.Do(func() {
			switch {
			case errors.Is(err, transcript.ErrForm):
				w.tell(func() widgets.Notice {
					return widgets.Notice{
						Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: say("import.unreadable"), Text: say("import.about"),
						Actions: []widgets.Action{{Label: say("close"), Kind: widgets.Secondary, OnTapped: w.untell}},
					}
				})
			case err != nil:
				w.failed(err)
			case len(b.faults) > 0:
				v.tellFaults(b)
			default:
				v.bringIn(b.all)
			}
		})
	})
}

// faultsShown is how many faults are told one by one.
const faultsShown = 5

// tellFaults says which conversations cannot be read, and offers to bring in the others.
func (v *chatView) tellFaults(b brought) {
	w := v.w
	w.tell(func() widgets.Notice {
		lines := []string{say("import.nothing")}
		for _, f := range b.faults[:min(faultsShown, len(b.faults))] {
			if f.Title == "" {
				lines = append(lines, say("import.untitled", "N", whole(f.Entry), "Why", whyUnread(f.Err)))
			} else {
				lines = append(lines, say("import.entry", "N", whole(f.Entry), "Title", brief(f.Title, 40), "Why", whyUnread(f.Err)))
			}
		}
		if n := len(b.faults) - faultsShown; n > 0 {
			lines = append(lines, sayN("import.more", n))
		}
		n := widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneWarning, Title: sayN("import.faults", len(b.faults)), Text: strings.Join(lines, "\n"),
			Actions: []widgets.Action{{Label: say("close"), Kind: widgets.Secondary, OnTapped: w.untell}},
		}
		if len(b.all) > 0 {
			n.Actions = append([]widgets.Action{{Label: sayN("import.rest", len(b.all)), OnTapped: func() { w.untell(); v.bringIn(b.all) }}}, n.Actions...)
		}
		return n
	})
}

func whyUnread(err error) string {
	switch {
	case errors.Is(err, transcript.ErrEmpty):
		return say("import.empty")
	case errors.Is(err, transcript.ErrLong):
		return say("import.long")
	}
	return say("import.form")
}

// bringIn keeps conversations that were read.
func (v *chatView) bringIn(all []trainer.Transcript) {
	w := v.w
	queued(w.work, func(ctx context.Context) (int, error) {
		return w.Trainer.ImportTranscripts(ctx, all)
	}, func(n int, err error) {
		if err != nil {
			w.failed(err)
			return
		}
		v.refresh()
		if v.conversation.ID != 0 { // it may be one of those that go on
			v.reload()
		}
		words := sayN("import.done", n)
		switch there := len(all) - n; {
		case n == 0:
			words = say("import.none")
		case there > 0:
			words = say("import.some", "N", whole(n), "There", whole(there))
		}
		w.snackbar.Say(words, "", nil)
	})
}
