package chat_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"clara/model/chat"
)

// A template that would fill the memory, the stack or all of time is refused, soon
// and at a bounded cost.
func TestHostileTemplates(t *testing.T) {
	deep := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	for name, source := range map[string]string{
		"loops in loops":           deep("{% for i in range(99999) %}", "x", "{% endfor %}", 20),
		"empty loops in loops":     deep("{% for i in range(99999) %}", "", "{% endfor %}", 20),
		"loops that select":        "{% set r = range(99999) %}" + deep("{% for i in r if false %}{% endfor %}", "", "", 2000),
		"endless range":            "{% for i in range(10 ** 12) %}{% endfor %}",
		"doubling by ~":            "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
		"doubling by +":            "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
		"doubling a list":          "{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
		"doubling by set":          "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set t %}{{ n.s }}{{ n.s }}{% endset %}{% set n.s = t %}{% endfor %}",
		"doubling by replace":      "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s | replace('x', 'xx') %}{% endfor %}",
		"doubling by join":         "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = [n.s, n.s] | join %}{% endfor %}",
		"doubling by a macro":      "{% macro f(s) %}{{ f(s ~ s) }}{% endmacro %}{{ f('x') }}",
		"doubling by a list's str": "{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s }}",
		"doubling by tojson":       "{% set n = namespace(s='\"') %}{% for i in range(60) %}{% set n.s = n.s | tojson %}{% endfor %}",
		"long repetition":          "{{ 'x' * 10 ** 12 }}",
		"repeated repetition":      "{{ 'x' * 10 ** 6 * 10 ** 6 }}",
		"long list":                "{{ [0] * 10 ** 12 }}",
		"long multiplied list":     "{{ [0] * 10 ** 6 * 10 ** 6 }}",
		"wide indent":              "{{ ('a\n' * 1000000) | indent(1000000) }}",
		"replaced nothing":         "{{ ('a' * 10000000) | replace('', 'b' * 10000000) }}",
		"joined widely":            "{{ range(1000000) | join('b' * 10000000) }}",
		"long separators":          "{{ range(1000000) | list | tojson(separators=('b' * 10000000, ':')) }}",
		"long key separators":      "{% set k = 'x' * 40000000 %}{% set n = namespace(d=1) %}{% for i in range(99) %}{% set n.d = {'a': n.d} %}{% endfor %}{% set a = n.d | tojson(separators=[',', k]) %}",
		"long trim set":            "{{ ('a' * 10000000).strip('a' * 10000000) }}",
		"large power":              "{{ 9 ** 9 ** 9 }}",
		"large product":            "{{ 4611686018427387904 * 4611686018427387904 }}",
		"endless recursion":        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
		"recursive loop":           "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
		"mutual recursion":         "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() ~ g() }}{% endmacro %}{{ f() }}",
		"deep list":                "{% set n = namespace(s=[]) %}{% for i in range(99999) %}{% set n.s = [n.s] %}{% endfor %}{{ n.s }}",
		"deep mapping":             "{% set n = namespace(s={}) %}{% for i in range(99999) %}{% set n.s = {'a': n.s} %}{% endfor %}{{ n.s | tojson }}",
		"nested brackets":          "{{ " + deep("(", "1", ")", 50000) + " }}",
		"nested lists":             "{{ " + deep("[", "1", "]", 50000) + " }}",
		"nested tags":              deep("{% if 1 %}", "", "{% endif %}", 9000),
		"many nots":                "{{ " + strings.Repeat("not ", 50000) + "1 }}",
		"many signs":               "{{ " + strings.Repeat("-", 50000) + "1 }}",
		"long sum":                 "{{ 1" + strings.Repeat("+1", 50000) + " }}",
		"long filter":              "{{ 1" + strings.Repeat("|abs", 50000) + " }}",
		"long attribute":           "{{ messages" + strings.Repeat("[0]", 50000) + " }}",
		"long source":              strings.Repeat("x", 1<<20),
		"slices of slices":         "{% set s = 'x' * 10000000 %}{% for i in range(99999) %}{% set s = s[1:] %}{% endfor %}",
		"searches":                 "{% set s = 'x' * 10000000 %}{% for i in range(99999) %}{% if 'y' in s %}{% endif %}{% endfor %}",
		"comparisons":              "{% set s = 'x' * 10000000 %}{% set t = s ~ '' %}{% for i in range(99999) %}{% if s == t %}{% endif %}{% endfor %}",
		"prefixes":                 "{% set s = 'x' * 10000000 %}{% set t = [s ~ ''] * 3000 %}{% if ('x' * 10000000 ~ 'y').endswith(t) %}{% endif %}",
		"lines":                    "{% set s = ('\\n' * 38000000).splitlines() %}",
		"sorts":                    "{% set s = range(999999) | list %}{% for i in range(99999) %}{% set t = s | sort %}{% endfor %}",
		"unique":                   "{{ range(999999) | unique | list | length }}",
		"lengths":                  "{% set s = 'x' * 10000000 %}{% for i in range(99999) %}{% set t = s | length %}{% endfor %}",
		"times":                    "{{ strftime_now('%c' * 1000000) | length }}{{ strftime_now('%c' * 10000000) | length }}",
		"namespace in itself":      "{% set n = namespace() %}{% set n.a = n %}{{ n }}",
		"namespace in a list":      "{% set n = namespace() %}{% set n.a = [n] %}{{ n.a }}",
		"namespace in a mapping":   "{% set n = namespace() %}{% set n.a = {'b': n} %}{{ n.a }}",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			text, err := render(source, []chat.Message{{Role: "user", Content: "x"}})
			elapsed := time.Since(start)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, chat.ErrLimit) && !(errors.Is(err, chat.ErrRender) && strings.HasPrefix(name, "namespace")) {
				t.Errorf("%d bytes of text and the error %.200v", len(text), err)
			}
			// generous, for a busy machine: the budget bounds work, not time
			if elapsed > 2*time.Minute {
				t.Errorf("it took %v", elapsed)
			}
			if spent := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > 1024 {
				t.Errorf("%d MiB were allocated", spent)
			}
			t.Logf("%v, %d MiB: %.120v", elapsed, (after.TotalAlloc-before.TotalAlloc)>>20, err)
		})
	}
}

// What costs more than is left is not made first and refused then.
func TestRefusedBeforeItIsMade(t *testing.T) {
	const size = 40_000_000
	for name, source := range map[string]string{
		"lines":   "{{ ('\n' * 40000000) | indent(0) }}",
		"escapes": "{{ ('<' * 40000000) | escape }}",
		"cases":   "{{ ('x' * 32000000) | upper }}",
	} {
		template := newTemplate(t, source)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := template.Render([]chat.Message{{Role: "user", Content: "x"}}, true)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, chat.ErrLimit) || spent > size+size/2 {
			t.Errorf("%s: %d bytes were allocated for a text of %d, %.100v", name, spent, size, err)
		}
	}
}

// A long but honest conversation is far from the limits.
func TestLongConversation(t *testing.T) {
	template := newTemplate(t, "{% for m in messages %}{{ '<' + m.role + '>' + m.content | trim + '\n' }}{% endfor %}")
	messages := make([]chat.Message, 1000)
	for i := range messages {
		messages[i] = chat.Message{Role: "user", Content: strings.Repeat("words ", 500)}
	}
	text, err := template.Render(messages, true)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(messages) * len("<user>\n"+strings.Repeat("words ", 500)[:2999]); len(text) != want {
		t.Errorf("%d bytes, want %d", len(text), want)
	}
}

// What the messages hold is never read as a template.
func TestContentIsText(t *testing.T) {
	content := "{{ 1 + 1 }}{% raw %}{# x #}</s>"
	got, err := render("{% for m in messages %}{{ m.content }}{% endfor %}", []chat.Message{{Role: "user", Content: content}})
	if err != nil || got != content {
		t.Errorf("got %q, %v", got, err)
	}
}

// An error names the line of the template and tells what the template said.
func TestErrorsNameTheLine(t *testing.T) {
	for source, want := range map[string]string{
		"a\n\n{{ raise_exception('only two roles') }}":           "line 3: only two roles",
		"a\n{% if x %}\n{{ 1 | nope }}{% endif %}":               `line 3: the filter "nope" is not known`,
		"a\n{{ 'x' + 1 }}":                                       "line 2: '+' of str and int",
		"{% macro f() %}\n\n{{ 1 // 0 }}{% endmacro %}{{ f() }}": "line 3: division by zero",
		"\n{% for x in y %}":                                     "line 2: the tag has no endfor",
	} {
		_, err := render(source, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want it to say %q", source, err, want)
		}
	}
}

// A template renders in many goroutines at once.
func TestConcurrentRendering(t *testing.T) {
	template := newTemplate(t, "{% set n = namespace(i=0) %}{% for m in messages %}{% set n.i = n.i + 1 %}{% endfor %}{{ n.i }}")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 50 {
				got, err := template.Render(make([]chat.Message, i), false)
				if err != nil || got != string(rune('0'+i)) {
					t.Errorf("%d messages give %q, %v", i, got, err)
				}
			}
		})
	}
	group.Wait()
}
