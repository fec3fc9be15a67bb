package condition

import (
	"cmp"
	"math"
	"slices"
)

// Probe lists values of one variable at which conditions may change their outcome.
type Probe struct {
	Variable Variable
	Values   []Value
}

// Probes lists, for every variable that any of the conditions reads, values of
// every stretch of its range on which no part of any condition changes: each
// constant that it is compared with, its neighbours, and the ends of its range.
//
// exact tells whether these values decide everything: it is so when variables
// are only compared with constants, one at a time. Then the conditions take on
// the combinations of probed values every outcome that they take on within the
// bounds of the environment. A calculation, or a comparison of two variables, is
// probed at constants and powers of ten only, and proves nothing.
func Probes(list []*Condition) (probes []Probe, exact bool) {
	exact = true
	add := func(v Variable, values ...Value) {
		i, found := slices.BinarySearchFunc(probes, v.Name, func(p Probe, name string) int { return cmp.Compare(p.Variable.Name, name) })
		if !found {
			probes = slices.Insert(probes, i, Probe{Variable: v, Values: ends(v)})
		}
		for _, value := range values {
			if v.Type != Int || value.Int >= v.Min && value.Int <= v.Max {
				probes[i].Values = append(probes[i].Values, value)
			}
		}
	}
	for _, c := range list {
		exact = probeClaim(c.root, add) && exact
	}
	for i := range probes {
		slices.SortFunc(probes[i].Values, compareValues)
		probes[i].Values = slices.Compact(probes[i].Values)
	}
	return probes, exact
}

// ends are the values at the ends of a variable's range; of a string those that
// it may have, or one that no condition names.
func ends(v Variable) []Value {
	switch {
	case v.Type == Bool:
		return []Value{{Bool: false}, {Bool: true}}
	case v.Type == Int:
		return []Value{{Int: v.Min}, {Int: v.Max}}
	case len(v.Among) == 0:
		return []Value{{Text: "\x00"}} // not printable, so no constant is equal to it
	default:
		var list []Value
		for _, s := range v.Among {
			list = append(list, Value{Text: s})
		}
		return list
	}
}

func compareValues(a, b Value) int {
	toInt := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.Int, b.Int), cmp.Compare(a.Text, b.Text), cmp.Compare(toInt(a.Bool), toInt(b.Bool)))
}

// probeClaim collects the probes of a boolean and tells whether they are exact.
func probeClaim(n *node, add func(Variable, ...Value)) bool {
	if n.kind == boolean {
		return true
	}
	if n.kind == variable {
		add(n.v)
		return true
	}
	logical := n.op <= not || n.op == choice || (n.op == equal || n.op == unequal) && n.args[0].typ == Bool
	if logical {
		exact := true
		for _, a := range n.args {
			exact = probeClaim(a, add) && exact
		}
		return exact
	}
	if v, constants, ok := n.simple(); ok {
		add(v, around(v, constants)...)
		return true
	}
	if len(n.names()) == 0 {
		return true
	}
	probeCalculation(n, add)
	return false
}

// simple recognises a comparison of one variable with constants.
func (n *node) simple() (Variable, []*node, bool) {
	a, b := n.args[0], n.args[1]
	switch {
	case n.op == in && a.kind == variable:
		return a.v, b.args, true
	case n.op == in:
		return Variable{}, nil, false
	case a.kind == variable && (b.kind == integer || b.kind == text):
		return a.v, []*node{b}, true
	case b.kind == variable && (a.kind == integer || a.kind == text):
		return b.v, []*node{a}, true
	default:
		return Variable{}, nil, false
	}
}

// around are constants with their neighbours.
func around(v Variable, constants []*node) []Value {
	var list []Value
	for _, c := range constants {
		switch {
		case v.Type == Int:
			list = append(list, beside(c.i)...)
		case len(v.Among) == 0 || slices.Contains(v.Among, c.s):
			list = append(list, Value{Text: c.s})
		}
	}
	return list
}

func beside(i int64) []Value {
	list := []Value{{Int: i}}
	if i > math.MinInt64 {
		list = append(list, Value{Int: i - 1})
	}
	if i < math.MaxInt64 {
		list = append(list, Value{Int: i + 1})
	}
	return list
}

// probeCalculation probes every variable of a calculation at its constants,
// around zero and at powers of ten, and whatever claims it contains.
func probeCalculation(n *node, add func(Variable, ...Value)) {
	values := beside(0)
	for p := int64(10); p <= fenMax; p *= 10 {
		values = append(values, Value{Int: p})
	}
	n.walk(func(m *node) {
		if m.kind == integer {
			values = append(values, beside(m.i)...)
		}
		if m.kind == call && m.op == choice && m.typ == Int {
			probeClaim(m.args[0], add)
		}
	})
	n.walk(func(m *node) {
		if m.kind == variable && m.typ == Int {
			add(m.v, values...)
		}
	})
}

// Band is the stretch of one variable in which one branch of an alternative can hold.
type Band struct{ From, To int64 }

// Bands recognises an alternative whose every branch bounds the same number, as
// tables of grades are written, and lists its branches' bands by where they
// begin. Between two bands that do not touch the condition cannot hold.
func (c *Condition) Bands() (Variable, []Band) {
	branches := c.root.flat(or)
	if len(branches) < 2 {
		return Variable{}, nil
	}
	for _, name := range c.names {
		v, _ := lookup(c.stage, name)
		if v.Type != Int {
			continue
		}
		var bands []Band
		for _, branch := range branches {
			b, bounded := bandOf(branch, v)
			if !bounded {
				bands = nil
				break
			}
			bands = append(bands, b)
		}
		if len(bands) > 0 {
			slices.SortFunc(bands, func(a, b Band) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
			return v, bands
		}
	}
	return Variable{}, nil
}

// bandOf intersects what the parts of a conjunction demand of a number.
func bandOf(branch *node, v Variable) (Band, bool) {
	b, bounded := Band{v.Min, v.Max}, false
	for _, part := range branch.flat(and) {
		of, op, n, ok := part.comparison()
		if !ok || of.Name != v.Name || op == unequal {
			continue
		}
		bounded = true
		switch op {
		case less:
			b.To = min(b.To, max(n, math.MinInt64+1)-1)
		case atMost:
			b.To = min(b.To, n)
		case greater:
			b.From = max(b.From, min(n, math.MaxInt64-1)+1)
		case atLeast:
			b.From = max(b.From, n)
		default:
			b.From, b.To = max(b.From, n), min(b.To, n)
		}
	}
	return b, bounded
}

// Quantity puts a number of a variable into words with its unit.
func (v Variable) Quantity(l Language, number int64) string {
	s := words{l}.quantity(number, v.Unit)
	if l == Chinese {
		return spaced(s)
	}
	return s
}

// Label is the variable's name in a language.
func (v Variable) Label(l Language) string { return words{l}.name(v, v.Unit) }
