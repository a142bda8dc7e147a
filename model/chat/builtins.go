package chat

import (
	"fmt"
	"unicode/utf8"

	"github.com/ncruces/go-strftime"
)

// globals are the functions that every template sees.
var globals = map[string]any{
	"range":     function(rangeFunction),
	"namespace": function(namespaceFunction),
	"dict":      function(func(s *state, a values) (any, error) { return s.dict(a) }),
	"raise_exception": function(func(s *state, a values) (any, error) {
		message := "no reason given"
		if len(a.list) > 0 {
			var err error
			if message, err = s.text(a.list[0]); err != nil {
				return nil, err
			}
		}
		return nil, fmt.Errorf("line %d: %.300s: %w", s.line, message, ErrRaised)
	}),
	"strftime_now": function(func(s *state, a values) (any, error) {
		format, err := s.stringArgument(a.list, 0)
		if err != nil {
			return nil, err
		}
		// the longest conversion makes about 40 bytes of two
		if err := s.payBytes(40 * len(format)); err != nil {
			return nil, err
		}
		return strftime.Format(format, s.options.Now()), nil
	}),
}

// rangeFunction is range([start,] stop[, step]).
func rangeFunction(s *state, a values) (any, error) {
	bounds := []int64{0, 0, 1}
	if len(a.list) < 1 || len(a.list) > 3 {
		return nil, s.fail("range takes one to three numbers")
	}
	for i, v := range a.list {
		n, ok := integer(v)
		if !ok {
			return nil, s.fail("range of %s", typeName(v))
		}
		if n > 1<<40 || n < -1<<40 {
			return nil, s.limit("range up to %d", n)
		}
		if len(a.list) == 1 {
			i = 1
		}
		bounds[i] = n
	}
	start, stop, step := bounds[0], bounds[1], bounds[2]
	if step == 0 {
		return nil, s.fail("range with the step 0")
	}
	n := max(0, (stop-start+step-1)/step)
	if step < 0 {
		n = max(0, (start-stop-step-1)/-step)
	}
	if err := s.pay(int(n)); err != nil {
		return nil, err
	}
	items := make([]any, n)
	for i := range items {
		items[i] = start + int64(i)*step
	}
	return s.list(items)
}

func namespaceFunction(s *state, a values) (any, error) {
	d, err := s.dict(a)
	if err != nil {
		return nil, err
	}
	return &namespace{values: d.values}, nil
}

// dict makes a mapping as dict([mapping,] name=value, ...) does.
func (s *state) dict(a values) (*dict, error) {
	d := newDict()
	for _, v := range a.list {
		from, ok := v.(*dict)
		if !ok {
			return nil, s.fail("a mapping made of %s", typeName(v))
		}
		for _, key := range from.keys {
			if err := d.add(s, key, from.values[key]); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range a.names {
		if err := d.add(s, name, a.named[name]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// test says whether something holds of a value.
type test func(s *state, v any, a values) (bool, error)

// tests are what may stand behind the word is.
var tests = map[string]test{
	"defined":   func(_ *state, v any, _ values) (bool, error) { return !isType[undefined](v), nil },
	"undefined": func(_ *state, v any, _ values) (bool, error) { return isType[undefined](v), nil },
	"none":      func(_ *state, v any, _ values) (bool, error) { return v == nil, nil },
	"string":    func(_ *state, v any, _ values) (bool, error) { return isType[string](v), nil },
	"boolean":   func(_ *state, v any, _ values) (bool, error) { return isType[bool](v), nil },
	"true":      func(_ *state, v any, _ values) (bool, error) { return v == true, nil },
	"false":     func(_ *state, v any, _ values) (bool, error) { return v == false, nil },
	"integer":   func(_ *state, v any, _ values) (bool, error) { return isType[int64](v), nil },
	"float":     func(_ *state, v any, _ values) (bool, error) { return isType[float64](v), nil },
	"number": func(_ *state, v any, _ values) (bool, error) {
		_, ok := number(v)
		return ok, nil
	},
	"mapping": func(_ *state, v any, _ values) (bool, error) { return isType[*dict](v), nil },
	"sequence": func(_ *state, v any, _ values) (bool, error) {
		return isType[*sequence](v) || isType[string](v) || isType[*dict](v), nil
	},
	"iterable": func(_ *state, v any, _ values) (bool, error) {
		return isType[*sequence](v) || isType[string](v) || isType[*dict](v) || isType[undefined](v), nil
	},
	"callable": func(_ *state, v any, _ values) (bool, error) { return isType[function](v), nil },
	"odd":      func(s *state, v any, _ values) (bool, error) { return s.divides(v, int64(2), 1) },
	"even":     func(s *state, v any, _ values) (bool, error) { return s.divides(v, int64(2), 0) },
	"divisibleby": func(s *state, v any, a values) (bool, error) {
		return s.divides(v, a.get(0, "num"), 0)
	},
	"eq": comparing("=="), "equalto": comparing("=="), "ne": comparing("!="),
	"lt": comparing("<"), "lessthan": comparing("<"), "le": comparing("<="),
	"gt": comparing(">"), "greaterthan": comparing(">"), "ge": comparing(">="),
	"in": comparing("in"), "sameas": comparing("=="),
	"lower": func(s *state, v any, _ values) (bool, error) { return s.isCased(v, "islower") },
	"upper": func(s *state, v any, _ values) (bool, error) { return s.isCased(v, "isupper") },
}

func isType[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

// get is the argument at a place or of a name, nil if there is none.
func (a values) get(i int, name string) any {
	if v, ok := a.named[name]; ok {
		return v
	}
	if i < len(a.list) {
		return a.list[i]
	}
	return nil
}

// comparing is a test that compares with its argument.
func comparing(op string) test {
	return func(s *state, v any, a values) (bool, error) {
		if len(a.list) != 1 {
			return false, s.fail("a test compares with one value, not %d", len(a.list))
		}
		return s.compare(op, v, a.list[0])
	}
}

// divides reports whether a whole number leaves the given rest.
func (s *state) divides(v, by any, rest int64) (bool, error) {
	i, ok1 := integer(v)
	n, ok2 := integer(by)
	if !ok1 || !ok2 || n == 0 {
		return false, s.fail("%s divided by %s", typeName(v), typeName(by))
	}
	return (i%n+n)%n == rest, nil
}

func (s *state) isCased(v any, method string) (bool, error) {
	t, err := s.text(v)
	if err != nil {
		return false, err
	}
	is, err := stringMethods[method](s, t, nil)
	return is == true, err
}

// length is Python's len.
func (s *state) length(v any) (int64, error) {
	switch v := v.(type) {
	case undefined:
		return 0, nil
	case string:
		return int64(utf8.RuneCountInString(v)), s.payBytes(len(v))
	case *sequence:
		return int64(len(v.items)), nil
	case *dict:
		return int64(len(v.keys)), nil
	}
	return 0, s.fail("%s has no length", typeName(v))
}
