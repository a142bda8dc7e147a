package app

import (
	"context"

	"clara/trainer"
	"clara/widgets"
)

// shortage is what a full disk lacks.
type shortage struct {
	missing int64 // bytes; 0: none, or it could not be measured
	room    trainer.Room
}

// diskFull says at once that nothing was saved, and how much is missing as soon as that is measured.
func (w *window) diskFull() {
	w.tellFull(shortage{})
	queued(w.work, func(ctx context.Context) (s shortage, err error) {
		if s.room, err = w.Trainer.Room(ctx); err != nil {
			return s, err
		}
		if free, err := w.free(w.Home); err == nil {
			s.missing = max(0, s.room.Needed-free)
		}
		return s, nil
	}, func(s shortage, err error) {
		if err == nil && w.about == matterFullDisk {
			w.tellFull(s)
		}
	})
}

// tellFull says that the disk is full, what it lacks, and what can go.
func (w *window) tellFull(s shortage) {
	w.tellOf(matterFullDisk, func() widgets.Notice {
		n := widgets.Notice{Glyph: widgets.IconDisk, Tone: widgets.ToneError, Title: say("fault.disk"), Text: say("disk.not_saved")}
		if s.missing > 0 {
			n.Text = join(n.Text, say("disk.missing", "Missing", bytes(s.missing)))
		}
		if s.room.OldBytes > 0 {
			n.Text = join(n.Text, say("disk.old", "Size", bytes(s.room.OldBytes)))
			n.Actions = append(n.Actions, widgets.Action{Label: say("disk.remove"), OnTapped: func() { w.askToRemoveVersions(s) }})
		}
		n.Text = join(n.Text, say("hint.free_space"))
		n.Actions = append(n.Actions, widgets.Action{Label: say("close"), OnTapped: w.untell})
		return n
	})
}

// askToRemoveVersions asks before versions go that nothing brings back.
func (w *window) askToRemoveVersions(s shortage) {
	w.tell(func() widgets.Notice {
		return widgets.Notice{
			Glyph: widgets.IconTrash, Tone: widgets.ToneError, Title: say("disk.remove_title"), Text: sayN("disk.remove_text", s.room.Old, "Size", bytes(s.room.OldBytes)),
			Actions: []widgets.Action{
				{Label: say("offer.remove_yes"), Kind: widgets.Danger, OnTapped: func() { w.untell(); w.removeVersions(s) }},
				{Label: say("offer.remove_no"), OnTapped: func() { w.tellFull(s) }},
			},
		}
	})
}

func (w *window) removeVersions(s shortage) {
	queued(w.work, func(ctx context.Context) (none, error) {
		return none{}, w.Trainer.RemoveOldVersions(ctx)
	}, func(_ none, err error) {
		w.failed(err)
		if err == nil {
			w.snackbar.Say(say("disk.removed", "Size", bytes(s.room.OldBytes)), "", nil)
		}
		w.learning.readAnew()
	})
}
