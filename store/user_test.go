package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// filled is a store in which the user "ann" has one record of everything.
func filled(t *testing.T) (s *Store, ids map[string]int64) {
	t.Helper()
	s = newStore(t)
	ann, ctx := s.As("ann"), t.Context()
	c := must(addConversation(ctx, ann, Conversation{Title: "hers"}))(t)
	hidden := must(addConversation(ctx, ann, Conversation{Title: "hidden"}))(t)
	check(t, ann.DeleteConversation(ctx, hidden.ID))
	m := must(ann.AddMessage(ctx, Message{Conversation: c.ID, Role: RoleAssistant, Text: "At 9."}))(t)
	sample, lesson, err := ann.AddFeedback(ctx, Feedback{
		Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: "When?", Answer: "At 9.", Better: "At 8.", Message: m.ID},
		Lesson: &Lesson{Question: "When?", Answer: "At 8."},
	})
	check(t, err)
	rating, _, err := ann.AddFeedback(ctx, Feedback{Sample: Sample{Form: FormRating, Kind: Manner, Score: 1, Message: m.ID}})
	check(t, err)
	check(t, ann.DeleteSample(ctx, rating.ID))
	first := must(ann.StartCycle(ctx, Cycle{BaseHash: hashes[0]}))(t)
	_, version, err := ann.FinishCycle(ctx, CycleEnd{
		Cycle: first.ID, State: CyclePromoted, Version: &Version{Samples: []int64{sample.ID}}, Used: map[int64]Kind{sample.ID: sample.Kind},
		Results: []LessonResult{{Lesson: lesson.ID, Outcome: LessonKnown}},
	})
	check(t, err)
	check(t, ann.ActivateVersion(ctx, hashes[0], 0, CauseRestore, Reason{}))
	rating, _, err = ann.AddFeedback(ctx, Feedback{Sample: Sample{Form: FormRating, Kind: Manner, Score: 1, Message: m.ID}})
	check(t, err)
	check(t, ann.DeleteSample(ctx, rating.ID))
	running := must(ann.StartCycle(ctx, Cycle{BaseHash: hashes[0]}))(t)
	check(t, ann.SetBothRight(ctx, sample.ID, rating.ID))
	preset := must(ann.AddPreset(ctx, brief))(t)
	check(t, ann.ChoosePreset(ctx, c.ID, preset.ID))
	other := brief
	other.Name = "Gone"
	gone := must(ann.AddPreset(ctx, other))(t)
	check(t, ann.DeletePreset(ctx, gone.ID))
	check(t, ann.SaveDraft(ctx, "chat/1", "hers"))
	check(t, ann.PutBase(ctx, hashes[0], "answer", map[string][]byte{"a": {1}}))
	return s, map[string]int64{
		"conversation": c.ID, "hidden": hidden.ID, "message": m.ID, "sample": sample.ID, "deleted": rating.ID,
		"lesson": lesson.ID, "cycle": first.ID, "running": running.ID, "version": version.ID,
		"preset": preset.ID, "gone": gone.ID,
	}
}

// TestNoMethodReachesAnotherUser calls every method for one user with the IDs
// of another. The list must name every method, so that a new one is tried too.
func TestNoMethodReachesAnotherUser(t *testing.T) {
	errNothing := errors.New("nothing found, as it should be")
	empty := func(v any, err error) error {
		rv := reflect.ValueOf(v)
		if err == nil && (rv.IsZero() || rv.Kind() == reflect.Slice && rv.Len() == 0 || rv.Kind() == reflect.Map && rv.Len() == 0) {
			return errNothing
		}
		return err
	}
	own := func(ctx context.Context, s *Store) int64 {
		c, err := addConversation(ctx, s, Conversation{})
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	sample := Sample{Form: FormRating, Kind: Manner}
	type call = func(ctx context.Context, s *Store, id map[string]int64) error
	calls := map[string][]call{
		"BeginConversation": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.BeginConversation(ctx, Conversation{}, []Message{{Role: RoleUser, Lesson: id["lesson"]}}))
		}},
		"Conversation": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.Conversation(ctx, id["conversation"]))
		}},
		"Conversations": {func(ctx context.Context, s *Store, _ map[string]int64) error { return empty(s.Conversations(ctx)) }},
		"RenameConversation": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.RenameConversation(ctx, id["conversation"], "x")
		}},
		"PinConversation": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.PinConversation(ctx, id["conversation"], true)
		}},
		"Search": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.Search(ctx, "at", 10))
		}},
		"DeleteConversation": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.DeleteConversation(ctx, id["conversation"])
		}},
		"RestoreConversation": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.RestoreConversation(ctx, id["hidden"])
		}},
		"EraseConversations": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return errors.Join(s.EraseConversations(ctx, time.Now().Add(time.Hour)), errNothing)
		}},
		"AddPreset": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			_, err := s.AddPreset(ctx, brief) // of the same name as ann's
			return errors.Join(err, errNothing)
		}},
		"SetPreset": {func(ctx context.Context, s *Store, id map[string]int64) error {
			p := brief
			p.ID = id["preset"]
			return s.SetPreset(ctx, p)
		}},
		"Preset": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.Preset(ctx, id["preset"]))
		}},
		"Presets": {func(ctx context.Context, s *Store, _ map[string]int64) error { return empty(s.Presets(ctx)) }},
		"DeletePreset": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.DeletePreset(ctx, id["preset"])
		}},
		"RestorePreset": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.RestorePreset(ctx, id["gone"])
		}},
		"ErasePresets": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return errors.Join(s.ErasePresets(ctx, time.Now().Add(time.Hour)), errNothing)
		}},
		"ChoosePreset": {
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return s.ChoosePreset(ctx, id["conversation"], 0)
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return s.ChoosePreset(ctx, own(ctx, s), id["preset"])
			},
		},
		"AddMessage": {
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return empty(s.AddMessage(ctx, Message{Conversation: id["conversation"], Role: RoleUser}))
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return empty(s.AddMessage(ctx, Message{Conversation: own(ctx, s), Role: RoleUser, Version: id["version"]}))
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return empty(s.AddMessage(ctx, Message{Conversation: own(ctx, s), Role: RoleUser, Lesson: id["lesson"]}))
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return empty(s.AddMessage(ctx, Message{Conversation: own(ctx, s), Role: RoleUser, Parent: id["message"]}))
			},
		},
		"AddTranscripts": {func(ctx context.Context, s *Store, id map[string]int64) error {
			n, err := s.AddTranscripts(ctx, []Transcript{{Conversation: Conversation{Title: "x"}, Messages: []Message{{Role: RoleUser, Text: "x"}}}})
			if n != 1 {
				t.Errorf("%d were added", n)
			}
			return errors.Join(err, errNothing)
		}},
		"ShowMessage": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.ShowMessage(ctx, id["message"])
		}},
		"Message": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.Message(ctx, id["message"]))
		}},
		"Messages": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.Messages(ctx, id["conversation"]))
		}},
		"SaveDraft": {
			func(ctx context.Context, s *Store, _ map[string]int64) error {
				return errors.Join(s.SaveDraft(ctx, "chat/1", "mine"), errNothing)
			},
			func(ctx context.Context, s *Store, _ map[string]int64) error {
				return errors.Join(s.SaveDraft(ctx, "chat/1", ""), errNothing)
			},
		},
		"Draft": {func(ctx context.Context, s *Store, _ map[string]int64) error { return empty(s.Draft(ctx, "chat/1")) }},
		"AddFeedback": {
			func(ctx context.Context, s *Store, id map[string]int64) error {
				x := sample
				x.Message = id["message"]
				_, _, err := s.AddFeedback(ctx, Feedback{Sample: x})
				return err
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				x := sample
				x.Version = id["version"]
				_, _, err := s.AddFeedback(ctx, Feedback{Sample: x})
				return err
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				_, _, err := s.AddFeedback(ctx, Feedback{Sample: sample, Replaces: []int64{id["sample"]}})
				return err
			},
		},
		"AddAllFeedback": {
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return s.AddAllFeedback(ctx, []Feedback{{Sample: sample}, {Sample: sample, Replaces: []int64{id["sample"]}}}, nil)
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return s.AddAllFeedback(ctx, nil, []Amendment{{Sample: id["sample"], Importance: 1, Keywords: [][]string{{"x"}}}})
			},
		},
		"Sample": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.Sample(ctx, id["sample"]))
		}},
		"Samples": {
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return empty(s.Samples(ctx, SampleQuery{IDs: []int64{id["sample"]}}))
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return empty(s.Samples(ctx, SampleQuery{Conversation: id["conversation"]}))
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return empty(s.Samples(ctx, SampleQuery{Message: id["message"]}))
			},
		},
		"RejectSamples": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.RejectSamples(ctx, []int64{id["sample"]}, Reason{Code: "x"})
		}},
		"AcceptSamples": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.AcceptSamples(ctx, []int64{id["sample"]})
		}},
		"DeleteSample": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.DeleteSample(ctx, id["sample"])
		}},
		"DeleteWithReplaced": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.DeleteWithReplaced(ctx, id["sample"])
		}},
		"DeleteFeedback": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return errors.Join(s.DeleteFeedback(ctx, id["message"], FormCorrection), errNothing)
		}},
		"RestoreSample": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.RestoreSample(ctx, id["deleted"])
		}},
		"Revision": {func(_ context.Context, s *Store, _ map[string]int64) error { return empty(s.Revision(), nil) }},
		"EraseSamples": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return errors.Join(s.EraseSamples(ctx, time.Now().Add(time.Hour)), errNothing)
		}},
		"SetImportance": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.SetImportance(ctx, id["sample"], 5)
		}},
		"SetKind": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.SetKind(ctx, id["sample"], Manner, nil)
		}},
		"SetBothRight": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.SetBothRight(ctx, id["sample"], id["deleted"])
		}},
		"UnsetBothRight": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return errors.Join(s.UnsetBothRight(ctx, id["sample"], id["deleted"]), errNothing)
		}},
		"BothRight": {func(ctx context.Context, s *Store, _ map[string]int64) error { return empty(s.BothRight(ctx)) }},
		"Lesson": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.Lesson(ctx, "", id["lesson"]))
		}},
		"LessonOf": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.LessonOf(ctx, "", id["sample"]))
		}},
		"Lessons": {func(ctx context.Context, s *Store, _ map[string]int64) error { return empty(s.Lessons(ctx, hashes[0])) }},
		"LessonsAfter": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.LessonsAfter(ctx, hashes[0], 0))
		}},
		"SetKeywords": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.SetKeywords(ctx, id["lesson"], nil)
		}},
		"AmendLesson": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.AmendLesson(ctx, id["lesson"], 5, nil)
		}},
		"NoteLessons": {func(ctx context.Context, s *Store, id map[string]int64) error {
			x := map[int64]string{id["lesson"]: "x"}
			return errors.Join(s.NoteLessons(ctx, hashes[0], x), errNothing)
		}},
		"PhraseLessons": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return errors.Join(s.PhraseLessons(ctx, hashes[0], "", map[int64]string{id["lesson"]: "x"}), errNothing)
		}},
		"Untried": {func(ctx context.Context, s *Store, _ map[string]int64) error { return empty(s.Untried(ctx, hashes[0])) }},
		"AskedBefore": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.AskedBefore(ctx, hashes[0], time.Now().Add(time.Hour)))
		}},
		"AddResults": {
			func(ctx context.Context, s *Store, id map[string]int64) error {
				return s.AddResults(ctx, hashes[0], []LessonResult{{Lesson: id["lesson"], Outcome: LessonLost}})
			},
		},
		"Trail": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.Trail(ctx, hashes[0], id["lesson"], 0))
		}},
		"Trails": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.Trails(ctx, hashes[0], 0))
		}},
		"Askings": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.Askings(ctx, hashes[0]))
		}},
		"FinishCycle": {
			func(ctx context.Context, s *Store, id map[string]int64) error {
				_, _, err := s.FinishCycle(ctx, CycleEnd{Cycle: id["running"], State: CycleFailed})
				return err
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				c, err := s.StartCycle(ctx, Cycle{BaseHash: hashes[0]})
				check(t, err)
				defer func() { must(s.MarkCut(ctx))(t) }()
				_, _, err = s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CycleRefused, Used: map[int64]Kind{id["sample"]: Knowledge}})
				return err
			},
			func(ctx context.Context, s *Store, id map[string]int64) error {
				c, err := s.StartCycle(ctx, Cycle{BaseHash: hashes[0]})
				check(t, err)
				defer func() { must(s.MarkCut(ctx))(t) }()
				_, _, err = s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &Version{Parent: id["version"]}})
				return err
			},
		},
		// Ann's cycle runs, and hinders nobody else's.
		"StartCycle": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			_, err := s.StartCycle(ctx, Cycle{BaseHash: hashes[0]})
			return errors.Join(err, errNothing)
		}},
		"MarkCut": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			_, err := s.MarkCut(ctx)
			return errors.Join(err, errNothing)
		}},
		"Cycle": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.Cycle(ctx, id["cycle"]))
		}},
		"CycleOutlines": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.CycleOutlines(ctx, 0))
		}},
		"CycleReports": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.CycleReports(ctx, 0))
		}},
		"Cycles": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.Cycles(ctx, 0))
		}},
		"Version": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return empty(s.Version(ctx, id["version"]))
		}},
		"Versions": {func(ctx context.Context, s *Store, _ map[string]int64) error { return empty(s.Versions(ctx, "")) }},
		"NextNumber": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			n, err := s.NextNumber(ctx)
			return empty(n-1, err)
		}},
		"ActiveVersion": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.ActiveVersion(ctx, hashes[0]))
		}},
		"ActivateVersion": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.ActivateVersion(ctx, hashes[0], id["version"], CauseRestore, Reason{})
		}},
		"RemoveVersion": {func(ctx context.Context, s *Store, id map[string]int64) error {
			return s.RemoveVersion(ctx, id["version"])
		}},
		"Activations": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.Activations(ctx, hashes[0]))
		}},
		"LastActivation": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.LastActivation(ctx, hashes[0]))
		}},
		"DecidedSince": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.DecidedSince(ctx, Activation{BaseHash: hashes[0], ID: 1, Created: time.Time{}.Add(1)}))
		}},
		"PutBase": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return errors.Join(s.PutBase(ctx, hashes[0], "answer", map[string][]byte{"a": {2}}), s.ForgetBase(ctx, "answer", []string{"a"}), errNothing)
		}},
		"Base": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.Base(ctx, hashes[0], "answer", []string{"a"}))
		}},
		"ForgetBase": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return errors.Join(s.ForgetBase(ctx, "answer", []string{"a"}), errNothing)
		}},
		"OwnQuestions": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.OwnQuestions(ctx, 200, 10))
		}},
		"LessonCounts": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.LessonCounts(ctx, hashes[0]))
		}},
		"Erasures": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.Erasures(ctx, hashes[0]))
		}},
		"CycleFigures": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.CycleFigures(ctx, hashes[0], time.Time{}))
		}},
		"AnswerTotals": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.AnswerTotals(ctx, time.Time{}))
		}},
		"Ratings": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.Ratings(ctx, time.Time{}))
		}},
		"RatingDays": {func(ctx context.Context, s *Store, _ map[string]int64) error {
			return empty(s.RatingDays(ctx, time.Time{}, time.UTC))
		}},
	}
	ofTheFile := map[string]bool{"Close": true, "As": true, "User": true, "Path": true, "Check": true, "ClearTraces": true}
	for m := range reflect.TypeFor[*Store]().Methods() {
		if len(calls[m.Name]) == 0 && !ofTheFile[m.Name] {
			t.Errorf("method %s is not tried", m.Name)
		}
	}
	s, id := filled(t)
	before := read(t, s.As("ann"))
	for name, tries := range calls {
		for i, try := range tries {
			if err := try(t.Context(), s.As(fmt.Sprint(name, i)), id); !errors.Is(err, ErrNotFound) && !errors.Is(err, errNothing) {
				t.Errorf("%s gives %v, want ErrNotFound or nothing", name, err)
			}
			if diff := cmp.Diff(before, read(t, s.As("ann"))); diff != "" {
				t.Fatalf("%s has changed another user's rows:\n%s", name, diff)
			}
		}
	}
	check(t, s.As("ann").RestoreConversation(t.Context(), id["hidden"]))
	check(t, s.As("ann").RestorePreset(t.Context(), id["gone"]))
	check(t, s.As("ann").RestoreSample(t.Context(), id["deleted"]))
	check(t, s.Check(t.Context()))
}
