package chat

import (
	"math"
	"strings"
	"unicode/utf8"
)

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
