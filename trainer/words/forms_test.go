package words

import (
	"strings"
	"testing"
)

func TestWordForms(t *testing.T) {
	same := func(a, b string) bool { return Stem(Plain(a)) == Stem(Plain(b)) }
	for _, p := range [][2]string{{"Fristen", "Frist"}, {"Öffnung", "oeffnungen"}, {"Straße", "strassen"}, {"opening", "opens"}, {"cities", "city"}} {
		if !same(p[0], p[1]) {
			t.Errorf("%s and %s have other stems", p[0], p[1])
		}
	}
	if same("Haus", "Maus") || same("neue", "Note") {
		t.Error("other words have the same stem")
	}
	for w, verb := range map[string]string{"eingelegt": "einlegen", "anzumelden": "anmelden", "bezahlt": "zahlen", "geöffnet": "öffnen"} {
		if got := WithoutParticiple(Plain(w)); got != Stem(Plain(verb)) {
			t.Errorf("WithoutParticiple(%q) = %q, want the stem of %q", w, got, verb)
		}
	}
	if got := WithoutParticiple("gebuhr"); got != "" {
		t.Errorf("WithoutParticiple(gebuhr) = %q", got)
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{{"frist", "frsit", true}, {"frist", "friist", true}, {"frist", "fris", true}, {"frist", "trist", true}, {"frist", "first", true}, {"frist", "fisrx", false}, {"frist", "rf", false}, {"frist", "frist", true}} {
		if got := OneEdit(c.a, c.b); got != c.want || OneEdit(c.b, c.a) != got {
			t.Errorf("OneEdit(%q, %q) = %v", c.a, c.b, got)
		}
	}
	for w, want := range map[string]string{"8:00": "8", "08:30": "8:30", "1.500": "1500", "1,500": "1500", "12.5.": "12 month5", "318/25": "318/25"} {
		if got := strings.Join(Numbers(w), " "); got != want {
			t.Errorf("Numbers(%q) = %q, want %q", w, got, want)
		}
	}
}
