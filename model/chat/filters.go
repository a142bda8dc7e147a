package chat

import (
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// filter makes a value of another one.
type filter func(s *state, v any, a values) (any, error)

// filters are what may stand behind a bar.
var filters = map[string]filter{
	"trim":       method("strip", "chars"),
	"upper":      method("upper"),
	"lower":      method("lower"),
	"title":      titleFilter,
	"capitalize": method("capitalize"),
	"replace":    method("replace", "old", "new", "count"),
	"string":     func(s *state, v any, _ values) (any, error) { return s.text(v) },
	"safe":       func(_ *state, v any, _ values) (any, error) { return v, nil },
	"escape":     escapeFilter, "e": escapeFilter,
	"indent": indentFilter,
	"tojson": jsonFilter,
	"length": lengthFilter, "count": lengthFilter,
	"default": defaultFilter, "d": defaultFilter,
	"int":        intFilter,
	"float":      floatFilter,
	"abs":        absFilter,
	"round":      roundFilter,
	"items":      itemsFilter,
	"dictsort":   dictSortFilter,
	"list":       listFilter,
	"first":      func(s *state, v any, _ values) (any, error) { return s.end(v, false) },
	"last":       func(s *state, v any, _ values) (any, error) { return s.end(v, true) },
	"join":       joinFilter,
	"reverse":    reverseFilter,
	"sort":       sortFilter,
	"unique":     uniqueFilter,
	"min":        func(s *state, v any, _ values) (any, error) { return s.extreme(v, false) },
	"max":        func(s *state, v any, _ values) (any, error) { return s.extreme(v, true) },
	"sum":        sumFilter,
	"map":        mapFilter,
	"select":     func(s *state, v any, a values) (any, error) { return s.choose(v, a, false, true) },
	"reject":     func(s *state, v any, a values) (any, error) { return s.choose(v, a, false, false) },
	"selectattr": func(s *state, v any, a values) (any, error) { return s.choose(v, a, true, true) },
	"rejectattr": func(s *state, v any, a values) (any, error) { return s.choose(v, a, true, false) },
}

// method is a filter that is a method of the text of its value; its parameters may
// be given by name.
func method(name string, parameters ...string) filter {
	return func(s *state, v any, a values) (any, error) {
		t, err := s.text(v)
		if err != nil {
			return nil, err
		}
		if err := s.payBytes(len(t)); err != nil {
			return nil, err
		}
		list := slices.Clone(a.list)
		for i := len(list); i < len(parameters); i++ {
			given, ok := a.named[parameters[i]]
			if !ok {
				break
			}
			list = append(list, given)
		}
		return stringMethods[name](s, t, list)
	}
}

// titleFilter puts every word into lower case with a capital first letter. Its
// words end at white space, a hyphen or an opening bracket; those of the method end
// at everything that is no letter.
func titleFilter(s *state, v any, _ values) (any, error) {
	t, err := s.text(v)
	if err != nil {
		return nil, err
	}
	if err := s.payBytes(4 * len(t)); err != nil {
		return nil, err
	}
	var b strings.Builder
	for t != "" {
		end := strings.IndexFunc(t, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("-({[<", r) })
		if end < 0 {
			end = len(t)
		}
		b.WriteString(capitalize(t[:end]))
		_, n := utf8.DecodeRuneInString(t[end:])
		b.WriteString(t[end : end+n])
		t = t[end+n:]
	}
	return b.String(), nil
}

func escapeFilter(s *state, v any, _ values) (any, error) {
	t, err := s.text(v)
	if err != nil {
		return nil, err
	}
	if err := s.payBytes(6 * len(t)); err != nil {
		return nil, err
	}
	return html.EscapeString(t), nil
}

// indentFilter is indent(width=4, first=False, blank=False).
func indentFilter(s *state, v any, a values) (any, error) {
	t, err := s.text(v)
	if err != nil {
		return nil, err
	}
	by := "    "
	switch width := a.get(0, "width").(type) {
	case nil:
	case string:
		by = width
	case int64:
		if width < 0 || width > maxSource {
			return nil, s.limit("an indent of %d", width)
		}
		by = strings.Repeat(" ", int(width))
	default:
		return nil, s.fail("an indent of %s", typeName(width))
	}
	first, blank := truth(a.get(1, "first")), truth(a.get(2, "blank"))
	if err := s.pay((strings.Count(t, "\n") + 1) * (1 + len(by)/unitBytes)); err != nil {
		return nil, err
	}
	if err := s.payBytes(len(t)); err != nil {
		return nil, err
	}
	lines := strings.Split(t, "\n")
	for i, line := range lines {
		if i == 0 && first || i > 0 && (blank || line != "") {
			lines[i] = by + line
		}
	}
	return strings.Join(lines, "\n"), nil
}

func lengthFilter(s *state, v any, _ values) (any, error) { return s.length(v) }

// defaultFilter is default(value, boolean=False).
func defaultFilter(_ *state, v any, a values) (any, error) {
	if isType[undefined](v) || truth(a.get(1, "boolean")) && !truth(v) {
		if otherwise := a.get(0, "default_value"); otherwise != nil || len(a.list) > 0 {
			return otherwise, nil
		}
		return "", nil
	}
	return v, nil
}

// intFilter and floatFilter give their argument, or 0, for what is no number.
func intFilter(_ *state, v any, a values) (any, error) {
	if i, ok := integer(v); ok {
		return i, nil
	}
	f, ok := number(v)
	if t, isText := v.(string); isText {
		t = strings.TrimSpace(t)
		if i, err := strconv.ParseInt(t, 10, 64); err == nil {
			return i, nil
		}
		var err error
		f, err = strconv.ParseFloat(t, 64)
		ok = err == nil
	}
	if ok && math.Abs(f) < 1<<62 {
		return int64(f), nil
	}
	if otherwise := a.get(0, "default"); otherwise != nil {
		return otherwise, nil
	}
	return int64(0), nil
}

func floatFilter(_ *state, v any, a values) (any, error) {
	if f, ok := number(v); ok {
		return f, nil
	}
	if t, ok := v.(string); ok {
		if f, err := strconv.ParseFloat(strings.TrimSpace(t), 64); err == nil {
			return f, nil
		}
	}
	if otherwise := a.get(0, "default"); otherwise != nil {
		return otherwise, nil
	}
	return 0.0, nil
}

func absFilter(s *state, v any, _ values) (any, error) {
	if i, ok := integer(v); ok {
		return max(i, -i), nil
	}
	f, ok := number(v)
	if !ok {
		return nil, s.fail("abs of %s", typeName(v))
	}
	return math.Abs(f), nil
}

// roundFilter is round(precision=0, method='common'), to even as in Python.
func roundFilter(s *state, v any, a values) (any, error) {
	f, ok := number(v)
	digits, ok2 := int64(0), true
	if p := a.get(0, "precision"); p != nil {
		digits, ok2 = integer(p)
	}
	if !ok || !ok2 || digits < 0 || digits > 15 {
		return nil, s.fail("round of %s", typeName(v))
	}
	scale := math.Pow(10, float64(digits))
	switch how := a.get(1, "method"); how {
	case nil, "common":
		if i, whole := integer(v); whole {
			return i, nil
		}
		return math.RoundToEven(f*scale) / scale, nil
	case "ceil":
		return math.Ceil(f*scale) / scale, nil
	case "floor":
		return math.Floor(f*scale) / scale, nil
	}
	return nil, s.fail("round in an unknown way")
}

func itemsFilter(s *state, v any, _ values) (any, error) {
	switch v := v.(type) {
	case undefined:
		return s.list(nil)
	case *dict:
		return s.pairs(v)
	}
	return nil, s.fail("items of %s", typeName(v))
}

// dictSortFilter gives the pairs of a mapping by their keys, without regard to case.
func dictSortFilter(s *state, v any, a values) (any, error) {
	d, ok := v.(*dict)
	if !ok || len(a.list)+len(a.names) > 0 {
		return nil, s.fail("dictsort of %s, or with arguments", typeName(v))
	}
	if err := s.paySort(len(d.keys)); err != nil {
		return nil, err
	}
	sorted := newDict()
	keys := slices.Clone(d.keys)
	slices.SortStableFunc(keys, func(x, y string) int { return strings.Compare(strings.ToLower(x), strings.ToLower(y)) })
	for _, key := range keys {
		sorted.set(key, d.values[key])
	}
	return s.pairs(sorted)
}

func listFilter(s *state, v any, _ values) (any, error) {
	items, err := s.iterate(v)
	if err != nil {
		return nil, err
	}
	return s.list(items)
}

// end is the first or last element of a value.
func (s *state) end(v any, last bool) (any, error) {
	items, err := s.iterate(v)
	switch {
	case err != nil:
		return nil, err
	case len(items) == 0:
		return undefined{"an element of an empty list"}, nil
	case last:
		return items[len(items)-1], nil
	}
	return items[0], nil
}

// joinFilter is join(d=”, attribute=None).
func joinFilter(s *state, v any, a values) (any, error) {
	items, err := s.iterate(v)
	if err != nil {
		return nil, err
	}
	if name := a.get(1, "attribute"); name != nil {
		if items, err = s.each(items, func(item any) (any, error) { return s.path(item, name) }); err != nil {
			return nil, err
		}
	}
	separator := ""
	if d := a.get(0, "d"); d != nil {
		if separator, err = s.text(d); err != nil {
			return nil, err
		}
	}
	return s.joined(items, separator)
}

// each applies f to every item.
func (s *state) each(items []any, f func(item any) (any, error)) ([]any, error) {
	if err := s.pay(len(items)); err != nil {
		return nil, err
	}
	made := make([]any, len(items))
	for i, item := range items {
		var err error
		if made[i], err = f(item); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// path is the attribute of a value that filters name: "a.b", or the number of an
// element.
func (s *state) path(v, name any) (any, error) {
	text, ok := name.(string)
	if !ok {
		return s.item(v, name)
	}
	for part := range strings.SplitSeq(text, ".") {
		var key any = part
		if i, err := strconv.ParseInt(part, 10, 64); err == nil {
			key = i
		}
		if err := s.pay(1); err != nil {
			return nil, err
		}
		var err error
		if v, err = s.item(v, key); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func reverseFilter(s *state, v any, _ values) (any, error) {
	items, err := s.iterate(v)
	if err != nil {
		return nil, err
	}
	items = slices.Clone(items)
	slices.Reverse(items)
	l, err := s.list(items)
	if err != nil || !isType[string](v) {
		return l, err
	}
	return s.joined(items, "")
}

// paySort pays for sorting n items, before the price of each comparison.
func (s *state) paySort(n int) error { return s.pay(2 * n) }

// sorted sorts items by what key makes of them, with strings in one case unless
// caseSensitive.
func (s *state) sorted(items []any, key func(item any) (any, error), caseSensitive bool) ([]any, error) {
	if err := s.paySort(len(items)); err != nil {
		return nil, err
	}
	type keyed struct{ key, item any }
	list := make([]keyed, len(items))
	for i, item := range items {
		k, err := key(item)
		if err != nil {
			return nil, err
		}
		if t, ok := k.(string); ok && !caseSensitive {
			if err := s.payBytes(len(t)); err != nil {
				return nil, err
			}
			k = strings.ToLower(t)
		}
		list[i] = keyed{k, item}
	}
	var failed error
	before := func(x, y any) bool {
		less, err := s.less(x, y)
		if err == nil {
			err = s.pay(1)
		}
		if err != nil && failed == nil {
			failed = err
		}
		return less
	}
	slices.SortStableFunc(list, func(x, y keyed) int {
		switch {
		case failed != nil:
			return 0
		case before(x.key, y.key):
			return -1
		case before(y.key, x.key):
			return 1
		}
		return 0
	})
	made := make([]any, len(list))
	for i, k := range list {
		made[i] = k.item
	}
	return made, failed
}

// sortFilter is sort(reverse=False, case_sensitive=False, attribute=None).
func sortFilter(s *state, v any, a values) (any, error) {
	items, err := s.iterate(v)
	if err != nil {
		return nil, err
	}
	name := a.get(2, "attribute")
	key := func(item any) (any, error) {
		if name == nil {
			return item, nil
		}
		return s.path(item, name)
	}
	if items, err = s.sorted(items, key, truth(a.get(1, "case_sensitive"))); err != nil {
		return nil, err
	}
	if truth(a.get(0, "reverse")) {
		slices.Reverse(items)
	}
	return s.list(items)
}

func (s *state) extreme(v any, largest bool) (any, error) {
	items, err := s.iterate(v)
	if err != nil {
		return nil, err
	}
	items, err = s.sorted(items, func(item any) (any, error) { return item, nil }, false)
	if err != nil {
		return nil, err
	}
	return s.end(&sequence{items: items}, largest)
}

// uniqueFilter keeps the first of equal items, in one case for strings.
func uniqueFilter(s *state, v any, _ values) (any, error) {
	items, err := s.iterate(v)
	if err != nil {
		return nil, err
	}
	var kept, keys []any
	for _, item := range items {
		key := item
		if t, ok := item.(string); ok {
			key = strings.ToLower(t)
		}
		seen, err := s.contains(&sequence{items: keys}, key)
		if err != nil {
			return nil, err
		}
		if !seen {
			kept, keys = append(kept, item), append(keys, key)
		}
	}
	return s.list(kept)
}

// sumFilter is sum(attribute=None, start=0).
func sumFilter(s *state, v any, a values) (any, error) {
	items, err := s.iterate(v)
	if err != nil {
		return nil, err
	}
	var sum any = int64(0)
	if start := a.get(1, "start"); start != nil {
		sum = start
	}
	for _, item := range items {
		if name := a.get(0, "attribute"); name != nil {
			if item, err = s.path(item, name); err != nil {
				return nil, err
			}
		}
		if err := s.pay(1); err != nil {
			return nil, err
		}
		if sum, err = s.calculate("+", sum, item); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// mapFilter is map(attribute=name[, default=value]) or map(filter, arguments...).
func mapFilter(s *state, v any, a values) (any, error) {
	if !truth(v) { // also none, as in Jinja
		return s.list(nil)
	}
	items, err := s.iterate(v)
	if err != nil {
		return nil, err
	}
	f := func(item any) (any, error) {
		value, err := s.path(item, a.named["attribute"])
		if otherwise, ok := a.named["default"]; ok && isType[undefined](value) {
			return otherwise, err
		}
		return value, err
	}
	if a.named["attribute"] == nil {
		name, err := s.stringArgument(a.list, 0)
		if err != nil {
			return nil, err
		}
		apply, ok := s.filters[name]
		if !ok {
			return nil, s.fail("the filter %.80q is not known", name)
		}
		rest := values{list: a.list[1:], names: a.names, named: a.named}
		f = func(item any) (any, error) {
			if err := s.enter(); err != nil {
				return nil, err
			}
			defer func() { s.depth-- }()
			return apply(s, item, rest)
		}
	}
	if items, err = s.each(items, f); err != nil {
		return nil, err
	}
	return s.list(items)
}

// choose keeps the items, or rejects those, of which a test holds; of which an
// attribute is asked first with attr. Without a test the item must be true.
func (s *state) choose(v any, a values, attr, keep bool) (any, error) {
	if !truth(v) { // also none, as in Jinja
		return s.list(nil)
	}
	items, err := s.iterate(v)
	if err != nil {
		return nil, err
	}
	rest := a
	var name any
	if attr {
		if len(rest.list) == 0 {
			return nil, s.fail("selectattr without an attribute")
		}
		name, rest.list = rest.list[0], rest.list[1:]
	}
	holds := func(_ *state, v any, _ values) (bool, error) { return truth(v), nil }
	if len(rest.list) > 0 {
		by, err := s.stringArgument(rest.list, 0)
		if err != nil {
			return nil, err
		}
		t, ok := tests[by]
		if !ok {
			return nil, s.fail("the test %.80q is not known", by)
		}
		holds, rest.list = t, rest.list[1:]
	}
	var kept []any
	for _, item := range items {
		if err := s.pay(1); err != nil {
			return nil, err
		}
		asked := item
		if attr {
			if asked, err = s.path(item, name); err != nil {
				return nil, err
			}
		}
		is, err := holds(s, asked, rest)
		if err != nil {
			return nil, err
		}
		if is == keep {
			kept = append(kept, item)
		}
	}
	return s.list(kept)
}
