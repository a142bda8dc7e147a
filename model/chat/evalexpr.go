package chat

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

// captured is the text that a body prints: the value of set and filter blocks.
type captured struct{ body []statement }

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
