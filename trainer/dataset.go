package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// DatasetFormat is one of the dataset types that TRL's trainers read (TRL, "Dataset
// formats and types"), in its conversational form: prompts and answers are lists of
// messages.
type DatasetFormat string

// The formats. Each takes those samples of the live buffer that it can say.
const (
	// PromptCompletion is what SFT imitates: corrections, and what was scored above 0.
	PromptCompletion DatasetFormat = "prompt-completion"
	// Preference is what DPO compares: corrections of an answer that was given.
	Preference DatasetFormat = "preference"
	// UnpairedPreference is what KTO weighs: the whole buffer. The label says whether
	// the completion is good.
	UnpairedPreference DatasetFormat = "unpaired-preference"
)

// DatasetFormats are all formats.
var DatasetFormats = []DatasetFormat{PromptCompletion, Preference, UnpairedPreference}

// ErrDataset says that a data set is in none of the formats, or too large.
var ErrDataset = errors.New("no data set that can be used")

// datasetRow is one line of a data set. The columns below the first five are ours; TRL
// leaves them alone, and with them a sample is read as what it was. Each row has all of
// them, with values of one type: a loader takes the types from the first rows.
type datasetRow struct {
	Prompt     []datasetTurn `json:"prompt"`
	Completion []datasetTurn `json:"completion,omitempty"`
	Chosen     []datasetTurn `json:"chosen,omitempty"`
	Rejected   []datasetTurn `json:"rejected,omitempty"`
	Label      *bool         `json:"label,omitempty"`

	Form       Form    `json:"form"`
	Kind       Kind    `json:"kind"`
	Score      float64 `json:"score"`
	Importance int     `json:"importance"`
	Source     string  `json:"source"`
	Given      string  `json:"given"`    // the answer that a correction was made to
	Keywords   string  `json:"keywords"` // of the lesson, JSON: [[word, ...], ...]; "": none
	Created    string  `json:"created"`  // createdFormat, UTC
}

type datasetTurn struct {
	Role    Role   `json:"role"`
	Content string `json:"content"`
}

// createdFormat is RFC 3339 with the store's precision, always of one length.
const createdFormat = "2006-01-02T15:04:05.000000Z07:00"

// ExportDataset writes the live buffer, the samples that the filter lets train, as lines
// of JSON, the oldest first. It returns how many samples were written, and how many of
// the buffer the format cannot say. ImportDataset reads them back.
func (t *Trainer) ExportDataset(ctx context.Context, format DatasetFormat, w io.Writer) (written, left int, err error) {
	samples, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return 0, 0, fmt.Errorf("read the samples: %w", err)
	}
	lessons, err := t.store.Lessons(ctx, t.baseHash())
	if err != nil {
		return 0, 0, fmt.Errorf("read the lessons: %w", err)
	}
	keywords := make(map[int64][][]string, len(lessons))
	for _, l := range lessons {
		keywords[l.Sample] = l.Keywords
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, j := range Judge(samples, t.Settings()) {
		if !j.Kept {
			continue
		}
		row, ok, err := rowOf(j.Sample, format, keywords[j.ID])
		if err != nil {
			return written, left, fmt.Errorf("write sample %d: %w", j.ID, err)
		}
		if !ok {
			left++
			continue
		}
		if err := e.Encode(row); err != nil {
			return written, left, fmt.Errorf("write sample %d: %w", j.ID, err)
		}
		written++
	}
	return written, left, nil
}

// rowOf is a sample in a format; false where the format cannot say it.
func rowOf(s Sample, format DatasetFormat, keywords [][]string) (datasetRow, bool, error) {
	r := datasetRow{
		Form: s.Form, Kind: s.Kind, Score: s.Score, Importance: importanceOf(s), Source: s.Source,
		Created: s.Created.UTC().Format(createdFormat),
	}
	for _, turn := range s.Context {
		r.Prompt = append(r.Prompt, datasetTurn{turn.Role, turn.Text})
	}
	r.Prompt = append(r.Prompt, datasetTurn{RoleUser, s.Prompt})
	if len(keywords) > 0 {
		encoded, err := json.Marshal(keywords)
		if err != nil {
			return r, false, err
		}
		r.Keywords = string(encoded)
	}
	answer := func(text string) []datasetTurn { return []datasetTurn{{RoleAssistant, text}} }
	text, good := s.Answer, s.Score > 0
	if s.Form == FormCorrection {
		text, good, r.Given = s.Better, true, s.Answer
	}
	switch format {
	case PromptCompletion:
		r.Completion = answer(text)
		return r, good, nil
	case Preference:
		r.Chosen, r.Rejected = answer(s.Better), answer(s.Answer)
		return r, s.Form == FormCorrection && strings.TrimSpace(s.Answer) != "", nil
	case UnpairedPreference:
		r.Completion, r.Label = answer(text), &good
		return r, true, nil
	}
	return r, false, fmt.Errorf("the format %q: %w", format, ErrDataset)
}

// createdOf reads a moment as createdFormat or another form of RFC 3339 has it.
func createdOf(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err
}
