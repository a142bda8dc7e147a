package server

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"testing"

	"clara/trainer"
)

// lessonsOf are the lessons of a user, by their numbers.
func (h *house) lessonsOf(token string) map[int64]lesson {
	h.t.Helper()
	var list struct{ Lessons []lesson }
	h.want(http.StatusOK, token, "GET", "/lessons", nil, &list)
	all := make(map[int64]lesson)
	for _, l := range list.Lessons {
		all[l.ID] = l
	}
	return all
}

// Two lessons that contradict each other are put to the client, with the answer to the newer
// one and from then on, until the client decides.
func TestContradictionsArePutToTheClient(t *testing.T) {
	h, tokens := opened(t, Limits{}, "anna", "ben")
	anna := tokens["anna"]
	teach := func(question, answer, contradicts string) {
		t.Helper()
		r := h.want(http.StatusOK, anna, "POST", "/lessons", map[string]string{"question": question, "answer": answer}, nil)
		if got := r.header.Get("Feedback-Contradicts"); got != contradicts {
			t.Errorf("%q contradicts %q, want %q", question, got, contradicts)
		}
	}
	open := func(want int) {
		t.Helper()
		waitFor(t, func() bool { return h.trainer("anna").State().Contradictions == want }) // the loop counts them
		var now training
		if h.want(http.StatusOK, anna, "GET", "/train", nil, &now); now.Contradictions != want {
			t.Errorf("%d contradictions are open, want %d", now.Contradictions, want)
		}
	}
	teach("When does the ferry leave?", "At 9:40.", "")
	teach("Who is the mayor?", "Anna Huber.", "")
	teach("At what time does the ferry leave?", "At 11:15.", "1")
	for id, want := range map[int64]int64{1: 3, 2: 0, 3: 1} {
		if l := h.lessonsOf(anna)[id]; l.Contradicts != want || l.Feedback != id {
			t.Errorf("lesson %d is %+v, want it to contradict %d", id, l, want)
		}
	}
	open(1)

	resolve := func(status int, id, body string) (out struct {
		Kept      []int64
		TakenBack int64 `json:"taken_back"`
	},
	) {
		t.Helper()
		h.want(status, anna, "POST", "/lessons/"+id+"/resolve", body, &out)
		return out
	}
	resolve(http.StatusConflict, "1", `{"contradicts": 2, "keep": "this"}`)
	resolve(http.StatusUnprocessableEntity, "1", `{"contradicts": 3, "keep": "mine"}`)
	resolve(http.StatusUnprocessableEntity, "1", `{"keep": "this"}`)
	h.want(http.StatusConflict, tokens["ben"], "POST", "/lessons/1/resolve", `{"contradicts": 3, "keep": "this"}`, nil)
	if out := resolve(http.StatusOK, "3", `{"contradicts": 1, "keep": "both"}`); len(out.Kept) != 2 || out.TakenBack != 0 {
		t.Errorf("both are kept: %+v", out)
	}
	resolve(http.StatusConflict, "3", `{"contradicts": 1, "keep": "both"}`)
	if l := h.lessonsOf(anna); len(l) != 3 || l[1].Contradicts != 0 {
		t.Errorf("after both were kept: %+v", l)
	}
	open(0)

	// By either one's number either one can be kept.
	for _, x := range []struct {
		id, keep   string
		kept, gone int64
	}{{"4", "this", 4, 5}, {"7", "other", 6, 7}, {"8", "other", 9, 8}, {"11", "this", 11, 10}} {
		town := map[int64]string{5: "the castle", 7: "the museum", 8: "the pool", 10: "the library"}[x.gone]
		teach("When does "+town+" open?", "At eight.", "")
		teach("At what time does "+town+" open?", "At nine.", itoa(min(x.kept, x.gone)))
		other := x.kept + x.gone
		if x.keep == "this" {
			other -= x.kept
		} else {
			other -= x.gone
		}
		out := resolve(http.StatusOK, x.id, `{"contradicts": `+itoa(other)+`, "keep": "`+x.keep+`"}`)
		if all := h.lessonsOf(anna); len(out.Kept) != 1 || out.Kept[0] != x.kept || out.TakenBack != x.gone || all[x.kept].ID == 0 || all[x.gone].ID != 0 {
			t.Errorf("lesson %s, %s: %+v, the lessons are %+v", x.id, x.keep, out, all)
		}
	}
}

// What a correction was taken for is said with the answer to it, and can be said anew.
func TestKindOfACorrection(t *testing.T) {
	h, tokens := opened(t, Limits{}, "anna", "ben")
	anna := tokens["anna"]
	h.want(http.StatusOK, anna, "POST", "/generate", `{"prompt": "Who leads the department?"}`, nil)
	for _, x := range []struct{ path, body, kind string }{
		{"/feedback", `{"text": "The administrative procedure is important.", "score": 0.8}`, "manner"},
		{"/conversations/1/rating", `{"stars": 5}`, "manner"},
		{"/conversations/1/corrections", `{"better": "Maria Weber has led it since 2019."}`, "knowledge"},
		{"/corrections", `{"id": "1", "better": "Maria Weber leads it.", "kind": "manner"}`, "manner"},
		{"/lessons", `{"question": "When do we open?", "answer": "At eight."}`, "knowledge"},
	} {
		r := h.want(http.StatusOK, anna, "POST", x.path, x.body, nil)
		if got := r.header.Get("Feedback-Kind"); got != x.kind {
			t.Errorf("%s %s teaches %q, want %q", x.path, x.body, got, x.kind)
		}
	}
	set := func(status int, token, id, kind string) reply {
		t.Helper()
		return h.want(status, token, "POST", "/feedback/"+id+"/kind", map[string]string{"kind": kind}, nil)
	}
	if n := len(h.lessonsOf(anna)); n != 1 {
		t.Fatalf("there are %d lessons, want that of the opening alone", n)
	}
	for _, kind := range []string{"knowledge", "manner", "manner", "knowledge"} { // of the correction of manner
		r := set(http.StatusOK, anna, "4", kind)
		if r.header.Get("Feedback-Kind") != kind || r.header.Get("Feedback-Id") != "4" {
			t.Errorf("as %s it is %v", kind, r.header)
		}
		isLesson := false
		for _, l := range h.lessonsOf(anna) {
			isLesson = isLesson || l.Feedback == 4 && l.Answer == "Maria Weber leads it."
		}
		if isLesson != (kind == "knowledge") {
			t.Errorf("as %s it is a lesson: %v", kind, isLesson)
		}
	}
	set(http.StatusConflict, anna, "2", "knowledge") // a rating
	set(http.StatusUnprocessableEntity, anna, "4", "wisdom")
	set(http.StatusNotFound, anna, "99", "manner")
	set(http.StatusNotFound, tokens["ben"], "4", "manner")

	// What was taken back is not there, and comes back as what it was.
	h.want(http.StatusNoContent, anna, "DELETE", "/feedback/5", nil, nil)
	set(http.StatusNotFound, anna, "5", "manner")
	if err := h.trainer("anna").PutBack(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	back := false
	for _, l := range h.lessonsOf(anna) {
		back = back || l.Feedback == 5
	}
	if !back {
		t.Error("what was refused as not there has made a lesson none")
	}
}

// What a user took back, as a text, a rating or a lesson, comes back for a day by either number.
func TestWhatWasTakenBackComesBack(t *testing.T) {
	h, tokens := opened(t, Limits{}, "anna", "ben")
	anna := tokens["anna"]
	h.want(http.StatusOK, anna, "POST", "/generate", `{"prompt": "Who leads the department?"}`, nil)
	h.want(http.StatusOK, anna, "POST", "/feedback", `{"text": "The administrative procedure is important.", "score": 0.8}`, nil)
	h.want(http.StatusOK, anna, "POST", "/conversations/1/rating", `{"stars": 5}`, nil)
	h.want(http.StatusOK, anna, "POST", "/lessons", `{"question": "When does the ferry leave?", "answer": "At 9:40."}`, nil)
	h.want(http.StatusOK, anna, "POST", "/lessons", `{"question": "At what time does the ferry leave?", "answer": "At 11:15."}`, nil)
	for _, x := range []struct{ gone, back, id, kind, contradicts string }{
		{"/feedback/1", "/feedback/1/undelete", "1", "manner", ""},
		{"/conversations/1/rating", "/feedback/2/undelete", "2", "manner", ""},
		{"/feedback/3", "/lessons/1/undelete", "3", "knowledge", "2"},
		{"/lessons/2", "/feedback/4/undelete", "4", "knowledge", "1"},
		{"/lessons/2", "/lessons/2/undelete", "4", "knowledge", "1"},
	} {
		h.want(http.StatusNoContent, anna, "DELETE", x.gone, nil, nil)
		h.want(http.StatusNotFound, tokens["ben"], "POST", x.back, nil, nil)
		for range 2 { // also where the answer to the first request was lost
			r := h.want(http.StatusOK, anna, "POST", x.back, nil, nil)
			if r.header.Get("Feedback-Id") != x.id || r.header.Get("Feedback-Kind") != x.kind || r.header.Get("Feedback-Contradicts") != x.contradicts {
				t.Errorf("%s answers with %v", x.back, r.header)
			}
		}
	}
	if all := h.lessonsOf(anna); len(all) != 2 {
		t.Errorf("the lessons are %+v", all)
	}
	if ratings, err := h.trainer("anna").Samples(t.Context(), trainer.SampleQuery{IDs: []int64{1, 2}}); err != nil || len(ratings) != 2 {
		t.Errorf("of the text and the rating there is %+v, %v", ratings, err)
	}
	h.want(http.StatusNotFound, anna, "POST", "/lessons/99/undelete", nil, nil)
	h.want(http.StatusNotFound, anna, "POST", "/feedback/99/undelete", nil, nil)

	// And so does what a decision took back.
	h.want(http.StatusOK, anna, "POST", "/lessons/1/resolve", `{"contradicts": 2, "keep": "this"}`, nil)
	h.want(http.StatusOK, anna, "POST", "/lessons/2/undelete", nil, nil)
	if l := h.lessonsOf(anna); l[1].Contradicts != 2 {
		t.Errorf("the lessons are %+v", l)
	}

	// Beside a newer answer to the same question it would not stand: the client is told which that is.
	h.want(http.StatusNoContent, anna, "DELETE", "/lessons/1", nil, nil)
	h.want(http.StatusOK, anna, "POST", "/lessons", `{"question": "When does the ferry leave?", "answer": "At 10:05."}`, nil)
	for _, path := range []string{"/lessons/1/undelete", "/feedback/3/undelete"} {
		var p Problem
		h.want(http.StatusConflict, anna, "POST", path, nil, &p)
		if p.Code != trainer.CodeReplaced || p.Detail != "feedback 5 on the same is newer, and stands" || p.Next == "" {
			t.Errorf("%s is answered with %+v", path, p)
		}
	}
	h.want(http.StatusNoContent, anna, "DELETE", "/feedback/5", nil, nil)
	h.want(http.StatusOK, anna, "POST", "/lessons/1/undelete", nil, nil)
	if l := h.lessonsOf(anna)[1]; l.Answer != "At 9:40." {
		t.Errorf("the lesson is %+v", l)
	}
}

// answered keeps what a user's lesson came out as when it was asked.
func (h *house) answered(name string, r trainer.LessonResult) {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.stores[name].AddResults(h.t.Context(), h.runner.Info().Hash, []trainer.LessonResult{r}); err != nil {
		h.t.Fatal(err)
	}
}

// A lesson that is practised weighs more, as long as there is more; one that waits for a
// decision says so, and one that is known without a training says that none takes it up.
func TestPractise(t *testing.T) {
	h, tokens := opened(t, Limits{}, "anna", "ben")
	anna := tokens["anna"]
	h.want(http.StatusOK, anna, "POST", "/lessons", `{"question": "Who is the mayor?", "answer": "Anna Huber."}`, nil)
	practise := func(status int, token, id string) (out struct {
		Raised, Known bool
		Code          string
	},
	) {
		t.Helper()
		h.want(status, token, "POST", "/lessons/"+id+"/practise", nil, &out)
		return out
	}
	for _, x := range []struct {
		raised     bool
		importance int
	}{{true, 4}, {true, 5}, {false, 5}} {
		if got := practise(http.StatusOK, anna, "1"); got.Raised != x.raised || got.Known {
			t.Errorf("it says %+v, want %+v", got, x)
		}
		if l := h.lessonsOf(anna)[1]; l.Importance != x.importance {
			t.Errorf("the lesson is %+v, want importance %d", l, x.importance)
		}
	}
	practise(http.StatusNotFound, tokens["ben"], "1")
	h.want(http.StatusOK, anna, "POST", "/lessons", `{"question": "When does the ferry leave?", "answer": "At 9:40."}`, nil)
	h.want(http.StatusOK, anna, "POST", "/lessons", `{"question": "At what time does the ferry leave?", "answer": "At 11:15."}`, nil)
	if got := practise(http.StatusConflict, anna, "2"); got.Code != trainer.CodeContradiction {
		t.Errorf("one that waits for a decision: %+v", got)
	}
	practise(http.StatusOK, anna, "3")
	h.answered("anna", trainer.LessonResult{Lesson: 3, Outcome: trainer.LessonKnown})
	if got := practise(http.StatusOK, anna, "3"); !got.Raised || !got.Known {
		t.Errorf("one that is known: %+v", got)
	}
}

// How a lesson came out when it was asked is sent, the oldest first.
func TestTrailOfALesson(t *testing.T) {
	h, _ := opened(t, Limits{})
	h.want(http.StatusOK, "", "POST", "/lessons", `{"question": "When do we open?", "answer": "At eight."}`, nil)
	if l := h.lessonsOf("")[1]; l.Trail == nil || len(l.Trail) != 0 {
		t.Errorf("one that was never asked has the trail %+v", l.Trail)
	}
	for _, o := range []trainer.LessonState{trainer.LessonMissed, trainer.LessonKnown, trainer.LessonLost} {
		h.answered("", trainer.LessonResult{Lesson: 1, Outcome: o, Answer: string(o)})
	}
	l := h.lessonsOf("")[1]
	if len(l.Trail) != 3 || l.Trail[0].Outcome != trainer.LessonMissed || l.Trail[2].Outcome != l.State || l.Now != "lost" || l.Trail[2].Created.Before(l.Trail[0].Created) {
		t.Errorf("the lesson is %+v", l)
	}
}

// By what a lesson reaches an answer is seen, and whether the model has a reader for it.
func TestWayOfALesson(t *testing.T) {
	h, _ := opened(t, Limits{})
	h.want(http.StatusOK, "", "POST", "/lessons", `{"question": "When do we open?", "answer": "At eight."}`, nil)
	var list struct{ Lessons []map[string]any }
	h.want(http.StatusOK, "", "GET", "/lessons", nil, &list)
	if l := list.Lessons[0]; l["way"] != string(trainer.WayTurn) || l["trained"] != 0.0 {
		t.Errorf("the lesson is %v", l)
	}
	var now training
	if h.want(http.StatusOK, "", "GET", "/train", nil, &now); now.Reader != trainer.ReaderNone {
		t.Errorf("the reader is %q", now.Reader)
	}
}

// A client that leaves once its lesson is kept is no fault of the server.
func TestAClientThatLeavesAfterItsLessonIsNoError(t *testing.T) {
	o, err := openWithoutModel(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	var log bytes.Buffer
	s := &server{Params: Params{Log: slog.New(slog.NewTextHandler(&log, nil))}}
	ctx, leave := context.WithCancel(context.WithValue(t.Context(), accountKey{}, &account{trainer: o.Trainer}))
	leave()
	if out := s.successOf(ctx, trainer.Sample{ID: 1, Kind: trainer.Knowledge}); out.FeedbackID != 1 || log.Len() > 0 {
		t.Errorf("it is told %+v, and the log says %s", out, &log)
	}
}
