package chat

import (
	"slices"
	"strconv"
	"strings"
)

// The expressions of Jinja by falling precedence: if-else; or; and; not;
// comparisons; + and -; ~; *, /, // and %; unary signs; **; filters, tests and what
// follows a value directly.

// tuple reads an expression, or several with commas between them.
func (p *parser) tuple() (expression, error) { return p.tupleOf(p.expression) }

func (p *parser) tupleOf(item func() (expression, error)) (expression, error) {
	first, err := item()
	if err != nil || !p.sees(",") {
		return first, err
	}
	list := &listLiteral{items: []expression{first}, tuple: true}
	for p.operator(",") && p.peek().kind != tokenEnd && !p.sees(")") {
		next, err := item()
		if err != nil {
			return nil, err
		}
		list.items = append(list.items, next)
	}
	return list, nil
}

func (p *parser) expression() (expression, error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	value, err := p.or()
	if err != nil {
		return nil, err
	}
	for p.word("if") {
		c := &conditional{then: value}
		if c.condition, err = p.or(); err != nil {
			return nil, err
		}
		if p.word("else") {
			if c.otherwise, err = p.expression(); err != nil {
				return nil, err
			}
		}
		value = c
	}
	return value, nil
}

func (p *parser) or() (expression, error) {
	left, err := p.and()
	for err == nil && p.word("or") {
		var right expression
		right, err = p.and()
		left = &logical{or: true, left: left, right: right}
	}
	return left, err
}

func (p *parser) and() (expression, error) {
	left, err := p.not()
	for err == nil && p.word("and") {
		var right expression
		right, err = p.not()
		left = &logical{left: left, right: right}
	}
	return left, err
}

func (p *parser) not() (expression, error) {
	if !p.word("not") {
		return p.comparison()
	}
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	value, err := p.not()
	return &negation{value}, err
}

func (p *parser) comparison() (expression, error) {
	first, err := p.sum()
	if err != nil {
		return nil, err
	}
	c := &comparison{first: first}
	for {
		op := ""
		switch t := p.peek(); {
		case p.sees("==", "!=", "<", "<=", ">", ">="):
			op = t.text
			p.pos++
		case p.word("in"):
			op = "in"
		case t.kind == tokenName && t.text == "not" && p.tokens[p.pos+1].text == "in":
			op = "not in"
			p.pos += 2
		}
		if op == "" {
			break
		}
		right, err := p.sum()
		if err != nil {
			return nil, err
		}
		c.operators, c.rest = append(c.operators, op), append(c.rest, right)
	}
	if len(c.rest) == 0 {
		return first, nil
	}
	return c, nil
}

// leftToRight reads operands with operators of one precedence between them.
func (p *parser) leftToRight(operand func() (expression, error), operators ...string) (expression, error) {
	left, err := operand()
	for err == nil {
		if !p.sees(operators...) {
			break
		}
		t := p.peek()
		p.pos++
		var right expression
		right, err = operand()
		left = &arithmetic{operator: t.text, left: left, right: right}
	}
	return left, err
}

func (p *parser) sum() (expression, error)    { return p.leftToRight(p.concat, "+", "-") }
func (p *parser) concat() (expression, error) { return p.leftToRight(p.product, "~") }
func (p *parser) product() (expression, error) {
	return p.leftToRight(p.power, "*", "/", "//", "%")
}
func (p *parser) power() (expression, error) { return p.leftToRight(p.unary, "**") }

// unary reads a sign and its value. Filters and tests apply to both together.
func (p *parser) unary() (expression, error) {
	value, err := p.signed()
	if err != nil {
		return nil, err
	}
	return p.filters(value)
}

func (p *parser) signed() (expression, error) {
	t := p.peek()
	if !p.sees("-", "+") {
		return p.postfix()
	}
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.pos++
	value, err := p.signed()
	return &arithmetic{operator: t.text, left: &literal{int64(0)}, right: value}, err
}

// postfix reads a value with its attributes, subscripts and calls.
func (p *parser) postfix() (expression, error) {
	value, err := p.primary()
	for err == nil {
		switch {
		case p.operator("."):
			t := p.peek()
			if t.kind == tokenInt { // x.0 is x[0]
				p.pos++
				var index int64
				index, err = p.integer(t.text)
				value = &subscript{value, &literal{index}}
				continue
			}
			var name string
			name, err = p.name()
			value = &attribute{value, name}
		case p.operator("["):
			value, err = p.bracket(value)
		case p.operator("("):
			c := &call{callee: value}
			c.arguments, err = p.arguments()
			value = c
		default:
			return value, nil
		}
	}
	return value, err
}

// bracket reads a subscript or slice behind the opening bracket.
func (p *parser) bracket(value expression) (expression, error) {
	var bounds [3]expression
	n := 0
	for ; n < 3; n++ {
		if !p.sees(":", "]") {
			var err error
			if bounds[n], err = p.expression(); err != nil {
				return nil, err
			}
		}
		if !p.operator(":") {
			break
		}
	}
	if !p.operator("]") || n == 0 && bounds[0] == nil {
		return nil, p.fail("a subscript is missing or does not end")
	}
	if n == 0 {
		return &subscript{value, bounds[0]}, nil
	}
	return &slice{value, bounds}, nil
}

// arguments reads the arguments of a call behind the opening bracket.
func (p *parser) arguments() (arguments, error) {
	var a arguments
	for !p.operator(")") {
		name := ""
		if t := p.peek(); t.kind == tokenName && p.tokens[p.pos+1].kind == tokenOperator && p.tokens[p.pos+1].text == "=" {
			name = t.text
			p.pos += 2
		} else if len(a.names) > 0 {
			return a, p.fail("an argument without a name behind one with a name")
		}
		value, err := p.expression()
		if err != nil {
			return a, err
		}
		if name != "" {
			a.names = append(a.names, name)
		}
		a.values = append(a.values, value)
		if !p.operator(",") && !p.sees(")") {
			return a, p.fail("a comma is missing between arguments")
		}
	}
	return a, nil
}

// filters reads the filters and tests behind a value.
func (p *parser) filters(value expression) (expression, error) {
	var err error
	for err == nil {
		switch {
		case p.operator("|"):
			value, err = p.filter(value)
		case p.word("is"):
			value, err = p.test(value)
		default:
			return value, nil
		}
	}
	return value, err
}

// filter reads the name and arguments of a filter of value.
func (p *parser) filter(value expression) (expression, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	f := &filtered{value: value, name: name}
	var ok bool
	if f.filter, ok = filters[name]; !ok {
		return nil, p.fail("the filter %q is not known", name)
	}
	if p.operator("(") {
		f.arguments, err = p.arguments()
	}
	return f, err
}

// test reads the name and argument of a test behind the word is.
func (p *parser) test(value expression) (expression, error) {
	not := p.word("not")
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	t := &tested{value: value, name: name}
	var ok bool
	if t.test, ok = tests[name]; !ok {
		return nil, p.fail("the test %q is not known", name)
	}
	switch next := p.peek(); {
	case p.operator("("):
		t.arguments, err = p.arguments()
	case next.kind == tokenString || next.kind == tokenInt || next.kind == tokenFloat,
		p.sees("[", "{"),
		next.kind == tokenName && !slices.Contains([]string{"and", "or", "not", "else", "if", "is", "in", "recursive"}, next.text):
		var argument expression
		argument, err = p.postfix()
		t.arguments.values = []expression{argument}
	}
	if not {
		return &negation{t}, err
	}
	return t, err
}

func (p *parser) integer(text string) (int64, error) {
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, p.fail("%s is no number of 64 bits", text)
	}
	return i, nil
}

// primary reads a literal, a name or an expression in brackets.
func (p *parser) primary() (expression, error) {
	t := p.peek()
	p.pos++
	switch t.kind {
	case tokenString:
		parts := []string{t.text}
		for p.peek().kind == tokenString { // neighbours are one string
			parts = append(parts, p.peek().text)
			p.pos++
		}
		return &literal{strings.Join(parts, "")}, nil
	case tokenInt:
		i, err := p.integer(t.text)
		return &literal{i}, err
	case tokenFloat:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, p.fail("%s is no number", t.text)
		}
		return &literal{f}, nil
	case tokenName:
		switch t.text {
		case "true", "True":
			return &literal{true}, nil
		case "false", "False":
			return &literal{false}, nil
		case "none", "None":
			return &literal{nil}, nil
		}
		return &variable{t.text}, nil
	case tokenOperator:
		switch t.text {
		case "(":
			return p.parenthesis()
		case "[":
			items, err := p.items("]")
			return &listLiteral{items: items}, err
		case "{":
			return p.dictLiteral()
		}
	}
	p.pos--
	if t.kind == tokenEnd {
		return nil, p.fail("a value is missing")
	}
	return nil, p.fail("unexpected %q", t.text)
}

// parenthesis reads an expression or a tuple behind the opening bracket.
func (p *parser) parenthesis() (expression, error) {
	if p.operator(")") {
		return &listLiteral{tuple: true}, nil
	}
	value, err := p.tuple()
	if err == nil && !p.operator(")") {
		return nil, p.fail("a bracket does not close")
	}
	return value, err
}

// items reads expressions up to a closing bracket.
func (p *parser) items(end string) ([]expression, error) {
	var items []expression
	for !p.operator(end) {
		item, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if !p.operator(",") && !p.sees(end) {
			return nil, p.fail("a bracket does not close")
		}
	}
	return items, nil
}

func (p *parser) dictLiteral() (expression, error) {
	d := &dictLiteral{}
	for !p.operator("}") {
		key, err := p.expression()
		if err != nil {
			return nil, err
		}
		if !p.operator(":") {
			return nil, p.fail("a mapping has a key without a value")
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		d.keys, d.values = append(d.keys, key), append(d.values, value)
		if !p.operator(",") && !p.sees("}") {
			return nil, p.fail("a bracket does not close")
		}
	}
	return d, nil
}
