package app

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// tokensEvery is how often text that arrives is shown: 25 Hz.
const tokensEvery = 40 * time.Millisecond

// answering is an answer on its way.
type answering struct {
	conversation int64 // 0 until a new one has its number
	again        int64 // the answer in whose place it is written; 0: none, it follows the question
	instead      int64 // the question that its own is asked in the place of; 0: none
	stop         context.CancelFunc
	pace         *widgets.Pace

	mu     sync.Mutex // the text grows on the model's goroutine
	text   strings.Builder
	pieces int
	first  time.Time
}

// piece takes up text as it is made.
func (a *answering) piece(s string) {
	a.mu.Lock()
	if a.pieces == 0 {
		a.first = time.Now()
	}
	a.pieces++
	a.text.WriteString(s)
	a.mu.Unlock()
	a.pace.Ask()
}

// so far returns the text and how many tokens a second came, 0 until that can be told.
func (a *answering) soFar() (string, float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	rate := 0.0
	if d := time.Since(a.first); a.pieces > 4 && d > 300*time.Millisecond {
		rate = float64(a.pieces-1) / d.Seconds()
	}
	return a.text.String(), rate
}

// send asks a question. The composer keeps it until it is on disk.
func (v *chatView) send(text string) {
	if text = strings.TrimSpace(text); text == "" || v.writing[v.conversation.ID] != nil || v.w.model.blocks() != "" {
		return
	}
	v.answer(trainer.Ask{Conversation: v.conversation.ID, Text: text, Preset: v.w.presets.find(v.conversation.Preset).ID})
}

// again answers a question anew; without says to leave the lesson out that the last answer used.
func (v *chatView) again(message int64, without bool) {
	if v.writing[v.conversation.ID] != nil || v.w.model.blocks() != "" {
		return
	}
	v.closeEditor()
	v.answer(trainer.Ask{Conversation: v.conversation.ID, Again: message, WithoutLesson: without})
}

// goOn lets the model write on where an answer ended before its time.
func (v *chatView) goOn(message int64) {
	if v.writing[v.conversation.ID] != nil || v.w.model.blocks() != "" {
		return
	}
	v.closeEditor()
	v.answer(trainer.Ask{Conversation: v.conversation.ID, Continue: message})
}

func (v *chatView) answer(ask trainer.Ask) {
	a := &answering{conversation: ask.Conversation, again: cmp.Or(ask.Again, ask.Continue), instead: ask.Instead}
	if i := v.at(ask.Continue); i >= 0 {
		a.text.WriteString(v.entries[i].Text)
	}
	a.pace = widgets.NewPace(tokensEvery, func() { v.showWriting(a) })
	v.writing[a.conversation] = a
	ask.OnAsked = func(q trainer.Message) { fyne.Do(func() { v.asked(a, q) }) }
	v.show()
	a.stop = v.w.work.beside(func(ctx context.Context) {
		e, err := v.w.Trainer.Answer(ctx, ask, a.piece)
		a.pace.Stop()
		fyne.Do(func() { v.answered(a, e, err) })
	})
}

// asked shows a question that is on disk now.
func (v *chatView) asked(a *answering, q trainer.Message) {
	if a.again != 0 {
		return
	}
	from := a.conversation // where it was written
	if from == 0 {
		delete(v.writing, 0)
		a.conversation = q.Conversation
		v.writing[a.conversation] = a
		if v.conversation.ID == 0 {
			v.conversation = trainer.Conversation{ID: q.Conversation, Title: brief(q.Text, 60), Preset: v.conversation.Preset}
			v.drafted = true // nothing was begun in it yet
			v.w.App.Preferences().SetInt(preferOpened, int(q.Conversation))
		}
	}
	if a.instead == 0 { // else it was written in its own place, and the composer may hold another one
		v.dropQuestion(from, a.conversation, q.Text)
	}
	v.refresh()
	if v.conversation.ID != a.conversation {
		if name := ofRevision(a.instead); strings.TrimSpace(v.w.unsaved[name].better) == q.Text { // put by as it was left
			delete(v.w.unsaved, name)
		}
		return
	}
	if r := v.revision; r != nil && r.message == a.instead {
		v.dropRevision()
	}
	if i := v.at(a.instead); i >= 0 {
		v.entries = v.entries[:i:i] // its branch goes on from here
	}
	v.entries = append(v.entries, trainer.Entry{Message: q})
	v.show()
	v.feed.ToEnd()
}

// dropQuestion takes a question that is on disk out of the composer and out of the draft that it was until now, of the conversation
// from. What was typed behind it stays, as the draft of the conversation to, which it is in now: a person types on while it is saved,
// and may have opened another conversation by then.
func (v *chatView) dropQuestion(from, to int64, question string) {
	drop := func() (rest string) {
		text := v.composer.Text()
		if rest = behind(text, question); rest != text {
			v.composer.SetText(rest)
		}
		return rest
	}
	if v.conversation.ID == to && v.drafted { // what is on disk may be older than the question
		v.saveDraft(to, drop())
		if from != to {
			v.saveDraft(from, "")
		}
		return
	}
	queued(v.w.work, func(ctx context.Context) (none, error) {
		draft, err := v.w.Trainer.Draft(ctx, from)
		if err != nil {
			return none{}, err
		}
		if err := v.w.Trainer.SaveDraft(ctx, to, behind(draft, question)); err != nil || from == to {
			return none{}, err
		}
		return none{}, v.w.Trainer.SaveDraft(ctx, from, "")
	}, func(_ none, err error) {
		v.w.failed(err)
		if v.conversation.ID == to { // with the draft that was read before
			drop()
		}
	})
}

// behind is what stands in a text behind the question that it begins with; a text that begins otherwise is left as it is, also one
// that goes on in the question's last word: "History" is not "story" behind "Hi".
func behind(text, question string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), question)
	last, _ := utf8.DecodeLastRuneInString(question)
	next, _ := utf8.DecodeRuneInString(rest)
	if !ok || inWord(last) && inWord(next) {
		return text
	}
	return strings.TrimSpace(rest)
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// showWriting shows what has come since the last time.
func (v *chatView) showWriting(a *answering) {
	if v.conversation.ID != a.conversation || v.feed == nil {
		return
	}
	if row, ok := v.feed.Row(rowWriting).(*widgets.Answer); ok {
		v.fillWriting(row, a)
		v.feed.Resized(rowWriting)
	}
}

func (v *chatView) fillWriting(row *widgets.Answer, a *answering) {
	text, rate := a.soFar()
	note := say("chat.thinking")
	if rate > 0 {
		note = say("chat.writing_at", "Rate", whole(int(rate+.5)))
	} else if text != "" {
		note = say("chat.writing")
	}
	row.SetNote(say("chat.note", "Version", versionName(v.w.state.Active.Number), "Note", note))
	row.SetText(text)
	row.SetWriting(true)
}

// answered puts the finished answer in the place of the one on its way.
func (v *chatView) answered(a *answering, e trainer.Entry, err error) {
	delete(v.writing, a.conversation)
	if v.conversation.ID == a.conversation {
		if e.ID != 0 { // else nothing came of it
			if at := v.at(a.again); at >= 0 {
				v.entries = v.entries[:at:at]
			}
			v.entries = append(v.entries, e)
		}
		v.show()
		v.feed.Changed(rowWriting)
		v.reload() // it may be one of several now
	}
	if err != nil {
		v.w.failed(err)
	}
	v.refresh()
}
