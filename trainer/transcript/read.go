// Package transcript holds conversations as files: it reads those that ChatGPT, LM Studio and
// CLARA export, and writes them as Markdown, as HTML and as CLARA's own JSON. What is read and
// written here is not kept: a store.Transcript is brought in by trainer.ImportTranscripts.
//
// Nothing here keeps or changes what it is given, and all may be called from several goroutines.
package transcript

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"clara/store"
	"clara/trainer/words"
)

// Fault is a conversation in a file that cannot be brought in.
type Fault struct {
	Entry int    // its place in the file, from 1
	Title string // "" where that cannot be read either
	Err   error  // ErrForm, ErrEmpty or ErrLong, with what is wrong
}

// Why a conversation cannot be brought in.
var (
	ErrForm  = errors.New("not a conversation of ChatGPT, LM Studio or CLARA")
	ErrEmpty = errors.New("no text in it")
	ErrLong  = errors.New("a text that is too long")
)

// Read reads the conversations of a file: ChatGPT's conversations.json, a conversation of
// LM Studio, or a File. What cannot be read is told entry by entry beside what can. The error says
// that the file as a whole is none of these (ErrForm), or that reading failed.
func Read(r io.Reader) ([]store.Transcript, []Fault, error) {
	in := bufio.NewReader(r)
	first, err := firstByte(in)
	if err != nil {
		return nil, nil, fmt.Errorf("read conversations: %w", err)
	}
	d := json.NewDecoder(in)
	if first != '[' {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, nil, fmt.Errorf("read a conversation: %w: %w", ErrForm, err)
		}
		t, err := readOne(raw)
		if err != nil {
			return nil, []Fault{{1, t.Conversation.Title, err}}, nil
		}
		return []store.Transcript{t}, nil, nil
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, fmt.Errorf("read conversations: %w", err)
	}
	var all []store.Transcript
	var faults []Fault
	for n := 1; d.More(); n++ {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil { // where the next one begins cannot be told
			return all, append(faults, Fault{Entry: n, Err: fmt.Errorf("%w: the file ends or is damaged here: %w", ErrForm, err)}), nil
		}
		t, err := readOne(raw)
		if err != nil {
			faults = append(faults, Fault{n, t.Conversation.Title, err})
			continue
		}
		all = append(all, t)
	}
	if _, err := d.Token(); err != nil {
		faults = append(faults, Fault{Entry: len(all) + len(faults) + 1, Err: fmt.Errorf("%w: the file ends too early", ErrForm)})
	}
	return all, faults, nil
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
			return 0, fmt.Errorf("%w: an empty file", ErrForm)
		}
		if !strings.ContainsRune(" \t\r\n", rune(b)) {
			return b, in.UnreadByte()
		}
	}
}

// readOne reads one conversation of any of the forms. The title is there even
// with an error, as far as it can be read.
func readOne(raw []byte) (store.Transcript, error) {
	var form struct {
		Format   string          `json:"format"`
		Title    json.RawMessage `json:"title"`
		Mapping  json.RawMessage `json:"mapping"`
		Messages json.RawMessage `json:"messages"`
	}
	if err := json.Unmarshal(raw, &form); err != nil {
		return store.Transcript{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	var t store.Transcript
	var err error
	switch {
	case form.Format == format:
		t, err = readOwn(raw)
	case form.Mapping != nil:
		t, err = readChatGPT(raw)
	case form.Messages != nil:
		t, err = readLMStudio(raw)
	default:
		if json.Unmarshal(form.Title, &t.Conversation.Title) != nil {
			t.Conversation.Title = ""
		}
		err = ErrForm
	}
	if err != nil {
		return t, err
	}
	return t, finish(&t)
}

// finish checks what was read, and gives it a title.
func finish(t *store.Transcript) error {
	spoken := ""
	for i := range t.Messages {
		m := &t.Messages[i]
		if len(m.Text) > store.MaxText || len(t.Conversation.Title) > store.MaxText {
			return fmt.Errorf("%w: %d bytes", ErrLong, max(len(m.Text), len(t.Conversation.Title)))
		}
		m.Text = words.LineEnds(strings.ToValidUTF8(m.Text, string(utf8.RuneError)))
		if m.Role == store.RoleUser && spoken == "" {
			spoken = m.Text
		}
		if m.Role == store.RoleAssistant && m.Finish == "" {
			m.Finish = store.FinishEnd
		}
		if m.Created.After(t.Conversation.Updated) {
			t.Conversation.Updated = m.Created
		}
	}
	if spoken == "" {
		return ErrEmpty
	}
	if t.Conversation.Title = strings.TrimSpace(t.Conversation.Title); t.Conversation.Title == "" {
		t.Conversation.Title = TitleOf(spoken)
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

func validRole(r store.Role) bool {
	return r == store.RoleSystem || r == store.RoleUser || r == store.RoleAssistant
}

func validFinish(f store.Finish) bool {
	switch f {
	case "", store.FinishEnd, store.FinishLength, store.FinishStop, store.FinishCancelled, store.FinishFailed:
		return true
	}
	return false
}
