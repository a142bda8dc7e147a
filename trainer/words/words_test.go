package words

import "testing"

// A text is as long in a script without spaces as in another.
func TestWordsAreCountedInEveryScript(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, " ": 0, "One two three.": 3, "Ein Verwaltungsakt ist das.": 4, "Это важный документ": 3, "μία λέξη": 2,
		"办公室几点开门": 4, "办公室 9 点开门。": 5, "はい": 1, "สำนักงานเปิดเวลาเก้าโมง": 10,
	} {
		if got := Count(text); got != want {
			t.Errorf("%q has %d words, want %d", text, got, want)
		}
	}
}
