package scorecard

import "github.com/xinlian/xinlian/internal/record"

// FeatureSet1 is the version of the first feature set. A change of any rule
// takes a new version; old models keep the old one.
const FeatureSet1 = 1

// The features of set 1 by index. A model, a commitment and a circuit name a
// feature by this number.
const (
	SalesMonthly = iota
	SalesTrend
	SalesVolatility
	SalesActiveMonths
	ReturnsShare
	CustomerTopShare
	CustomerCount
	CustomerRepeatShare
	SupplierTopShare
	GrossMargin
	InflowMonthly
	InflowAgreement
	CashBufferDays
	OverdraftDays
	LateCollectionDays
	NetCashMonthly
	featureCount1
)

// Unit is what a feature counts.
type Unit uint8

// The units of features.
const (
	Fen    Unit = 1 // money
	BPS    Unit = 2 // hundredths of a percent
	Days   Unit = 3
	Months Unit = 4
	Count  Unit = 5
)

// Direction says which way a feature is good for the borrower. Training keeps
// the points monotone in it, so that doing better never costs points.
type Direction int8

// The directions of features.
const (
	HigherBetter Direction = 1
	LowerBetter  Direction = -1
)

// Definition documents one feature: the table that the portal, the training
// report and the README show. Its formula is the function of the same index.
type Definition struct {
	Name      string
	Unit      Unit
	Direction Direction
	Min, Max  int64    // a computed value is clamped to these
	Optional  bool     // rests on fields that its source may leave empty
	Sources   []string // schema ids, any of which may be absent
	ZH, EN    string   // name for people
	ReasonZH  string   // why it cost points
	ReasonEN  string
}

// Clamps of features, in their units.
const (
	fenMax    = FeatureBound - 1
	wholeBps  = 10_000
	trendMax  = 10 * wholeBps // a book that grew elevenfold
	bufferMax = 3_650         // ten years of outflow
	lateMax   = 365           // one late invoice counts at most a year
	partyMax  = RecordsMax
)

var (
	salesSources = []string{record.SalesInvoice.ID, record.PlatformSales.ID}
	saleSource   = []string{record.SalesInvoice.ID}
	tradeSources = []string{record.PlatformSales.ID, record.PurchaseInvoice.ID, record.SalesInvoice.ID}
	moveSource   = []string{record.BankTransaction.ID}
	bankSources  = []string{record.BankBalance.ID, record.BankTransaction.ID}
)

// features1 are the features of set 1 in index order.
var features1 = [featureCount1]feature{
	SalesMonthly: {Definition{
		Name: "sales-monthly", Unit: Fen, Direction: HigherBetter, Min: -fenMax, Max: fenMax, Sources: salesSources,
		ZH: "月均净销售额", EN: "Average monthly net sales",
		ReasonZH: "月均净销售额偏低", ReasonEN: "average monthly net sales are low",
	}, salesMonthly},
	SalesTrend: {Definition{
		Name: "sales-trend", Unit: BPS, Direction: HigherBetter, Min: -trendMax, Max: trendMax, Sources: salesSources,
		ZH: "销售趋势（后半年比前半年）", EN: "Sales trend, last six months against the six before",
		ReasonZH: "近半年销售增长不足", ReasonEN: "sales grew too little or fell over the last six months",
	}, salesTrend},
	SalesVolatility: {Definition{
		Name: "sales-volatility", Unit: BPS, Direction: LowerBetter, Min: 0, Max: trendMax, Sources: salesSources,
		ZH: "销售波动", EN: "Sales volatility",
		ReasonZH: "各月销售起伏偏大", ReasonEN: "monthly sales vary too much",
	}, salesVolatility},
	SalesActiveMonths: {Definition{
		Name: "sales-active-months", Unit: Months, Direction: HigherBetter, Min: 0, Max: WindowMonths, Sources: salesSources,
		ZH: "有销售的月数", EN: "Months with sales",
		ReasonZH: "有销售的月份偏少", ReasonEN: "too few months with sales",
	}, salesActiveMonths},
	ReturnsShare: {Definition{
		Name: "returns-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps, Sources: salesSources,
		ZH: "退货作废占比", EN: "Share of returns, voids and refunds",
		ReasonZH: "红字、作废和退款占比偏高", ReasonEN: "red letters, voids and refunds are a high share of sales",
	}, returnsShare},
	CustomerTopShare: {Definition{
		Name: "customer-top-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps, Sources: saleSource,
		ZH: "第一大客户占比", EN: "Share of the largest customer",
		ReasonZH: "销售过于依赖一个客户", ReasonEN: "sales depend too much on one customer",
	}, customerTopShare},
	CustomerCount: {Definition{
		Name: "customer-count", Unit: Count, Direction: HigherBetter, Min: 0, Max: partyMax, Sources: saleSource,
		ZH: "客户数", EN: "Number of customers",
		ReasonZH: "客户数量偏少", ReasonEN: "too few customers",
	}, customerCount},
	CustomerRepeatShare: {Definition{
		Name: "customer-repeat-share", Unit: BPS, Direction: HigherBetter, Min: 0, Max: wholeBps, Sources: saleSource,
		ZH: "回头客占比", EN: "Share of returning customers",
		ReasonZH: "回头客占比偏低", ReasonEN: "too few customers buy in more than one month",
	}, customerRepeatShare},
	SupplierTopShare: {Definition{
		Name: "supplier-top-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps,
		Sources: []string{record.PurchaseInvoice.ID},
		ZH:      "第一大供应商占比", EN: "Share of the largest supplier",
		ReasonZH: "采购过于依赖一个供应商", ReasonEN: "purchases depend too much on one supplier",
	}, supplierTopShare},
	GrossMargin: {Definition{
		Name: "gross-margin", Unit: BPS, Direction: HigherBetter, Min: -wholeBps, Max: wholeBps, Sources: tradeSources,
		ZH: "进销差率", EN: "Margin of sales over purchases",
		ReasonZH: "销售与采购之间的差额偏小", ReasonEN: "the margin of sales over purchases is thin",
	}, grossMargin},
	InflowMonthly: {Definition{
		Name: "inflow-monthly", Unit: Fen, Direction: HigherBetter, Min: -fenMax, Max: fenMax, Sources: moveSource,
		ZH: "月均银行流入", EN: "Average monthly bank inflow",
		ReasonZH: "月均银行流入偏低", ReasonEN: "average monthly bank inflow is low",
	}, inflowMonthly},
	InflowAgreement: {Definition{
		Name: "inflow-agreement", Unit: BPS, Direction: HigherBetter, Min: 0, Max: wholeBps,
		Sources: []string{record.BankTransaction.ID, record.PlatformSales.ID, record.SalesInvoice.ID},
		ZH:      "流水与销售吻合度", EN: "Agreement of inflow and sales",
		ReasonZH: "银行流入与销售额对不上", ReasonEN: "bank inflow and sales disagree",
	}, inflowAgreement},
	CashBufferDays: {Definition{
		Name: "cash-buffer-days", Unit: Days, Direction: HigherBetter, Min: -bufferMax, Max: bufferMax, Sources: bankSources,
		ZH: "现金缓冲天数", EN: "Days of outflow held in cash",
		ReasonZH: "账上现金可支撑的天数偏少", ReasonEN: "cash covers too few days of outflow",
	}, cashBufferDays},
	OverdraftDays: {Definition{
		Name: "overdraft-days", Unit: Days, Direction: LowerBetter, Min: 0, Max: 366, Sources: bankSources,
		ZH: "透支天数", EN: "Days overdrawn",
		ReasonZH: "账户透支天数偏多", ReasonEN: "an account was overdrawn on too many days",
	}, overdraftDays},
	LateCollectionDays: {Definition{
		Name: "late-collection-days", Unit: Days, Direction: LowerBetter, Min: 0, Max: lateMax, Optional: true, Sources: saleSource,
		ZH: "回款逾期天数", EN: "Days that customers pay late",
		ReasonZH: "客户回款偏晚", ReasonEN: "customers pay late",
	}, lateCollectionDays},
	NetCashMonthly: {Definition{
		Name: "net-cash-monthly", Unit: Fen, Direction: HigherBetter, Min: -fenMax, Max: fenMax, Sources: moveSource,
		ZH: "月均净现金流（分红前）", EN: "Average monthly net cash flow before dividends",
		ReasonZH: "月均净现金流偏低", ReasonEN: "average monthly net cash flow before dividends is low",
	}, netCashMonthly},
}

// clamp keeps v inside the definition's bounds.
func (d *Definition) clamp(v int64) int64 { return min(max(v, d.Min), d.Max) }
