package trainer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"clara/store"
)

// Transcript is a whole conversation of another program, to be brought in.
type Transcript = store.Transcript

// TranscriptFault is a conversation in a file that cannot be brought in.
type TranscriptFault struct {
	Entry int    // its place in the file, from 1
	Title string // "" where that cannot be read either
	Err   error  // ErrTranscriptForm, ErrTranscriptEmpty or ErrTranscriptLong, with what is wrong
}

// Why a conversation cannot be brought in.
var (
	ErrTranscriptForm  = errors.New("not a conversation of ChatGPT, LM Studio or CLARA")
	ErrTranscriptEmpty = errors.New("no text in it")
	ErrTranscriptLong  = errors.New("a text that is too long")
)

// ReadTranscripts reads the conversations of a file: ChatGPT's conversations.json, a
// conversation of LM Studio, or one that ExportConversation wrote as JSON. What cannot be
// read is told entry by entry beside what can. The error says that the file as a whole is
// none of these, or that reading failed.
func ReadTranscripts(r io.Reader) ([]Transcript, []TranscriptFault, error) {
	in := bufio.NewReader(r)
	first, err := firstByte(in)
	if err != nil {
		return nil, nil, fmt.Errorf("read conversations: %w", err)
	}
	d := json.NewDecoder(in)
	if first != '[' {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, nil, fmt.Errorf("read a conversation: %w: %w", ErrTranscriptForm, err)
		}
		t, err := readTranscript(raw)
		if err != nil {
			return nil, []TranscriptFault{{1, t.Conversation.Title, err}}, nil
		}
		return []Transcript{t}, nil, nil
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, fmt.Errorf("read conversations: %w", err)
	}
	var all []Transcript
	var faults []TranscriptFault
	for n := 1; d.More(); n++ {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil { // where the next one begins cannot be told
			return all, append(faults, TranscriptFault{Entry: n, Err: fmt.Errorf("%w: the file ends or is damaged here: %w", ErrTranscriptForm, err)}), nil
		}
		t, err := readTranscript(raw)
		if err != nil {
			faults = append(faults, TranscriptFault{n, t.Conversation.Title, err})
			continue
		}
		all = append(all, t)
	}
	if _, err := d.Token(); err != nil {
		faults = append(faults, TranscriptFault{Entry: len(all) + len(faults) + 1, Err: fmt.Errorf("%w: the file ends too early", ErrTranscriptForm)})
	}
	return all, faults, nil
}

// ImportTranscripts brings conversations in, all of them or none, and returns how many brought
// something: of one that was brought in before what was said since, and one that was deleted
// comes back.
func (t *Trainer) ImportTranscripts(ctx context.Context, all []Transcript) (int, error) {
	n, err := t.store.AddTranscripts(ctx, all)
	if err != nil {
		return 0, saving(fmt.Errorf("bring in %d conversations: %w", len(all), err))
	}
	return n, nil
}

// firstByte is the first byte that is no blank and no byte order mark; it stays to be read.
func firstByte(in *bufio.Reader) (byte, error) {
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := in.Discard(3); err != nil {
			return 0, err
		}
	}
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, fmt.Errorf("%w: an empty file", ErrTranscriptForm)
		}
		if !strings.ContainsRune(" \t\r\n", rune(b)) {
			return b, in.UnreadByte()
		}
	}
}

// readTranscript reads one conversation of any of the forms. The title is there even
// with an error, as far as it can be read.
func readTranscript(raw []byte) (Transcript, error) {
	var form struct {
		Format   string          `json:"format"`
		Title    json.RawMessage `json:"title"`
		Mapping  json.RawMessage `json:"mapping"`
		Messages json.RawMessage `json:"messages"`
	}
	if err := json.Unmarshal(raw, &form); err != nil {
		return Transcript{}, fmt.Errorf("%w: %w", ErrTranscriptForm, err)
	}
	var t Transcript
	var err error
	switch {
	case form.Format == transcriptForm:
		t, err = readOwn(raw)
	case form.Mapping != nil:
		t, err = readChatGPT(raw)
	case form.Messages != nil:
		t, err = readLMStudio(raw)
	default:
		if json.Unmarshal(form.Title, &t.Conversation.Title) != nil {
			t.Conversation.Title = ""
		}
		err = ErrTranscriptForm
	}
	if err != nil {
		return t, err
	}
	return t, finishTranscript(&t)
}

// finishTranscript checks what was read, and gives it a title.
func finishTranscript(t *Transcript) error {
	spoken := ""
	for i := range t.Messages {
		m := &t.Messages[i]
		if len(m.Text) > store.MaxText || len(t.Conversation.Title) > store.MaxText {
			return fmt.Errorf("%w: %d bytes", ErrTranscriptLong, max(len(m.Text), len(t.Conversation.Title)))
		}
		m.Text = lineEnds.Replace(strings.ToValidUTF8(m.Text, string(utf8.RuneError)))
		if m.Role == RoleUser && spoken == "" {
			spoken = m.Text
		}
		if m.Role == RoleAssistant && m.Finish == "" {
			m.Finish = FinishEnd
		}
		if m.Created.After(t.Conversation.Updated) {
			t.Conversation.Updated = m.Created
		}
	}
	if spoken == "" {
		return ErrTranscriptEmpty
	}
	if t.Conversation.Title = strings.TrimSpace(t.Conversation.Title); t.Conversation.Title == "" {
		t.Conversation.Title = titleOf(spoken)
	}
	return nil
}

// epoch is a time as other programs write it: seconds since 1970; the zero time for
// what is none.
func epoch(v float64) time.Time {
	if !(v > 0 && v < 1e11) {
		return time.Time{}
	}
	whole, part := math.Modf(v)
	return time.Unix(int64(whole), int64(part*1e9)).UTC().Truncate(time.Microsecond)
}

// readOwn reads what ExportConversation wrote. Ratings and corrections are not brought
// in: what was learnt moves with its samples.
func readOwn(raw []byte) (Transcript, error) {
	var in transcriptJSON
	if err := json.Unmarshal(raw, &in); err != nil {
		return Transcript{}, fmt.Errorf("%w: %w", ErrTranscriptForm, err)
	}
	t := Transcript{Conversation: Conversation{Title: in.Title, Created: in.Created, Updated: in.Updated}, Preset: in.Preset}
	numbers := make(map[int64]int64, len(in.Messages))
	for i, m := range in.Messages {
		kept := Message{Parent: numbers[m.Parent], Role: m.Role, Text: m.Text, Created: m.Created, Finish: m.Finish, Preset: m.Preset, Source: m.Source}
		if m.Parent != 0 && kept.Parent == 0 {
			return t, fmt.Errorf("%w: message %d follows message %d, which is not before it", ErrTranscriptForm, m.ID, m.Parent)
		}
		if m.Shown {
			kept.Shown = 1
		}
		if !validRole(m.Role) || !validFinish(m.Finish) {
			return t, fmt.Errorf("%w: message %d is by %q and ended by %q", ErrTranscriptForm, m.ID, m.Role, m.Finish)
		}
		if kept.Role == RoleAssistant && kept.Source == "" {
			kept.Source = "CLARA" // of another computer, maybe with other lessons
		}
		t.Messages = append(t.Messages, kept)
		numbers[m.ID] = int64(i + 1)
	}
	return t, nil
}

func validRole(r Role) bool { return r == RoleSystem || r == RoleUser || r == RoleAssistant }

func validFinish(f Finish) bool {
	switch f {
	case "", FinishEnd, FinishLength, FinishStop, FinishCancelled, FinishFailed:
		return true
	}
	return false
}
