package condition

import (
	"strconv"
	"strings"
)

// Language is a language that conditions are put into words in.
type Language uint8

// The languages.
const (
	Chinese Language = iota
	English
)

// Words puts the condition into the words of a contract, without a full stop.
// They are made from the tree alone, so that words and program cannot differ:
// the same condition has the same bytes everywhere, and another number or
// variable has other bytes. Amounts are shown in yuan, rates in percent.
func (c *Condition) Words(l Language) string {
	w := words{l}
	if l == Chinese {
		return spaced(w.claim(c.root, false))
	}
	return w.claim(c.root, false)
}

// spaced puts one space between Chinese and Latin letters or digits.
func spaced(s string) string {
	var b strings.Builder
	var last rune
	for _, r := range s {
		if han(last) && narrow(r) || han(r) && (narrow(last) || last == '%') {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

func han(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }

func narrow(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-'
}

// words renders trees in one language.
type words struct{ in Language }

func (w words) pick(zh, en string) string {
	if w.in == Chinese {
		return zh
	}
	return en
}

// claim renders a boolean. Inside another sentence it is bracketed where it
// would not be clear how far it reaches.
func (w words) claim(n *node, inside bool) string {
	switch n.kind {
	case boolean:
		if n.b {
			return w.pick("恒成立", "always")
		}
		return w.pick("恒不成立", "never")
	case variable:
		return w.pick(n.v.Zh, n.v.En)
	}
	switch n.op {
	case and:
		return w.bracket(w.chain(n, and, ",并且", " and "), inside)
	case or:
		return w.bracket(w.chain(n, or, ",或者", " or "), inside)
	case not:
		return w.negation(n.args[0])
	case in:
		return w.membership(n)
	case choice:
		return w.bracket(w.pick("如果", "if ")+w.claim(n.args[0], true)+w.pick(",则", " then ")+w.claim(n.args[1], true)+
			w.pick(",否则", ", else ")+w.claim(n.args[2], true), inside)
	default:
		return w.comparison(n, inside)
	}
}

func (w words) bracket(s string, inside bool) string {
	if !inside {
		return s
	}
	return "(" + s + ")"
}

func (w words) chain(n *node, op operator, zh, en string) string {
	var parts []string
	for _, a := range n.flat(op) {
		parts = append(parts, w.claim(a, true))
	}
	return strings.Join(parts, w.pick(zh, en))
}

func (w words) negation(n *node) string {
	if n.kind == variable {
		return w.pick(n.v.ZhNot, n.v.EnNot)
	}
	return w.pick("并非(", "not (") + w.claim(n, false) + ")"
}

func (w words) membership(n *node) string {
	var parts []string
	for _, e := range n.args[1].args {
		parts = append(parts, w.term(e, unitOf(n.args[0])))
	}
	if len(parts) == 0 {
		return w.pick("恒不成立", "never") + w.pick("(空列表中的", " (") + w.term(n.args[0], None) + w.pick(")", " in an empty list)")
	}
	subject := w.subject(n.args[0])
	if len(parts) == 1 {
		return subject + w.pick("为", " is ") + parts[0]
	}
	return subject + w.pick("为以下之一:", " is one of ") + strings.Join(parts, w.pick("、", ", "))
}

// comparison renders a comparison of numbers, strings or booleans.
func (w words) comparison(n *node, inside bool) string {
	a, b, op := n.args[0], n.args[1], n.op
	if a.typ == Bool {
		same := w.claim(a, true) + w.pick("与", " exactly when ") + w.claim(b, true)
		if op == equal {
			return w.bracket(same+w.pick("同真同假", ""), inside)
		}
		return w.bracket(w.pick("以下恰有一项成立:", "exactly one of these holds: ")+w.claim(a, true)+w.pick("、", ", ")+w.claim(b, true), inside)
	}
	if a.kind == integer || a.kind == text {
		if b.kind != a.kind {
			a, b, op = b, a, op.turned()
		}
	}
	if a.kind == variable && a.v.Counted && b.kind == integer {
		return w.counted(a.v, op, b.i)
	}
	if grade := unitOf(a) == Grade && a.kind == variable && b.kind == integer; grade {
		return w.graded(a, op, b.i)
	}
	unit := unitOf(a)
	if unit == None {
		unit = unitOf(b)
	}
	if unitOf(b) != None && unitOf(b) != unit { // fen against days: plain numbers, said so
		unit = None
	}
	return w.term(a, unit) + w.relation(op) + w.term(b, unit)
}

func (w words) relation(op operator) string {
	switch op {
	case equal:
		return w.pick("等于", " is ")
	case unequal:
		return w.pick("不等于", " is not ")
	case less:
		return w.pick("低于", " is below ")
	case atMost:
		return w.pick("不超过", " is at most ")
	case greater:
		return w.pick("高于", " is above ")
	default:
		return w.pick("不低于", " is at least ")
	}
}

// counted renders a number of things that happened.
func (w words) counted(v Variable, op operator, number int64) string {
	if w.in == Chinese {
		relation := [...]string{equal: "正好", unequal: "不是", less: "少于", atMost: "不多于", greater: "多于", atLeast: "不少于"}[op]
		if op == equal && number == 0 {
			relation = "为"
		}
		return v.Zh + relation + grouped(number) + w.noun(v.Unit, number)
	}
	relation := [...]string{equal: "exactly ", unequal: "not exactly ", less: "fewer than ", atMost: "at most ", greater: "more than ", atLeast: "at least "}[op]
	noun := v.En
	if number == 1 {
		noun = v.One
	}
	if op == equal && number == 0 {
		return "no " + noun
	}
	return relation + grouped(number) + " " + noun
}

// graded renders a comparison of the data quality, where A is 1 and the best.
func (w words) graded(n *node, op operator, number int64) string {
	grade := w.quantity(number, Grade)
	switch op {
	case atMost:
		return w.subject(n) + w.pick("不低于"+grade, " is "+grade+" or better")
	case less:
		return w.subject(n) + w.pick("高于"+grade, " is better than "+grade)
	case atLeast:
		return w.subject(n) + w.pick("不高于"+grade, " is "+grade+" or worse")
	case greater:
		return w.subject(n) + w.pick("低于"+grade, " is worse than "+grade)
	default:
		return w.subject(n) + w.relation(op) + grade
	}
}

func (w words) subject(n *node) string { return w.term(n, unitOf(n)) }

// term renders a number or a string. Numbers are read in a unit; where it is
// None a variable says in what it is counted.
func (w words) term(n *node, unit Unit) string {
	switch n.kind {
	case integer:
		return w.quantity(n.i, unit)
	case text:
		return w.pick("“"+n.s+"”", strconv.Quote(n.s))
	case variable:
		return w.name(n.v, unit)
	}
	switch n.op {
	case negate:
		return w.pick("负的", "minus ") + w.operand(n.args[0], unit)
	case choice:
		return "(" + w.pick("如果", "if ") + w.claim(n.args[0], true) + w.pick(",则为", " then ") + w.term(n.args[1], unit) +
			w.pick(",否则为", ", else ") + w.term(n.args[2], unit) + ")"
	default:
		return w.arithmetic(n, unit)
	}
}

func (w words) name(v Variable, unit Unit) string {
	name := w.pick(v.Zh, v.En)
	if v.Counted {
		noun, rest, _ := strings.Cut(v.En, " ")
		name = w.pick(v.Zh+"的"+w.noun(v.Unit, 2)+"数", "the number of "+noun+" that "+rest)
	}
	if v.Type == Int && v.Unit != None && v.Unit != unit && !v.Counted {
		name += w.raw(v.Unit)
	}
	return name
}

// raw says in what a variable is counted where a calculation mixes units.
func (w words) raw(u Unit) string {
	switch u {
	case Fen:
		return w.pick("(以分计)", " (in fen)")
	case Bps:
		return w.pick("(以万分之一计)", " (in basis points)")
	case Ppm:
		return w.pick("(以百万分之一计)", " (in millionths)")
	case Grade:
		return w.pick("(A 为 1 至 D 为 4)", " (A is 1 to D is 4)")
	default:
		return ""
	}
}

// arithmetic renders a calculation. The factor of a product and the divisor of a
// quotient are plain numbers when the other operand has the unit.
func (w words) arithmetic(n *node, unit Unit) string {
	a, b := n.args[0], n.args[1]
	switch n.op {
	case plus:
		return w.summand(a, unit) + w.pick("加", " plus ") + w.operand(b, unit)
	case minus:
		return w.summand(a, unit) + w.pick("减", " minus ") + w.operand(b, unit)
	case times:
		left, right := factors(a, b)
		return w.operand(a, left) + w.pick("乘以", " times ") + w.operand(b, right)
	case quotient:
		left, right := divided(a, b)
		return w.operand(a, left) + w.pick("除以", " divided by ") + w.operand(b, right) + w.pick("(舍去小数)", " (fraction dropped)")
	default:
		if unit = unitOf(a); !pure(b) && unitOf(b) != unit {
			unit = None
		}
		return w.pick("", "the remainder of ") + w.operand(a, unit) + w.pick("除以", " divided by ") + w.operand(b, unit) + w.pick("的余数", "")
	}
}

// summand is the left operand of a sum, which needs no brackets for being a sum.
func (w words) summand(n *node, unit Unit) string {
	if n.kind == call && (n.op == plus || n.op == minus) {
		return w.term(n, unit)
	}
	return w.operand(n, unit)
}

// operand brackets a calculation inside another.
func (w words) operand(n *node, unit Unit) string {
	if n.kind == call && n.op != choice {
		return "(" + w.term(n, unit) + ")"
	}
	return w.term(n, unit)
}

// unitOf is the unit of a number: of a variable its own, of a sum what its
// operands share, of a product that of the operand that is no plain number.
func unitOf(n *node) Unit {
	if n.kind == variable {
		return n.v.Unit
	}
	if n.kind != call {
		return None
	}
	switch n.op {
	case negate:
		return unitOf(n.args[0])
	case plus, minus:
		return shared(n.args[0], n.args[1])
	case choice:
		return shared(n.args[1], n.args[2])
	case times:
		left, right := factors(n.args[0], n.args[1])
		return max(left, right)
	case quotient, remainder:
		if pure(n.args[1]) || n.op == remainder && unitOf(n.args[0]) == unitOf(n.args[1]) {
			return unitOf(n.args[0])
		}
		return None
	default:
		return None
	}
}

// shared is the unit of two numbers that are added or chosen between.
func shared(a, b *node) Unit {
	switch {
	case pure(a):
		return unitOf(b)
	case pure(b), unitOf(a) == unitOf(b):
		return unitOf(a)
	default:
		return None
	}
}

// factors are the units in which the operands of a product are read.
func factors(a, b *node) (left, right Unit) {
	switch {
	case pure(b):
		return unitOf(a), None
	case pure(a):
		return None, unitOf(b)
	default:
		return None, None
	}
}

// divided are the units in which dividend and divisor are read.
func divided(a, b *node) (left, right Unit) {
	if pure(b) {
		return unitOf(a), None
	}
	return None, None
}

// pure tells whether a number reads no variable.
func pure(n *node) bool { return len(n.names()) == 0 }

// quantity renders a number in a unit, exactly.
func (w words) quantity(number int64, unit Unit) string {
	switch unit {
	case Fen:
		return decimal(number, 2, true) + w.pick("元", " yuan")
	case Bps:
		return decimal(number, 2, false) + "%"
	case Ppm:
		return decimal(number, 4, false) + "%"
	case Grade:
		if number >= 1 && number <= 4 {
			return string(rune('A'+number-1)) + w.pick("级", "")
		}
		return grouped(number)
	case None:
		return grouped(number)
	default:
		return grouped(number) + w.pick("", " ") + w.noun(unit, number)
	}
}

func (w words) noun(unit Unit, number int64) string {
	var zh, one, many string
	switch unit {
	case Points:
		zh, one, many = "分", "point", "points"
	case Days:
		zh, one, many = "天", "day", "days"
	case Periods:
		zh, one, many = "期", "period", "periods"
	case Tranches:
		zh, one, many = "笔", "tranche", "tranches"
	default:
		zh, one, many = "期", "instalment", "instalments"
	}
	if number == 1 {
		many = one
	}
	return w.pick(zh, many)
}

// decimal renders number / 10^places exactly, without idle zeros unless it is
// money with a broken yuan.
func decimal(number int64, places int, money bool) string {
	magnitude := uint64(number)
	sign := ""
	if number < 0 {
		magnitude, sign = -magnitude, "-"
	}
	unit := uint64(1)
	for range places {
		unit *= 10
	}
	fraction := strconv.FormatUint(magnitude%unit+unit, 10)[1:]
	if !money || strings.Trim(fraction, "0") == "" {
		fraction = strings.TrimRight(fraction, "0")
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + thousands(magnitude/unit) + fraction
}

// grouped renders a number with commas between thousands.
func grouped(number int64) string {
	if number < 0 {
		return "-" + thousands(-uint64(number))
	}
	return thousands(uint64(number))
}

func thousands(magnitude uint64) string {
	digits := strconv.FormatUint(magnitude, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
