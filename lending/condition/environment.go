package condition

import (
	"cmp"
	"slices"
)

// Type is the type of a value.
type Type uint8

// The types. A list occurs only on the right of `in`.
const (
	Bool Type = iota + 1
	Int
	Text
)

// String is the type's name in CEL.
func (t Type) String() string {
	switch t {
	case Bool:
		return "bool"
	case Int:
		return "int"
	case Text:
		return "string"
	default:
		return "none"
	}
}

// Unit is what an integer counts.
type Unit uint8

// The units. A plain number has none.
const (
	None Unit = iota
	Fen
	Bps
	Ppm
	Points
	Days
	Periods
	Instalments
	Tranches
	Grade
)

// Stage is the moment at which a condition is asked, which fixes what is known.
type Stage uint8

// The stages: when an application is decided, and while a loan runs.
const (
	Underwriting Stage = iota + 1
	Servicing
)

// String names the stage in documents and errors.
func (s Stage) String() string {
	if s == Underwriting {
		return "underwriting"
	}
	return "servicing"
}

// Variable is one name that conditions may read.
type Variable struct {
	// Name is what an expression writes, group and field.
	Name string
	Type Type
	Unit Unit
	// Min and Max bound an integer: no value outside is ever given.
	Min, Max int64
	// Among lists the values of a string that the chain itself fixes, ascending; empty for any.
	Among []string
	// Stages tells when it is known.
	Stages []Stage
	// Zh and En name it in the words of a contract.
	Zh, En string
	// Counted is set for a number of things that happened: "at least 3 instalments
	// were paid on time" and not "the number of instalments is at least 3".
	Counted bool
	// One is the English form of a counted name for a single thing.
	One string
	// ZhNot and EnNot say that a boolean is false.
	ZhNot, EnNot string
}

// Bounds of the values. Money is bounded by what a pool may hold.
const (
	fenMax     = 1_000_000_000_000_000
	pointsMax  = 1_000_000
	countMax   = 240
	dayMax     = 36_500
	bpsMax     = 1_000_000
	periodsMax = 60
)

var (
	both         = []Stage{Underwriting, Servicing}
	underwriting = []Stage{Underwriting}
	servicing    = []Stage{Servicing}
)

// variables is the environment, in ascending order of name. It is part of
// consensus: a name keeps its meaning for ever, and names are only added.
var variables = []Variable{
	{Name: "applicant.outstanding_fen", Type: Int, Unit: Fen, Max: fenMax, Stages: both, Zh: "在各贷款方的未还本金", En: "what is owed to all lenders"},
	{Name: "applicant.reserved_fen", Type: Int, Unit: Fen, Max: fenMax, Stages: both, Zh: "已承诺未放款的金额", En: "what is promised and not yet paid out"},
	{Name: "applicant.written_off_fen", Type: Int, Unit: Fen, Max: fenMax, Stages: both, Zh: "被核销的金额", En: "what was written off before"},
	{Name: "growth.capacity_bps", Type: Int, Unit: Bps, Min: -10_000, Max: bpsMax, Stages: servicing, Zh: "月偿付能力自放款决定以来的增长", En: "the growth of the monthly capacity since the decision"},
	{Name: "growth.measured", Type: Bool, Stages: servicing, Zh: "有更新的评分", En: "there is a newer score", ZhNot: "没有更新的评分", EnNot: "there is no newer score"},
	{Name: "growth.points", Type: Int, Unit: Points, Min: -pointsMax, Max: pointsMax, Stages: servicing, Zh: "评分自放款决定以来的变化", En: "the change of the score since the decision"},
	{Name: "loan.amount_fen", Type: Int, Unit: Fen, Min: 1, Max: 1_000_000_000_000, Stages: both, Zh: "贷款金额", En: "the amount of the loan"},
	{Name: "loan.outstanding_fen", Type: Int, Unit: Fen, Max: fenMax, Stages: servicing, Zh: "本笔贷款的未还本金", En: "what is owed on this loan"},
	{Name: "loan.period_unit", Type: Text, Among: []string{"month", "week"}, Stages: both, Zh: "每期时长", En: "the length of a period"},
	{Name: "loan.periods", Type: Int, Unit: Periods, Min: 1, Max: periodsMax, Stages: both, Zh: "期限", En: "the term"},
	{Name: "loan.tranches_released", Type: Int, Unit: Tranches, Min: 1, Max: 4, Stages: servicing, Counted: true, Zh: "已放款", En: "tranches were paid out", One: "tranche was paid out"},
	{Name: "market.index", Type: Text, Stages: both, Zh: "参考利率", En: "the market index"},
	{Name: "market.index_bps", Type: Int, Unit: Bps, Min: -10_000, Max: 10_000, Stages: both, Zh: "参考利率的数值", En: "the market index's value"},
	{Name: "market.index_live", Type: Bool, Stages: both, Zh: "参考利率有效", En: "the market index is up to date", ZhNot: "参考利率已过期", EnNot: "the market index is out of date"},
	{Name: "performance.days_late", Type: Int, Unit: Days, Max: dayMax, Stages: servicing, Zh: "当前最长逾期", En: "the longest current delay"},
	{Name: "performance.late", Type: Int, Unit: Instalments, Max: countMax, Stages: servicing, Counted: true, Zh: "曾逾期", En: "instalments were late", One: "instalment was late"},
	{Name: "performance.on_time", Type: Int, Unit: Instalments, Max: countMax, Stages: servicing, Counted: true, Zh: "已按时还款", En: "instalments were paid on time", One: "instalment was paid on time"},
	{Name: "performance.overdue_fen", Type: Int, Unit: Fen, Max: fenMax, Stages: servicing, Zh: "当前逾期金额", En: "what is overdue now"},
	{Name: "quality.grade", Type: Int, Unit: Grade, Min: 1, Max: 4, Stages: both, Zh: "数据质量等级", En: "the data quality"},
	{Name: "schedule.instalment_fen", Type: Int, Unit: Fen, Max: fenMax, Stages: underwriting, Zh: "按申请金额计算的最大一期还款", En: "the largest instalment of the amount asked for"},
	{Name: "schedule.instalments_left", Type: Int, Unit: Instalments, Max: countMax, Stages: servicing, Counted: true, Zh: "尚未还清", En: "instalments are left", One: "instalment is left"},
	{Name: "schedule.instalments_paid", Type: Int, Unit: Instalments, Max: countMax, Stages: servicing, Counted: true, Zh: "已还清", En: "instalments were paid", One: "instalment was paid"},
	{Name: "score.capacity_fen", Type: Int, Unit: Fen, Max: fenMax, Stages: both, Zh: "月偿付能力", En: "the monthly capacity"},
	{Name: "score.pd_ppm", Type: Int, Unit: Ppm, Max: 1_000_000, Stages: both, Zh: "违约概率", En: "the probability of default"},
	{Name: "score.points", Type: Int, Unit: Points, Min: -pointsMax, Max: pointsMax, Stages: both, Zh: "评分", En: "the score"},
}

// Variables lists what conditions of a stage may read, in order of name.
func Variables(s Stage) []Variable {
	var list []Variable
	for _, v := range variables {
		if slices.Contains(v.Stages, s) {
			list = append(list, v)
		}
	}
	return list
}

// lookup finds a variable of a stage.
func lookup(s Stage, name string) (Variable, bool) {
	i, found := slices.BinarySearchFunc(variables, name, func(v Variable, name string) int { return cmp.Compare(v.Name, name) })
	if !found || !slices.Contains(variables[i].Stages, s) {
		return Variable{}, false
	}
	return variables[i], true
}
