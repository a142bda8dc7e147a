package chat

import (
	"fmt"
	"slices"
)

// parser reads the parts of a template as statements. Inside a tag it works on the
// tokens of that tag.
type parser struct {
	parts  []part
	at     int     // next part
	tokens []token // of the tag being read
	pos    int     // next token
	line   int     // of the tag being read
	depth  int     // of nesting
	loops  int     // around the tag being read, inside the innermost macro
}

func parse(source string) ([]statement, error) {
	parts, err := lex(source)
	if err != nil {
		return nil, err
	}
	p := &parser{parts: parts}
	body, _, err := p.block()
	return body, err
}

func (p *parser) fail(format string, args ...any) error {
	return syntaxError(p.line, format, args...)
}

// nest counts one level of nesting; the caller ends it by p.depth--.
func (p *parser) nest() error {
	if p.depth++; p.depth > maxNesting {
		return fmt.Errorf("line %d: more than %d levels of nesting: %w", p.line, maxNesting, ErrLimit)
	}
	return nil
}

// block reads statements up to a tag named in ends, whose name it returns with the
// parser behind that name; with no ends, up to the end of the template.
func (p *parser) block(ends ...string) (body []statement, end string, err error) {
	if err := p.nest(); err != nil {
		return nil, "", err
	}
	defer func() { p.depth-- }()
	opened := p.line
	for p.at < len(p.parts) {
		part := p.parts[p.at]
		p.at++
		p.tokens, p.pos, p.line = part.tokens, 0, part.line
		switch part.kind {
		case partText:
			body = append(body, &textStatement{part.text})
		case partPrint:
			value, err := p.tuple()
			if err != nil {
				return nil, "", err
			}
			if err := p.end(); err != nil {
				return nil, "", err
			}
			body = append(body, &printStatement{part.line, value})
		case partTag:
			name, err := p.name()
			if err != nil {
				return nil, "", err
			}
			if slices.Contains(ends, name) {
				return body, name, nil
			}
			s, err := p.statement(name)
			if err != nil {
				return nil, "", err
			}
			if s != nil {
				body = append(body, s)
			}
		}
	}
	if len(ends) > 0 {
		return nil, "", syntaxError(opened, "the tag has no %s", ends[len(ends)-1])
	}
	return body, "", nil
}

// closed reads statements up to the tag end, which must hold nothing else.
func (p *parser) closed(end string) ([]statement, error) {
	body, _, err := p.block(end)
	if err != nil {
		return nil, err
	}
	return body, p.end()
}

// statement reads the tag of the given name and all that belongs to it.
func (p *parser) statement(name string) (statement, error) {
	switch name {
	case "if":
		return p.ifStatement()
	case "for":
		return p.forStatement()
	case "set":
		return p.setStatement()
	case "macro":
		return p.macroStatement()
	case "call":
		return p.callStatement()
	case "filter":
		return p.filterStatement()
	case "with":
		return p.withStatement()
	case "break", "continue":
		if p.loops == 0 {
			return nil, p.fail("%s outside of a loop", name)
		}
		return &jumpStatement{name}, p.end()
	case "generation", "endgeneration":
		// they mark the assistant's tokens for training and make no text
		return nil, p.end()
	}
	return nil, p.fail("the tag %q is not known", name)
}

func (p *parser) ifStatement() (statement, error) {
	s := &ifStatement{line: p.line}
	for branch := "if"; ; {
		var condition expression // of else: none
		if branch != "else" {
			var err error
			if condition, err = p.tupleOf(p.or); err != nil {
				return nil, err
			}
		}
		if err := p.end(); err != nil {
			return nil, err
		}
		ends := []string{"elif", "else", "endif"}
		if branch == "else" {
			ends = ends[2:]
		}
		body, end, err := p.block(ends...)
		if err != nil {
			return nil, err
		}
		s.branches = append(s.branches, ifBranch{condition, body})
		if branch = end; branch == "endif" {
			return s, p.end()
		}
	}
}

func (p *parser) forStatement() (statement, error) {
	s := &forStatement{line: p.line}
	var err error
	if s.targets, err = p.targets(); err != nil {
		return nil, err
	}
	if !p.word("in") {
		return nil, p.fail("for without in")
	}
	if s.items, err = p.tupleOf(p.or); err != nil {
		return nil, err
	}
	if p.word("if") {
		if s.condition, err = p.expression(); err != nil {
			return nil, err
		}
	}
	s.recursive = p.word("recursive")
	if err := p.end(); err != nil {
		return nil, err
	}
	p.loops++
	body, end, err := p.block("else", "endfor")
	p.loops--
	if err != nil {
		return nil, err
	}
	s.body = body
	if end == "else" {
		if err := p.end(); err != nil {
			return nil, err
		}
		if s.otherwise, _, err = p.block("endfor"); err != nil {
			return nil, err
		}
	}
	return s, p.end()
}

// targets reads the names that a loop or set gives values to.
func (p *parser) targets() ([]string, error) {
	open := p.operator("(")
	var names []string
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		names = append(names, name)
		if !p.operator(",") {
			break
		}
	}
	if open && !p.operator(")") {
		return nil, p.fail("a bracket does not close")
	}
	return names, nil
}

func (p *parser) setStatement() (statement, error) {
	s := &setStatement{line: p.line}
	var err error
	if s.targets, err = p.targets(); err != nil {
		return nil, err
	}
	if len(s.targets) == 1 && p.operator(".") {
		if s.attribute, err = p.name(); err != nil {
			return nil, err
		}
	}
	if p.operator("=") {
		if s.value, err = p.tuple(); err != nil {
			return nil, err
		}
		return s, p.end()
	}
	if len(s.targets) > 1 {
		return nil, p.fail("set without a value")
	}
	text := &captured{}
	if s.value, err = p.filters(text); err != nil {
		return nil, err
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	text.body, err = p.closed("endset")
	return s, err
}

func (p *parser) filterStatement() (statement, error) {
	text := &captured{}
	s := &printStatement{line: p.line}
	var err error
	// the first filter stands without its bar
	if s.value, err = p.filter(text); err != nil {
		return nil, err
	}
	if s.value, err = p.filters(s.value); err != nil {
		return nil, err
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	text.body, err = p.closed("endfilter")
	return s, err
}

func (p *parser) withStatement() (statement, error) {
	s := &withStatement{line: p.line}
	for p.peek().kind == tokenName {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		if !p.operator("=") {
			return nil, p.fail("with %s has no value", name)
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		s.names, s.values = append(s.names, name), append(s.values, value)
		if !p.operator(",") {
			break
		}
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	var err error
	s.body, err = p.closed("endwith")
	return s, err
}

func (p *parser) macroStatement() (statement, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	m := &macroStatement{name: name}
	if !p.operator("(") {
		return nil, p.fail("macro %s without parameters", name)
	}
	if err := p.parameters(m); err != nil {
		return nil, err
	}
	return m, p.macroBody(m, "endmacro")
}

// callStatement reads {% call(parameters) f(arguments) %}.
func (p *parser) callStatement() (statement, error) {
	s := &callStatement{line: p.line, caller: &macroStatement{name: "caller"}}
	if p.operator("(") {
		if err := p.parameters(s.caller); err != nil {
			return nil, err
		}
	}
	called, err := p.expression()
	if err != nil {
		return nil, err
	}
	call, ok := called.(*call)
	if !ok {
		return nil, p.fail("call without a call")
	}
	s.call = call
	return s, p.macroBody(s.caller, "endcall")
}

// parameters reads the parameters of a macro behind the opening bracket.
func (p *parser) parameters(m *macroStatement) error {
	for !p.operator(")") {
		name, err := p.name()
		if err != nil {
			return err
		}
		var preset expression
		if p.operator("=") {
			if preset, err = p.expression(); err != nil {
				return err
			}
		}
		m.parameters, m.presets = append(m.parameters, name), append(m.presets, preset)
		if !p.operator(",") && !p.sees(")") {
			return p.fail("a comma is missing between parameters")
		}
	}
	return nil
}

// macroBody reads the body of a macro. A loop around it is none inside.
func (p *parser) macroBody(m *macroStatement, end string) error {
	if err := p.end(); err != nil {
		return err
	}
	loops := p.loops
	p.loops = 0
	defer func() { p.loops = loops }()
	var err error
	m.body, err = p.closed(end)
	return err
}

// peek returns the next token of the tag.
func (p *parser) peek() token {
	if p.pos < len(p.tokens) {
		return p.tokens[p.pos]
	}
	return token{kind: tokenEnd}
}

// sees reports whether one of the operators comes next.
func (p *parser) sees(operators ...string) bool {
	t := p.peek()
	return t.kind == tokenOperator && slices.Contains(operators, t.text)
}

// operator takes the operator op if it comes next.
func (p *parser) operator(op string) bool {
	if !p.sees(op) {
		return false
	}
	p.pos++
	return true
}

// word takes the keyword w if it comes next.
func (p *parser) word(w string) bool {
	if t := p.peek(); t.kind != tokenName || t.text != w {
		return false
	}
	p.pos++
	return true
}

// name takes a name.
func (p *parser) name() (string, error) {
	t := p.peek()
	if t.kind != tokenName {
		return "", p.fail("a name is missing")
	}
	p.pos++
	return t.text, nil
}

// end makes sure that the tag ends here.
func (p *parser) end() error {
	if t := p.peek(); t.kind != tokenEnd {
		return p.fail("unexpected %q", t.text)
	}
	return nil
}
