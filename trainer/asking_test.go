package trainer

import "testing"

// With more lessons than an asking has room for, all come round, the new and the missed
// first; with fewer, the order of asking is as it ever was.
func TestLessonsTakeTurns(t *testing.T) {
	const room, of = 5, 17
	lessons := make([]JobLesson, of)
	for i := range lessons {
		lessons[i].State = LessonNew
	}
	clock := int64(0)
	ask := func() map[int]bool {
		asked := make(map[int]bool)
		for _, p := range takeTurns(askOrder(lessons), lessons, room) {
			clock++
			asked[p], lessons[p].Asked, lessons[p].State = true, clock, LessonKnown
		}
		if len(asked) != room {
			t.Fatalf("%d lessons are asked, want %d", len(asked), room)
		}
		return asked
	}
	all := make(map[int]bool)
	for range (of + room - 1) / room {
		for p := range ask() {
			all[p] = true
		}
	}
	if len(all) != of {
		t.Errorf("%d of %d new lessons were asked", len(all), of)
	}
	clear(all)
	for range (of + room - 1) / room {
		for p := range ask() {
			all[p] = true
		}
	}
	if len(all) != of {
		t.Errorf("%d of %d known lessons came round", len(all), of)
	}
	lessons = append(lessons, JobLesson{State: LessonNew})
	lessons[3].State, lessons[7].State = LessonLost, LessonMissed
	if asked := ask(); !asked[of] || !asked[3] || !asked[7] {
		t.Errorf("asked are %v: what is new or does not sit waits", asked)
	}
	few := lessons[:room]
	for i, p := range takeTurns(askOrder(few), few, room) {
		if p != askOrder(few)[i] {
			t.Error("the order of a few is another")
		}
	}
}

// All lessons come round in variants and contrasts too, whether they sit or not.
func TestVariantsTakeTurns(t *testing.T) {
	const room, of = 5, 17
	lessons := make([]JobLesson, of)
	for i := range lessons {
		lessons[i].State = []LessonState{LessonKnown, LessonMissed}[i%2]
	}
	clock := int64(0)
	times := make(map[int]int)
	for range 2 * of {
		next := widelyNext(askOrder(lessons), lessons, room)
		if len(next) != room {
			t.Fatalf("%d lessons are asked widely, want %d", len(next), room)
		}
		for _, p := range next {
			clock++
			times[p]++
			lessons[p].Widely = clock
		}
	}
	for p := range of {
		if times[p] != 2*room {
			t.Errorf("in %d cycles lesson %d was asked %d times, want %d", 2*of, p, times[p], 2*room)
		}
	}
}
