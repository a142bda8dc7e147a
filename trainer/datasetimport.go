package trainer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"clara/store"
)

// ImportOptions steer ImportDataset.
type ImportOptions struct {
	Preview bool // change nothing
	Kind    Kind // of corrections that do not say it; "": as they look
	// Amend takes over the importance and the keywords that a line says of what stands already.
	// An exported file says both of everything, and nothing tells when either was changed here
	// last: unasked, an older file would undo it.
	Amend bool
}

// ImportReport is what ImportDataset did, or would do.
type ImportReport struct {
	Rows     int            `json:"rows"`                     // lines with a sample
	New      int            `json:"new"`                      // samples that are kept
	Trains   int            `json:"trains"`                   // of these, that the filter lets train
	Dropped  map[string]int `json:"dropped,omitempty"`        // the other new ones, by the code of their reason
	Known    int            `json:"known"`                    // lines of which the same stands already
	Differ   int            `json:"differ,omitempty"`         // of these, that say another importance or other keywords, which ImportOptions.Amend takes over
	Amended  int            `json:"amended,omitempty"`        // lines that give what stands another importance or other keywords
	Replaced int            `json:"replaced"`                 // lines on a subject with a newer sample, here or in the file
	Ignored  []string       `json:"ignored_columns,omitzero"` // that nobody reads
	First    []Sample       `json:"-"`                        // the first of the new samples
}

// firstShown is how many samples ImportReport.First has at most.
const firstShown = 10

// ImportDataset adds the samples of a data set in one of TRL's formats (DatasetFormat),
// one JSON object a line, plain or conversational: all of them in one transaction, or
// none. A file that ExportDataset wrote gives the same samples again; from another file,
// a pair or a completion becomes a correction, a labelled completion a rating with the
// score 1 or -0.5, and one with an empty prompt a text. What stands already is left out; with
// ImportOptions.Amend it gets the importance and the keywords that its line says. Of two samples
// on one subject the newer one stands.
//
// Lines that cannot be read are a *DatasetError, also in a preview; then the report has
// the other lines, and nothing is added.
func (t *Trainer) ImportDataset(ctx context.Context, r io.Reader, o ImportOptions) (ImportReport, error) {
	rows, ignored, bad, err := readDataset(r, t.now())
	if err != nil {
		return ImportReport{}, err
	}
	t.feedback.Lock()
	defer t.feedback.Unlock()
	report, batch, amended, err := t.planImport(ctx, rows, o)
	report.Ignored = ignored
	switch {
	case err != nil:
		return report, err
	case bad.Count > 0:
		return report, bad
	case o.Preview || len(batch)+len(amended) == 0:
		return report, nil
	}
	if err := t.store.AddAllFeedback(ctx, batch, amended); err != nil {
		return report, saving(fmt.Errorf("keep the imported samples: %w", err))
	}
	if err := t.renew(context.WithoutCancel(ctx)); err != nil {
		return report, fmt.Errorf("the samples are kept, but not used yet: %w", err)
	}
	t.tell(NewsLessons, NewsSamples)
	return report, nil
}

// planImport decides on each row.
func (t *Trainer) planImport(ctx context.Context, rows []readRow, o ImportOptions) (ImportReport, []store.Feedback, []store.Amendment, error) {
	report := ImportReport{Rows: len(rows), Dropped: make(map[string]int)}
	all, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return report, nil, nil, fmt.Errorf("read the samples: %w", err)
	}
	manners, err := t.mannerAnswers(ctx)
	if err != nil {
		return report, nil, nil, err
	}
	lessons, err := t.store.Lessons(ctx, "")
	if err != nil {
		return report, nil, nil, fmt.Errorf("read the lessons: %w", err)
	}
	keywords := make(map[int64][][]string, len(lessons)) // by sample
	for _, l := range lessons {
		keywords[l.Sample] = l.Keywords
	}
	standing := make(map[string]Sample, len(all)) // by subject, the newest
	for _, s := range all {
		if !replaced(s) {
			standing[subjectOf(s)] = s
		}
	}
	last := make(map[string]int, len(rows)) // by subject, the row that counts
	for i := range rows {
		s := &rows[i].sample
		s.Kind = kindOf(*s, o.Kind, manners)
		if s.Created.IsZero() {
			s.Created = t.now()
		}
		subject := subjectOf(*s)
		if before, ok := last[subject]; !ok || !rows[before].sample.Created.After(s.Created) {
			last[subject] = i
		}
	}
	var batch []store.Feedback
	var added []Sample
	var amended []store.Amendment
	for i, row := range rows {
		subject := subjectOf(row.sample)
		old, stands := standing[subject]
		switch {
		case stands && sameText(old, row.sample):
			was, isLesson := keywords[old.ID]
			a, differs := row.amends(old, was, isLesson)
			differs = differs && last[subject] == i && !old.Created.After(row.sample.Created)
			if differs && o.Amend {
				amended = append(amended, a)
				continue
			}
			report.Known++
			report.Differ += boolToInt(differs)
			continue
		case last[subject] != i, stands && old.Created.After(row.sample.Created):
			report.Replaced++
			continue
		}
		f := store.Feedback{Sample: row.sample, Reject: judge(row.sample, t.Settings())}
		if row.sample.Form == FormCorrection {
			if stands {
				f.Replaces = []int64{old.ID}
			}
			if row.sample.Kind == Knowledge {
				f.Lesson = &Lesson{Question: row.sample.Prompt, Answer: row.sample.Better, Keywords: cleanKeywords(row.keywords), Created: row.sample.Created}
			}
		}
		batch, added = append(batch, f), append(added, row.sample)
	}
	report.Amended = len(amended)
	report.New, report.First = len(added), added[:min(len(added), firstShown)]
	report.count(all, added, t.Settings())
	return report, batch, amended, nil
}

// amends is what a row says otherwise of the sample that says the same, and of its lesson with the
// keywords was; false: nothing.
func (r *readRow) amends(old Sample, was [][]string, isLesson bool) (store.Amendment, bool) {
	a := store.Amendment{Sample: old.ID, Importance: cmp.Or(r.importance, importanceOf(old))}
	if words := cleanKeywords(r.keywords); isLesson && words != nil && !slices.EqualFunc(words, was, slices.Equal) {
		a.Keywords = words
	}
	return a, a.Keywords != nil || a.Importance != importanceOf(old)
}

// count says what the filter makes of the new samples beside those that there are.
func (r *ImportReport) count(all, added []Sample, set Settings) {
	for i, j := range Judge(append(all[:len(all):len(all)], added...), set) {
		switch {
		case i < len(all):
		case j.Kept:
			r.Trains++
		default:
			r.Dropped[j.Reason.Code]++
		}
	}
}

// kindOf is what a sample teaches where its line does not say it.
func kindOf(s Sample, chosen Kind, manners []string) Kind {
	switch {
	case s.Kind != "":
		return s.Kind
	case s.Form != FormCorrection:
		return Manner
	case chosen != "":
		return chosen
	case s.Answer == "": // taught, with nothing to compare
		return Knowledge
	}
	return proposeFor(s.Prompt, s.Answer, s.Better, manners).Kind
}

// sameText says that two samples on one subject say the same, however their lines end: earlier
// programs kept them as they were given.
func sameText(a, b Sample) bool {
	a, b = withLineEnds(a), withLineEnds(b)
	turns := func(s Sample) string { text, _ := json.Marshal(s.Context); return string(text) }
	return a.Prompt == b.Prompt && a.Answer == b.Answer && a.Better == b.Better && a.Score == b.Score && turns(a) == turns(b)
}
