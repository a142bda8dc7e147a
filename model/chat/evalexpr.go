package chat

import (
	"math"
	"strings"
	"unicode/utf8"
)

// expression is what has a value.
type expression interface {
	eval(s *state) (any, error)
}

// eval evaluates an expression at the cost of one unit.
func (s *state) eval(e expression) (any, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer func() { s.depth-- }()
	return e.eval(s)
}

// evalAll evaluates a list of expressions.
func (s *state) evalAll(list []expression) ([]any, error) {
	items := make([]any, len(list))
	for i, e := range list {
		v, err := s.eval(e)
		if err != nil {
			return nil, err
		}
		items[i] = v
	}
	return items, nil
}

type literal struct{ value any }

func (l *literal) eval(*state) (any, error) { return l.value, nil }

type variable struct{ name string }

func (v *variable) eval(s *state) (any, error) { return s.lookup(v.name), nil }

// captured is the text that a body prints, through filters: set and filter blocks.
type captured struct {
	body    []statement
	filters expression // ends in the captured itself
}

func (c *captured) eval(s *state) (any, error) {
	return s.capture(func() error { return s.run(c.body) })
}

type listLiteral struct {
	items []expression
	tuple bool
}

func (l *listLiteral) eval(s *state) (any, error) {
	items, err := s.evalAll(l.items)
	if err != nil {
		return nil, err
	}
	list, err := s.list(items)
	if err != nil {
		return nil, err
	}
	list.tuple = l.tuple
	return list, nil
}

type dictLiteral struct{ keys, values []expression }

func (d *dictLiteral) eval(s *state) (any, error) {
	m := newDict()
	for i, e := range d.keys {
		k, err := s.eval(e)
		if err != nil {
			return nil, err
		}
		key, ok := k.(string)
		if !ok {
			return nil, s.fail("a mapping has a key of type %s, wanted str", typeName(k))
		}
		v, err := s.eval(d.values[i])
		if err != nil {
			return nil, err
		}
		if err := m.add(s, key, v); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// add sets a key of a mapping that is being made.
func (d *dict) add(s *state, key string, v any) error {
	if _, ok := v.(*namespace); ok {
		return s.fail("a namespace cannot be an element")
	}
	d.set(key, v)
	if err := s.pay(2); err != nil {
		return err
	}
	return s.shallow(d.depth)
}

// set sets an attribute of a namespace.
func (n *namespace) set(s *state, name string, v any) error {
	if _, ok := v.(*namespace); ok {
		return s.fail("a namespace cannot be an attribute of a namespace")
	}
	n.values[name] = v
	return nil
}

type logical struct {
	or          bool
	left, right expression
}

func (l *logical) eval(s *state) (any, error) {
	left, err := s.eval(l.left)
	if err != nil || truth(left) == l.or {
		return left, err
	}
	return s.eval(l.right)
}

type negation struct{ value expression }

func (n *negation) eval(s *state) (any, error) {
	v, err := s.eval(n.value)
	return !truth(v), err
}

type conditional struct{ condition, then, otherwise expression }

func (c *conditional) eval(s *state) (any, error) {
	v, err := s.eval(c.condition)
	switch {
	case err != nil:
		return nil, err
	case truth(v):
		return s.eval(c.then)
	case c.otherwise == nil:
		return undefined{"an if without else"}, nil
	}
	return s.eval(c.otherwise)
}

// comparison is a chain, a < b < c: true if each of its parts is.
type comparison struct {
	first     expression
	operators []string
	rest      []expression
}

func (c *comparison) eval(s *state) (any, error) {
	left, err := s.eval(c.first)
	if err != nil {
		return nil, err
	}
	for i, op := range c.operators {
		right, err := s.eval(c.rest[i])
		if err != nil {
			return nil, err
		}
		holds, err := s.compare(op, left, right)
		if !holds || err != nil {
			return false, err
		}
		left = right
	}
	return true, nil
}

// compare says whether a comparison of two values holds.
func (s *state) compare(op string, a, b any) (holds bool, err error) {
	switch op {
	case "==":
		return s.equal(a, b)
	case "!=":
		holds, err = s.equal(a, b)
		return !holds, err
	case "<":
		return s.less(a, b)
	case ">=":
		holds, err = s.less(a, b)
		return !holds, err
	case ">":
		return s.less(b, a)
	case "<=":
		holds, err = s.less(b, a)
		return !holds, err
	case "in":
		return s.contains(b, a)
	}
	holds, err = s.contains(b, a) // not in
	return !holds, err
}

// contains is Python's in.
func (s *state) contains(whole, part any) (bool, error) {
	switch whole := whole.(type) {
	case string:
		t, ok := part.(string)
		if !ok {
			return false, s.fail("'in' of %s and str", typeName(part))
		}
		if err := s.payBytes(len(whole)); err != nil {
			return false, err
		}
		return strings.Contains(whole, t), nil
	case *dict:
		key, ok := part.(string)
		_, has := whole.values[key]
		return ok && has, nil
	case *sequence:
		for _, item := range whole.items {
			if same, err := s.equal(item, part); same || err != nil {
				return same, err
			}
		}
		return false, nil
	case undefined:
		return false, nil
	}
	return false, s.fail("'in' of %s and %s", typeName(part), typeName(whole))
}

type arithmetic struct {
	operator    string
	left, right expression
}

func (a *arithmetic) eval(s *state) (any, error) {
	left, err := s.eval(a.left)
	if err != nil {
		return nil, err
	}
	right, err := s.eval(a.right)
	if err != nil {
		return nil, err
	}
	switch a.operator {
	case "~":
		return s.concat(left, right)
	case "+":
		if v, err := s.join(left, right); v != nil || err != nil {
			return v, err
		}
	case "*":
		if v, err := s.repeat(left, right); v != nil || err != nil {
			return v, err
		}
		if v, err := s.repeat(right, left); v != nil || err != nil {
			return v, err
		}
	}
	return s.calculate(a.operator, left, right)
}

// concat is Jinja's ~.
func (s *state) concat(a, b any) (any, error) {
	left, err := s.text(a)
	if err != nil {
		return nil, err
	}
	right, err := s.text(b)
	if err != nil {
		return nil, err
	}
	return s.join(left, right)
}

// join adds two strings or two lists; it returns nil for other values.
func (s *state) join(a, b any) (any, error) {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			if err := s.payBytes(len(a) + len(b)); err != nil {
				return nil, err
			}
			return a + b, nil
		}
	case *sequence:
		if b, ok := b.(*sequence); ok {
			n := len(a.items) + len(b.items)
			if err := s.pay(n); err != nil {
				return nil, err
			}
			items := append(append(make([]any, 0, n), a.items...), b.items...)
			return &sequence{items: items, depth: max(a.depth, b.depth)}, nil
		}
	}
	return nil, nil
}

// repeat is a string or list times a number; it returns nil for other values.
func (s *state) repeat(a, b any) (any, error) {
	n, ok := integer(b)
	if !ok {
		return nil, nil
	}
	n = min(max(n, 0), budget*unitBytes) // more than can be paid for, but no overflow
	switch a := a.(type) {
	case string:
		if len(a) > budget*unitBytes {
			return nil, s.pay(budget + 1)
		}
		if err := s.payBytes(len(a) * int(n)); err != nil {
			return nil, err
		}
		return strings.Repeat(a, int(n)), nil
	case *sequence:
		// a list cannot have more elements than the budget has units
		if err := s.pay(len(a.items) * int(n)); err != nil {
			return nil, err
		}
		items := make([]any, 0, len(a.items)*int(n))
		for range n {
			if len(a.items) == 0 {
				break
			}
			items = append(items, a.items...)
		}
		return &sequence{items: items, depth: a.depth}, nil
	}
	return nil, nil
}

// calculate is arithmetic of numbers, with Python's division and remainder.
func (s *state) calculate(op string, a, b any) (any, error) {
	x, ok1 := number(a)
	y, ok2 := number(b)
	if !ok1 || !ok2 {
		return nil, s.fail("'%s' of %s and %s", op, typeName(a), typeName(b))
	}
	i, ok1 := integer(a)
	j, ok2 := integer(b)
	if ok1 && ok2 && op != "/" && (op != "**" || j >= 0) {
		return s.calculateInt(op, i, j)
	}
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "**":
		return math.Pow(x, y), nil
	}
	if y == 0 {
		return nil, s.fail("division by zero")
	}
	switch op {
	case "/":
		return x / y, nil
	case "//":
		return math.Floor(x / y), nil
	}
	r := math.Mod(x, y)
	if r != 0 && (r < 0) != (y < 0) {
		r += y
	}
	return r, nil
}

// calculateInt is arithmetic of whole numbers. Python's have no bounds; those
// beyond 2^62 are refused here.
func (s *state) calculateInt(op string, i, j int64) (any, error) {
	var result int64
	size := 0.0 // of the result
	switch op {
	case "+":
		result, size = i+j, float64(i)+float64(j)
	case "-":
		result, size = i-j, float64(i)-float64(j)
	case "*":
		result, size = i*j, float64(i)*float64(j)
	case "**":
		if size = math.Pow(float64(i), float64(j)); math.Abs(size) <= 1<<62 {
			result = 1
			if i == 0 || i == 1 || i == -1 { // any power is small
				j = min(j, 2+j%2)
			}
			for range j {
				result *= i
			}
		}
	default:
		if j == 0 {
			return nil, s.fail("division by zero")
		}
		quotient, remainder := i/j, i%j
		if remainder != 0 && (remainder < 0) != (j < 0) {
			quotient, remainder = quotient-1, remainder+j
		}
		if op == "//" {
			return quotient, nil
		}
		return remainder, nil
	}
	if math.Abs(size) > 1<<62 {
		return nil, s.limit("a number is too large")
	}
	return result, nil
}

type attribute struct {
	value expression
	name  string
}

func (a *attribute) eval(s *state) (any, error) {
	v, err := s.eval(a.value)
	if err != nil {
		return nil, err
	}
	return s.attribute(v, a.name)
}

// attribute is value.name: a method of the value, else its element.
func (s *state) attribute(v any, name string) (any, error) {
	if m, ok := s.method(v, name); ok {
		return m, nil
	}
	switch v := v.(type) {
	case undefined:
		return nil, s.fail("%s is undefined, and has no %s", v.name, name)
	case *dict:
		if item, ok := v.values[name]; ok {
			return item, nil
		}
	case *namespace:
		if item, ok := v.values[name]; ok {
			return item, nil
		}
	case *loop:
		return v.attribute(s, name), nil
	}
	return undefined{name}, nil
}

type subscript struct{ value, key expression }

func (b *subscript) eval(s *state) (any, error) {
	v, err := s.eval(b.value)
	if err != nil {
		return nil, err
	}
	key, err := s.eval(b.key)
	if err != nil {
		return nil, err
	}
	return s.item(v, key)
}

// item is value[key]: an element of the value, else its attribute.
func (s *state) item(v, key any) (any, error) {
	if name, ok := key.(string); ok {
		if d, ok := v.(*dict); ok {
			if item, ok := d.values[name]; ok {
				return item, nil
			}
		}
		return s.attribute(v, name)
	}
	i, ok := integer(key)
	if !ok {
		return undefined{"an element"}, nil
	}
	switch v := v.(type) {
	case undefined:
		return nil, s.fail("%s is undefined, and has no elements", v.name)
	case *sequence:
		if i < 0 {
			i += int64(len(v.items))
		}
		if i >= 0 && i < int64(len(v.items)) {
			return v.items[i], nil
		}
	case string:
		if err := s.payBytes(len(v)); err != nil {
			return nil, err
		}
		if i < 0 {
			i += int64(utf8.RuneCountInString(v))
		}
		for _, r := range v {
			if i == 0 {
				return string(r), nil
			}
			i--
		}
	}
	return undefined{"an element"}, nil
}

type slice struct {
	value  expression
	bounds [3]expression // start, stop, step; nil: none
}

func (l *slice) eval(s *state) (any, error) {
	v, err := s.eval(l.value)
	if err != nil {
		return nil, err
	}
	var bounds [3]*int64
	for i, e := range l.bounds {
		if e == nil {
			continue
		}
		b, err := s.eval(e)
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue
		}
		n, ok := integer(b)
		if !ok {
			return nil, s.fail("a slice by %s", typeName(b))
		}
		bounds[i] = &n
	}
	switch v := v.(type) {
	case *sequence:
		items, err := cut(s, v.items, bounds)
		if err != nil {
			return nil, err
		}
		return s.list(items)
	case string:
		if err := s.pay(len(v) / 4); err != nil { // a rune takes four bytes
			return nil, err
		}
		runes, err := cut(s, []rune(v), bounds)
		return string(runes), err
	}
	if u, ok := v.(undefined); ok {
		return nil, s.fail("%s is undefined, and has no elements", u.name)
	}
	return undefined{"a slice"}, nil
}

// cut is Python's items[start:stop:step] in memory of its own.
func cut[T any](s *state, items []T, bounds [3]*int64) ([]T, error) {
	n, step := int64(len(items)), int64(1)
	if bounds[2] != nil {
		// a longer step than the list is long takes one element as well
		step = min(max(*bounds[2], -n-1), n+1)
	}
	if step == 0 {
		return nil, s.fail("a slice with the step 0")
	}
	low, high := int64(0), n // what start and stop are held within
	if step < 0 {
		low, high = -1, n-1
	}
	bound := func(b *int64, otherwise int64) int64 {
		if b == nil {
			return otherwise
		}
		i := *b
		if i < 0 {
			i += n
		}
		return min(max(i, low), high)
	}
	start, stop := bound(bounds[0], low), bound(bounds[1], high)
	if step < 0 {
		start, stop = bound(bounds[0], high), bound(bounds[1], low)
	}
	if err := s.pay(int(n)); err != nil {
		return nil, err
	}
	var picked []T
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		picked = append(picked, items[i])
	}
	return picked, nil
}

// arguments of a call, filter or test: the names belong to the last values.
type arguments struct {
	values []expression
	names  []string
}

func (a *arguments) eval(s *state) (values, error) {
	list, err := s.evalAll(a.values)
	if err != nil || len(a.names) == 0 {
		return values{list: list}, err
	}
	first := len(list) - len(a.names)
	v := values{list: list[:first], names: a.names, named: map[string]any{}}
	for i, name := range a.names {
		v.named[name] = list[first+i]
	}
	return v, nil
}

type call struct {
	callee    expression
	arguments arguments
}

func (c *call) eval(s *state) (any, error) { return c.with(s, "", nil) }

// with calls with one more argument by name, if it has one.
func (c *call) with(s *state, name string, extra any) (any, error) {
	f, err := s.eval(c.callee)
	if err != nil {
		return nil, err
	}
	a, err := c.arguments.eval(s)
	if err != nil {
		return nil, err
	}
	if name != "" {
		if a.named == nil {
			a.named = map[string]any{}
		}
		a.named[name] = extra
	}
	switch f := f.(type) {
	case function:
		return f(s, a)
	case *loop:
		if f.again == nil || len(a.list) != 1 {
			return nil, s.fail("loop() takes one value, in a loop marked recursive")
		}
		return f.again(a.list[0])
	case undefined:
		return nil, s.fail("%s is undefined, and cannot be called", f.name)
	}
	return nil, s.fail("%s cannot be called", typeName(f))
}

type filtered struct {
	value     expression
	name      string
	filter    filter
	arguments arguments
}

func (f *filtered) eval(s *state) (any, error) {
	v, err := s.eval(f.value)
	if err != nil {
		return nil, err
	}
	a, err := f.arguments.eval(s)
	if err != nil {
		return nil, err
	}
	return f.filter(s, v, a)
}

type tested struct {
	value     expression
	name      string
	test      test
	arguments arguments
}

func (t *tested) eval(s *state) (any, error) {
	v, err := s.eval(t.value)
	if err != nil {
		return nil, err
	}
	a, err := t.arguments.eval(s)
	if err != nil {
		return nil, err
	}
	return t.test(s, v, a)
}
