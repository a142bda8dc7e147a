package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// method returns a Python method of a string, mapping or list, bound to its value.
func (s *state) method(v any, name string) (function, bool) {
	switch v := v.(type) {
	case string:
		if m, ok := stringMethods[name]; ok {
			return func(s *state, a values) (any, error) {
				if len(a.named) > 0 {
					return nil, s.fail("str.%s takes no arguments by name", name)
				}
				if err := s.payBytes(len(v)); err != nil {
					return nil, err
				}
				return m(s, v, a.list)
			}, true
		}
	case *dict:
		if m, ok := dictMethods[name]; ok {
			return func(s *state, a values) (any, error) { return m(s, v, a.list) }, true
		}
	}
	return nil, false
}

// stringMethods are the methods of Python's str that chat templates use. The cost
// of looking through the string is paid; what they make, they pay.
var stringMethods = map[string]func(s *state, t string, a []any) (any, error){
	"strip":      func(s *state, t string, a []any) (any, error) { return s.strip(t, a, true, true) },
	"lstrip":     func(s *state, t string, a []any) (any, error) { return s.strip(t, a, true, false) },
	"rstrip":     func(s *state, t string, a []any) (any, error) { return s.strip(t, a, false, true) },
	"upper":      cased(upper),
	"lower":      cased(lower),
	"title":      cased(title),
	"capitalize": cased(capitalize),
	"startswith": func(s *state, t string, a []any) (any, error) { return s.affix(t, a, strings.HasPrefix) },
	"endswith":   func(s *state, t string, a []any) (any, error) { return s.affix(t, a, strings.HasSuffix) },
	"removeprefix": func(s *state, t string, a []any) (any, error) {
		p, err := s.stringArgument(a, 0)
		return strings.TrimPrefix(t, p), err
	},
	"removesuffix": func(s *state, t string, a []any) (any, error) {
		p, err := s.stringArgument(a, 0)
		return strings.TrimSuffix(t, p), err
	},
	"find":    func(s *state, t string, a []any) (any, error) { return s.find(t, a, strings.Index) },
	"rfind":   func(s *state, t string, a []any) (any, error) { return s.find(t, a, strings.LastIndex) },
	"replace": func(s *state, t string, a []any) (any, error) { return s.replace(t, a) },
	"count": func(s *state, t string, a []any) (any, error) {
		p, err := s.stringArgument(a, 0)
		return int64(strings.Count(t, p)), err
	},
	"split":  func(s *state, t string, a []any) (any, error) { return s.split(t, a, false) },
	"rsplit": func(s *state, t string, a []any) (any, error) { return s.split(t, a, true) },
	"splitlines": func(s *state, t string, a []any) (any, error) {
		if t == "" {
			return s.strings(nil)
		}
		// there are at most as many lines as bytes
		if err := s.pay(len(t)); err != nil {
			return nil, err
		}
		t = strings.ReplaceAll(strings.ReplaceAll(t, "\r\n", "\n"), "\r", "\n")
		return s.strings(strings.Split(strings.TrimSuffix(t, "\n"), "\n"))
	},
	"join": func(s *state, t string, a []any) (any, error) {
		if len(a) != 1 {
			return nil, s.fail("str.join takes one list")
		}
		items, err := s.iterate(a[0])
		if err != nil {
			return nil, err
		}
		return s.joined(items, t)
	},
	"isdigit": every(unicode.IsDigit),
	"isalpha": every(unicode.IsLetter),
	"isspace": every(unicode.IsSpace),
	"isalnum": every(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
	"isupper": func(_ *state, t string, _ []any) (any, error) {
		return t == upper(t) && t != lower(t), nil
	},
	"islower": func(_ *state, t string, _ []any) (any, error) {
		return t == lower(t) && t != upper(t), nil
	},
}

// dictMethods are the methods of Python's dict that do not change it.
var dictMethods = map[string]func(s *state, d *dict, a []any) (any, error){
	"get": func(s *state, d *dict, a []any) (any, error) {
		key, err := s.stringArgument(a, 0)
		if err != nil {
			return nil, err
		}
		if v, ok := d.values[key]; ok {
			return v, nil
		}
		if len(a) > 1 {
			return a[1], nil
		}
		return nil, nil
	},
	"keys": func(s *state, d *dict, _ []any) (any, error) { return s.strings(d.keys) },
	"values": func(s *state, d *dict, _ []any) (any, error) {
		items := make([]any, len(d.keys))
		for i, key := range d.keys {
			items[i] = d.values[key]
		}
		return s.list(items)
	},
	"items": func(s *state, d *dict, _ []any) (any, error) { return s.pairs(d) },
}

// upper and lower map as Unicode's SpecialCasing has it, and Python: ß becomes SS.
func upper(t string) string { return cases.Upper(language.Und).String(t) }
func lower(t string) string { return cases.Lower(language.Und).String(t) }

func capitalize(t string) string {
	_, n := utf8.DecodeRuneInString(t)
	return upper(t[:n]) + lower(t[n:])
}

// cased is a method that maps a string to one of about its size.
func cased(f func(string) string) func(*state, string, []any) (any, error) {
	return func(s *state, t string, _ []any) (any, error) {
		if err := s.payBytes(2 * len(t)); err != nil {
			return nil, err
		}
		return f(t), nil
	}
}

// every is a method that asks something of every character, and for at least one.
func every(f func(rune) bool) func(*state, string, []any) (any, error) {
	return func(_ *state, t string, _ []any) (any, error) {
		return t != "" && strings.IndexFunc(t, func(r rune) bool { return !f(r) }) < 0, nil
	}
}

// title puts every word into lower case with a capital first letter.
func title(t string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		was := inWord
		inWord = unicode.IsLetter(r)
		if was {
			return unicode.ToLower(r)
		}
		return unicode.ToTitle(r)
	}, t)
}

// stringArgument is argument i, which must be a string.
func (s *state) stringArgument(a []any, i int) (string, error) {
	if i >= len(a) {
		return "", s.fail("argument %d is missing", i+1)
	}
	t, ok := a[i].(string)
	if !ok {
		return "", s.fail("argument %d is %s, wanted str", i+1, typeName(a[i]))
	}
	return t, nil
}

// strip takes the characters of the first argument, or white space, off the ends.
func (s *state) strip(t string, a []any, left, right bool) (any, error) {
	drop := unicode.IsSpace
	if len(a) > 0 && a[0] != nil {
		set, err := s.stringArgument(a, 0)
		if err != nil {
			return nil, err
		}
		if err := s.pay(len(set) * (len(t)/unitBytes + 1)); err != nil {
			return nil, err
		}
		drop = func(r rune) bool { return strings.ContainsRune(set, r) }
	}
	if left {
		t = strings.TrimLeftFunc(t, drop)
	}
	if right {
		t = strings.TrimRightFunc(t, drop)
	}
	return t, nil
}

// affix asks for a prefix or suffix, or one of a list of them.
func (s *state) affix(t string, a []any, has func(t, affix string) bool) (any, error) {
	if len(a) > 0 {
		if list, ok := a[0].(*sequence); ok {
			a = list.items
		}
	}
	if err := s.pay(len(a)); err != nil {
		return nil, err
	}
	for i := range max(len(a), 1) {
		affix, err := s.stringArgument(a, i)
		if err != nil {
			return nil, err
		}
		if err := s.payBytes(min(len(t), len(affix))); err != nil {
			return nil, err
		}
		if has(t, affix) {
			return true, nil
		}
	}
	return false, nil
}

// find returns the place of a part, counted in characters, -1 if there is none.
func (s *state) find(t string, a []any, index func(t, part string) int) (any, error) {
	part, err := s.stringArgument(a, 0)
	if err != nil {
		return nil, err
	}
	i := index(t, part)
	if i < 0 {
		return int64(-1), nil
	}
	return int64(utf8.RuneCountInString(t[:i])), nil
}

// replace is str.replace(old, new[, count]).
func (s *state) replace(t string, a []any) (any, error) {
	old, err := s.stringArgument(a, 0)
	if err != nil {
		return nil, err
	}
	with, err := s.stringArgument(a, 1)
	if err != nil {
		return nil, err
	}
	n := strings.Count(t, old)
	if len(a) > 2 && a[2] != nil {
		most, ok := integer(a[2])
		if !ok {
			return nil, s.fail("the count of a replacement is %s, wanted int", typeName(a[2]))
		}
		if most >= 0 {
			n = int(min(int64(n), most))
		}
	}
	if err := s.payBytes(len(t) + n*len(with)); err != nil {
		return nil, err
	}
	return strings.Replace(t, old, with, n), nil
}

// split is str.split([separator[, maximum]]), from the right for rsplit.
func (s *state) split(t string, a []any, right bool) (any, error) {
	most := int64(-1)
	if len(a) > 1 {
		n, ok := integer(a[1])
		if !ok {
			return nil, s.fail("the maximum of a split is %s, wanted int", typeName(a[1]))
		}
		most = n
	}
	words := len(a) == 0 || a[0] == nil
	separator := ""
	if !words {
		var err error
		if separator, err = s.stringArgument(a, 0); err != nil {
			return nil, err
		}
		if separator == "" {
			return nil, s.fail("a split by an empty string")
		}
	}
	// there are at most as many parts as bytes
	if err := s.pay(len(t)); err != nil {
		return nil, err
	}
	switch {
	case words && (most < 0 || most > int64(len(t))):
		return s.strings(strings.Fields(t))
	case words:
		return nil, s.fail("a split by white space with a maximum is not supported")
	case most < 0 || most > int64(len(t)):
		return s.strings(strings.Split(t, separator))
	case !right:
		return s.strings(strings.SplitN(t, separator, int(most)+1))
	}
	parts := strings.Split(t, separator)
	if over := len(parts) - int(most) - 1; over > 0 {
		parts = append([]string{strings.Join(parts[:over+1], separator)}, parts[over+1:]...)
	}
	return s.strings(parts)
}

// strings makes a list of strings.
func (s *state) strings(list []string) (any, error) {
	items := make([]any, len(list))
	for i, t := range list {
		items[i] = t
	}
	return s.list(items)
}

// pairs is dict.items(): a list of keys with their values.
func (s *state) pairs(d *dict) (any, error) {
	items := make([]any, len(d.keys))
	for i, key := range d.keys {
		pair, err := s.list([]any{key, d.values[key]})
		if err != nil {
			return nil, err
		}
		pair.tuple = true
		items[i] = pair
	}
	return s.list(items)
}

// joined is the texts of items with a separator between them.
func (s *state) joined(items []any, separator string) (any, error) {
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			if err := s.payBytes(len(separator) + unitBytes); err != nil {
				return nil, err
			}
			b.WriteString(separator)
		}
		if err := s.writeText(&b, item, false); err != nil {
			return nil, err
		}
	}
	return b.String(), nil
}
