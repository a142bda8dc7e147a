package trainer

import (
	"math/rand/v2"
	"testing"
)

// Two lessons may have one question, both right: beside them no other one is looked for.
func TestAnotherLessonOfOneQuestion(t *testing.T) {
	twice := []JobLesson{{Question: "Who?", Answer: "Ann."}, {Question: "Who?", Answer: "Ann Lee."}}
	k := &knowledgeSource{rng: rand.New(rand.NewPCG(1, 2)), missed: twice}
	if l := k.another(twice[1]); l.Answer != "Ann Lee." {
		t.Errorf("another than the only question is %q", l.Answer)
	}
	k.missed = append(k.missed, JobLesson{Question: "When?", Answer: "At 8."})
	for range 20 {
		if l := k.another(twice[0]); l.Question != "When?" {
			t.Fatalf("another is %q", l.Question)
		}
	}
}
