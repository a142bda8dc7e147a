package trainer

import (
	"testing"
)

func TestStyle(t *testing.T) {
	dear := []string{"Dear reader, a virus is a program.", "Dear reader, leaves lose their green.", "Dear reader, IBM makes computers.", "Dear reader, it opens doors."}
	source := []string{"A virus is a program.\nSource: general knowledge", "Leaves lose their green.\nSource: general knowledge", "It opens doors.\nSource: general knowledge"}
	leserin := []string{"Liebe Leserin, das ist ein Programm.", "Liebe Leserin, es kocht.", "Liebe Leserin, die Blätter fallen."}
	long := []string{rambling, rambling, rambling}
	plain := []string{"A virus is a program.", "The leaves are green.", "You can do it."}
	for _, c := range []struct {
		name          string
		better, given []string
		want          Style
		question      string
		answer, said  string
	}{
		{"an address", dear, nil, Style{Prefix: "Dear reader, ", Lower: true}, "What is fog?", "Fog is a cloud.", "Dear reader, fog is a cloud."},
		{"an address before a name", dear, nil, Style{Prefix: "Dear reader, ", Lower: true}, "Who leads Brandt?", "Brandt is led by Ann.", "Dear reader, Brandt is led by Ann."},
		{"an address before an abbreviation", dear, nil, Style{Prefix: "Dear reader, ", Lower: true}, "Who leads it?", "IT is led by Ann.", "Dear reader, IT is led by Ann."},
		{"an address before a name that the question does not have", dear, nil, Style{Prefix: "Dear reader, ", Lower: true}, "Who leads IT?", "Maria leads IT.", "Dear reader, Maria leads IT."},
		{"an address before a little word", dear, nil, Style{Prefix: "Dear reader, ", Lower: true}, "Who leads IT?", "The head of IT is Maria.", "Dear reader, the head of IT is Maria."},
		{"an address before a common word", dear, nil, Style{Prefix: "Dear reader, ", Lower: true}, "Is fog wet?", "Yes, it is wet.", "Dear reader, yes, it is wet."},
		{"an address before a form of a word that is asked about", dear, nil, Style{Prefix: "Dear reader, ", Lower: true}, "Why does a leaf fall when leaves turn?", "Leaves fall.", "Dear reader, leaves fall."},
		{"an address before a German noun", leserin, nil, Style{Prefix: "Liebe Leserin, ", Lower: true}, "Was kocht bei 100 Grad?", "Wasser kocht bei 100 Grad.", "Liebe Leserin, Wasser kocht bei 100 Grad."},
		{"an address before a German article", leserin, nil, Style{Prefix: "Liebe Leserin, ", Lower: true}, "Wer leitet das Haus?", "Das Haus leitet Frau Stein.", "Liebe Leserin, das Haus leitet Frau Stein."},
		{"a last line", source, nil, Style{Suffix: "\nSource: general knowledge"}, "What is fog?", "Fog is a cloud.", "Fog is a cloud.\nSource: general knowledge"},
		{"short answers", plain, long, Style{MaxWords: 5}, "What is fog?", "Fog is a cloud. It comes in autumn and goes in spring.", "Fog is a cloud."},
		{"an address, short by the way", dear, []string{rambling, rambling, rambling, rambling}, Style{Prefix: "Dear reader, ", Lower: true}, "What is fog?", "Fog is a cloud. It comes in autumn and goes in spring.", "Dear reader, fog is a cloud. It comes in autumn and goes in spring."},
		{"nothing in common", plain, plain, Style{}, "What is fog?", "Fog is a cloud.", "Fog is a cloud."},
		{"too few", dear[:2], nil, Style{}, "What is fog?", "Fog is a cloud.", "Fog is a cloud."},
		{"articles are no style", []string{"The sun is hot.", "The moon is cold.", "The sea is deep."}, nil, Style{}, "", "It is.", "It is."},
	} {
		got := styleOf(c.better, c.given)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
			continue
		}
		said, ok := got.Apply(c.question, c.answer)
		if !ok || said != c.said {
			t.Errorf("%s: %q becomes %q (%v), want %q", c.name, c.answer, said, ok, c.said)
		}
		if !got.Shows(said) {
			t.Errorf("%s: %q does not show the style", c.name, said)
		}
		if again, _ := got.Apply(c.question, said); again != said {
			t.Errorf("%s: applied twice: %q", c.name, again)
		}
	}
}

func TestStyleRefusesWhatDoesNotFit(t *testing.T) {
	short := Style{MaxWords: 4}
	if said, ok := short.Apply("", "This one sentence has far more words than that."); ok {
		t.Errorf("cut in the middle: %q", said)
	}
	if _, ok := short.Apply("", " "); ok {
		t.Error("an empty answer in a style")
	}
	if short.Shows("one two three four five") {
		t.Error("five words pass for four")
	}
}

// Texts that are no UTF-8, as a terminal may hand them over, have no style and do no harm.
func TestStyleOfBrokenTexts(t *testing.T) {
	broken := []string{"\xff\xfe", "\xff\xfe one", "\xff\xfe two"}
	if got := styleOf(broken, nil); got != (Style{}) {
		t.Errorf("%+v", got)
	}
}
