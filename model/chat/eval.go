package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// state is one rendering.
type state struct {
	options Options
	filters map[string]filter // by name, for filters that apply another one
	scope   *scope
	out     *strings.Builder // what is printed goes here: the text, or a capture
	left    int              // of the budget
	depth   int              // of evaluations inside each other
	line    int              // of the statement being run
}

// scope holds the names of a template, loop, macro or with; those of the scope
// around it are seen through it.
type scope struct {
	names  map[string]any
	around *scope
}

func newState(o Options) *state {
	return &state{
		options: o, filters: filters, left: budget, out: &strings.Builder{},
		scope: &scope{names: map[string]any{}, around: &scope{names: globals}},
	}
}

// What runs out of a loop by break and continue.
var (
	errBreak    = errors.New("break outside of a loop")
	errContinue = errors.New("continue outside of a loop")
)

func (s *state) fail(format string, args ...any) error {
	return fmt.Errorf("line %d: %s: %w", s.line, fmt.Sprintf(format, args...), ErrRender)
}

func (s *state) limit(format string, args ...any) error {
	return fmt.Errorf("line %d: %s: %w", s.line, fmt.Sprintf(format, args...), ErrLimit)
}

// pay takes units from the budget, before what they are for is done.
func (s *state) pay(units int) error {
	if units < 0 || units > s.left {
		s.left = 0
		return s.limit("it does not end, or makes too long a text")
	}
	s.left -= units
	return nil
}

// payBytes pays for a text that is made or looked through.
func (s *state) payBytes(n int) error { return s.pay(n / unitBytes) }

// enter counts one evaluation inside another; s.depth-- ends it.
func (s *state) enter() error {
	if s.depth++; s.depth > maxDepth {
		return s.limit("more than %d evaluations inside each other", maxDepth)
	}
	return s.pay(1)
}

// lookup finds the value of a name.
func (s *state) lookup(name string) any {
	for at := s.scope; at != nil; at = at.around {
		if v, ok := at.names[name]; ok {
			return v
		}
	}
	return undefined{name}
}

// within runs f in a scope inside around.
func (s *state) within(around *scope, f func() error) error {
	// also a loop with nothing in it costs something
	if err := s.pay(1); err != nil {
		return err
	}
	outer := s.scope
	s.scope = &scope{names: map[string]any{}, around: around}
	defer func() { s.scope = outer }()
	return f()
}

// capture returns what f prints.
func (s *state) capture(f func() error) (string, error) {
	outer := s.out
	s.out = &strings.Builder{}
	defer func() { s.out = outer }()
	err := f()
	return s.out.String(), err
}

func (s *state) print(text string) error {
	if err := s.payBytes(len(text)); err != nil {
		return err
	}
	s.out.WriteString(text)
	return nil
}

// run runs statements.
func (s *state) run(body []statement) error {
	for _, st := range body {
		if err := s.enter(); err != nil {
			return err
		}
		err := st.run(s)
		s.depth--
		if err != nil {
			return err
		}
	}
	return nil
}

// statement is a tag or a piece of text.
type statement interface {
	run(s *state) error
}

type textStatement struct{ text string }

func (t *textStatement) run(s *state) error { return s.print(t.text) }

type printStatement struct {
	line  int
	value expression
}

func (p *printStatement) run(s *state) error {
	s.line = p.line
	v, err := s.eval(p.value)
	if err != nil {
		return err
	}
	text, err := s.text(v)
	if err != nil {
		return err
	}
	return s.print(text)
}

type ifStatement struct {
	line     int
	branches []ifBranch
}

type ifBranch struct {
	condition expression // nil: else
	body      []statement
}

func (i *ifStatement) run(s *state) error {
	for _, branch := range i.branches {
		if branch.condition != nil {
			s.line = i.line
			v, err := s.eval(branch.condition)
			if err != nil {
				return err
			}
			if !truth(v) {
				continue
			}
		}
		return s.run(branch.body)
	}
	return nil
}

type jumpStatement struct{ name string }

func (j *jumpStatement) run(*state) error {
	if j.name == "break" {
		return errBreak
	}
	return errContinue
}

type setStatement struct {
	line      int
	targets   []string
	attribute string // of the only target, a namespace
	value     expression
}

func (st *setStatement) run(s *state) error {
	s.line = st.line
	v, err := s.eval(st.value)
	if err != nil {
		return err
	}
	if st.attribute == "" {
		return s.assign(st.targets, v)
	}
	n, ok := s.lookup(st.targets[0]).(*namespace)
	if !ok {
		return s.fail("%s is no namespace, whose attributes alone can be set", st.targets[0])
	}
	return n.set(s, st.attribute, v)
}

// assign gives a value to one name, or the elements of a value to several.
func (s *state) assign(targets []string, v any) error {
	if len(targets) == 1 {
		s.scope.names[targets[0]] = v
		return nil
	}
	items, err := s.iterate(v)
	if err != nil {
		return err
	}
	if len(items) != len(targets) {
		return s.fail("%d values for %d names", len(items), len(targets))
	}
	for i, name := range targets {
		s.scope.names[name] = items[i]
	}
	return nil
}

type withStatement struct {
	line   int
	names  []string
	values []expression
	body   []statement
}

func (w *withStatement) run(s *state) error {
	s.line = w.line
	list := make([]any, len(w.values))
	for i, e := range w.values {
		var err error
		if list[i], err = s.eval(e); err != nil {
			return err
		}
	}
	return s.within(s.scope, func() error {
		for i, name := range w.names {
			s.scope.names[name] = list[i]
		}
		return s.run(w.body)
	})
}

type forStatement struct {
	line      int
	targets   []string
	items     expression
	condition expression // nil: all items
	recursive bool
	body      []statement
	otherwise []statement // where there is no item
}

func (f *forStatement) run(s *state) error {
	s.line = f.line
	v, err := s.eval(f.items)
	if err != nil {
		return err
	}
	return f.over(s, s.scope, v, 0)
}

// over runs the loop over the elements of v; depth counts recursive loops.
func (f *forStatement) over(s *state, around *scope, v any, depth int) error {
	items, err := s.iterate(v)
	if err != nil {
		return err
	}
	if f.condition != nil {
		if items, err = f.selected(s, around, items); err != nil {
			return err
		}
	}
	if len(items) == 0 {
		return s.run(f.otherwise)
	}
	l := &loop{items: items, depth: depth}
	if f.recursive {
		l.again = func(v any) (string, error) {
			return s.capture(func() error { return f.over(s, around, v, depth+1) })
		}
	}
	for l.index = range items {
		err := s.within(around, func() error {
			s.scope.names["loop"] = l
			if err := s.assign(f.targets, items[l.index]); err != nil {
				return err
			}
			return s.run(f.body)
		})
		if errors.Is(err, errBreak) {
			break
		}
		if err != nil && !errors.Is(err, errContinue) {
			return err
		}
	}
	return nil
}

// selected returns the items for which the condition of the loop holds.
func (f *forStatement) selected(s *state, around *scope, items []any) ([]any, error) {
	var kept []any
	for _, item := range items {
		err := s.within(around, func() error {
			if err := s.assign(f.targets, item); err != nil {
				return err
			}
			v, err := s.eval(f.condition)
			if err == nil && truth(v) {
				kept = append(kept, item)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// loop is the variable of that name inside a loop.
type loop struct {
	items []any
	index int
	depth int
	again func(v any) (string, error) // of a recursive loop
	seen  any                         // by loop.changed
}

// attribute is an attribute of the loop variable.
func (l *loop) attribute(s *state, name string) any {
	n := len(l.items)
	switch name {
	case "index":
		return int64(l.index + 1)
	case "index0":
		return int64(l.index)
	case "revindex":
		return int64(n - l.index)
	case "revindex0":
		return int64(n - l.index - 1)
	case "first":
		return l.index == 0
	case "last":
		return l.index == n-1
	case "length":
		return int64(n)
	case "depth":
		return int64(l.depth + 1)
	case "depth0":
		return int64(l.depth)
	case "previtem":
		if l.index > 0 {
			return l.items[l.index-1]
		}
	case "nextitem":
		if l.index < n-1 {
			return l.items[l.index+1]
		}
	case "cycle":
		return function(func(s *state, a values) (any, error) {
			if len(a.list) == 0 {
				return nil, s.fail("loop.cycle without values")
			}
			return a.list[l.index%len(a.list)], nil
		})
	case "changed":
		return function(func(s *state, a values) (any, error) {
			now, err := s.list(slices.Clone(a.list))
			if err != nil {
				return nil, err
			}
			same, err := s.equal(l.seen, now)
			l.seen = now
			return !same, err
		})
	}
	return undefined{"loop." + name}
}

type macroStatement struct {
	name       string
	parameters []string
	presets    []expression // nil: none
	body       []statement
}

func (m *macroStatement) run(s *state) error {
	s.scope.names[m.name] = m.function(s.scope)
	return nil
}

// function is the macro as a value. It sees the scope around its definition.
func (m *macroStatement) function(around *scope) function {
	return func(s *state, a values) (any, error) {
		if len(a.list) > len(m.parameters) {
			return nil, s.fail("macro %s takes %d arguments, not %d", m.name, len(m.parameters), len(a.list))
		}
		return s.capture(func() error {
			line := s.line
			defer func() { s.line = line }()
			return s.within(around, func() error { return m.call(s, a) })
		})
	}
}

// call binds the parameters and runs the body.
func (m *macroStatement) call(s *state, a values) error {
	for name, v := range a.named {
		if name != "caller" && !slices.Contains(m.parameters, name) {
			return s.fail("macro %s has no parameter %s", m.name, name)
		}
		s.scope.names[name] = v
	}
	for i, name := range m.parameters {
		_, named := a.named[name]
		switch {
		case i < len(a.list):
			if named {
				return s.fail("macro %s has two values for %s", m.name, name)
			}
			s.scope.names[name] = a.list[i]
		case named:
		case m.presets[i] != nil:
			v, err := s.eval(m.presets[i])
			if err != nil {
				return err
			}
			s.scope.names[name] = v
		default:
			s.scope.names[name] = undefined{name}
		}
	}
	return s.run(m.body)
}

type callStatement struct {
	line   int
	call   *call
	caller *macroStatement
}

func (c *callStatement) run(s *state) error {
	s.line = c.line
	v, err := c.call.with(s, "caller", c.caller.function(s.scope))
	if err != nil {
		return err
	}
	text, err := s.text(v)
	if err != nil {
		return err
	}
	return s.print(text)
}
