package scorecard

import "github.com/xinlian/xinlian/internal/record"

// FeatureSet2 is the version of the feature set that new scores rest on: the
// features of set 1 under the same numbers, and those below.
const FeatureSet2 = 2

// The features that set 2 has beside those of set 1.
const (
	SalesRecentMonthly = featureCount1 + iota
	SalesHistoryMonthly
	SalesYearGrowth
	SalesIdleDays
	SaleCount
	VoidShare
	RedShare
	PurchasesMonthly
	CustomerConcentration
	CustomerTenure
	CustomerRenewal
	SupplierCount
	SupplierConcentration
	SupplierTenure
	SupplierRenewal
	InflowTrend
	InflowVolatility
	CashLowDays
	FundingTimes
	CollectionDays
	DebtServiceShare
	DebtShare
	DebtOverdueDays
	TaxLateShare
	TaxArrearsShare
	TaxSalesAgreement
	ProfitMargin
	WageVolatility
	UtilityLateShare
	BusinessAge
	LicencesLapsed
	LeaseMonthsLeft
	CourtOpenShare
	CourtSevereCount
	ConfirmedShare
	ConfirmedQuality
	NetworkPartners
	MarketSector
	MarketRegion
	MarketBaseRate
	featureCount2
)

// Clamps of set 2, in their units.
const (
	ageMax    = 1_200         // a hundred years of months
	marketMax = 10 * wholeBps // what the chain admits of an index
)

var (
	purchaseSource   = []string{record.PurchaseInvoice.ID}
	loanSource       = []string{record.OutsideLoan.ID}
	debtSources      = []string{record.BankTransaction.ID, record.OutsideLoan.ID}
	owedSources      = []string{record.OutsideLoan.ID, record.PlatformSales.ID, record.SalesInvoice.ID}
	taxSources       = []string{record.IncomeTaxReturn.ID, record.VATReturn.ID}
	declaredSources  = []string{record.PlatformSales.ID, record.SalesInvoice.ID, record.VATReturn.ID}
	incomeSource     = []string{record.IncomeTaxReturn.ID}
	payrollSource    = []string{record.PayrollSummary.ID}
	utilitySource    = []string{record.UtilityBill.ID}
	licenceSource    = []string{record.Licence.ID}
	leaseSource      = []string{record.Lease.ID}
	courtSource      = []string{record.CourtNotice.ID}
	courtSources     = []string{record.CourtNotice.ID, record.PlatformSales.ID, record.SalesInvoice.ID}
	confirmedSource  = []string{record.Confirmation.ID}
	confirmedSources = []string{record.Confirmation.ID, record.SalesInvoice.ID}
)

// features2 are the features of set 2 beside those of set 1, in index order.
var features2 = [featureCount2 - featureCount1]feature{
	SalesRecentMonthly - featureCount1: {Definition{
		Name: "sales-recent-monthly", Unit: Fen, Direction: HigherBetter, Min: -fenMax, Max: fenMax, Sources: salesSources,
		ZH: "近三月月均净销售额", EN: "Average monthly net sales of the last three months",
		ReasonZH: "近三个月月均净销售额偏低", ReasonEN: "average monthly net sales of the last three months are low",
	}, salesRecentMonthly},
	SalesHistoryMonthly - featureCount1: {Definition{
		Name: "sales-history-monthly", Unit: Fen, Direction: HigherBetter, Min: -fenMax, Max: fenMax, Sources: salesSources,
		ZH: "两年月均净销售额", EN: "Average monthly net sales of two years",
		ReasonZH: "两年来月均净销售额偏低", ReasonEN: "average monthly net sales of the last two years are low",
	}, salesHistoryMonthly},
	SalesYearGrowth - featureCount1: {Definition{
		Name: "sales-year-growth", Unit: BPS, Direction: HigherBetter, Min: -trendMax, Max: trendMax, Sources: salesSources,
		ZH: "剔除季节的同比增长", EN: "Growth over the same months a year before",
		ReasonZH: "近半年销售较去年同期增长不足", ReasonEN: "sales of the last six months grew too little over the same months a year before",
	}, salesYearGrowth},
	SalesIdleDays - featureCount1: {Definition{
		Name: "sales-idle-days", Unit: Days, Direction: LowerBetter, Min: 0, Max: 366, Sources: salesSources,
		ZH: "距最后一笔销售的天数", EN: "Days since the last sale",
		ReasonZH: "距最后一笔销售已久", ReasonEN: "the last sale was too long ago",
	}, salesIdleDays},
	SaleCount - featureCount1: {Definition{
		Name: "sale-count", Unit: Count, Direction: HigherBetter, Min: 0, Max: partyMax, Sources: saleSource,
		ZH: "销项发票张数", EN: "Number of sales invoices",
		ReasonZH: "开出的发票偏少", ReasonEN: "too few sales invoices",
	}, saleCount},
	VoidShare - featureCount1: {Definition{
		Name: "void-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps, Sources: saleSource,
		ZH: "作废发票占比", EN: "Share of void invoices",
		ReasonZH: "作废发票占比偏高", ReasonEN: "too many of the invoices issued were made void",
	}, voidShare},
	RedShare - featureCount1: {Definition{
		Name: "red-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps, Sources: saleSource,
		ZH: "红字金额占比", EN: "Share of red letters",
		ReasonZH: "红字冲销金额占比偏高", ReasonEN: "red letters are a high share of invoiced sales",
	}, redShare},
	PurchasesMonthly - featureCount1: {Definition{
		Name: "purchases-monthly", Unit: Fen, Direction: HigherBetter, Min: -fenMax, Max: fenMax, Sources: purchaseSource,
		ZH: "月均净采购额", EN: "Average monthly net purchases",
		ReasonZH: "月均净采购额偏低", ReasonEN: "average monthly net purchases are low",
	}, purchasesMonthly},
	CustomerConcentration - featureCount1: {Definition{
		Name: "customer-concentration", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps, Sources: saleSource,
		ZH: "客户集中度", EN: "Concentration of customers",
		ReasonZH: "销售集中于少数客户", ReasonEN: "sales are concentrated in few customers",
	}, customerConcentration},
	CustomerTenure - featureCount1: {Definition{
		Name: "customer-tenure", Unit: Months, Direction: HigherBetter, Min: 0, Max: HistoryMonths, Sources: saleSource,
		ZH: "客户合作月数", EN: "Months that customers have been with the firm",
		ReasonZH: "客户合作时间偏短", ReasonEN: "sales rest on customers of short standing",
	}, customerTenure},
	CustomerRenewal - featureCount1: {Definition{
		Name: "customer-renewal", Unit: BPS, Direction: HigherBetter, Min: 0, Max: wholeBps, Sources: saleSource,
		ZH: "客户续购率", EN: "Share of the earlier year's customers that stayed",
		ReasonZH: "去年的客户流失偏多", ReasonEN: "too many customers of the earlier year left",
	}, customerRenewal},
	SupplierCount - featureCount1: {Definition{
		Name: "supplier-count", Unit: Count, Direction: HigherBetter, Min: 0, Max: partyMax, Sources: purchaseSource,
		ZH: "供应商数", EN: "Number of suppliers",
		ReasonZH: "供应商数量偏少", ReasonEN: "too few suppliers",
	}, supplierCount},
	SupplierConcentration - featureCount1: {Definition{
		Name: "supplier-concentration", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps, Sources: purchaseSource,
		ZH: "供应商集中度", EN: "Concentration of suppliers",
		ReasonZH: "采购集中于少数供应商", ReasonEN: "purchases are concentrated in few suppliers",
	}, supplierConcentration},
	SupplierTenure - featureCount1: {Definition{
		Name: "supplier-tenure", Unit: Months, Direction: HigherBetter, Min: 0, Max: HistoryMonths, Sources: purchaseSource,
		ZH: "供应商合作月数", EN: "Months that suppliers have been with the firm",
		ReasonZH: "供应商合作时间偏短", ReasonEN: "purchases rest on suppliers of short standing",
	}, supplierTenure},
	SupplierRenewal - featureCount1: {Definition{
		Name: "supplier-renewal", Unit: BPS, Direction: HigherBetter, Min: 0, Max: wholeBps, Sources: purchaseSource,
		ZH: "供应商续供率", EN: "Share of the earlier year's suppliers that stayed",
		ReasonZH: "去年的供应商流失偏多", ReasonEN: "too many suppliers of the earlier year left",
	}, supplierRenewal},
	InflowTrend - featureCount1: {Definition{
		Name: "inflow-trend", Unit: BPS, Direction: HigherBetter, Min: -trendMax, Max: trendMax, Sources: moveSource,
		ZH: "流入趋势（后半年比前半年）", EN: "Inflow trend, last six months against the six before",
		ReasonZH: "近半年银行流入增长不足", ReasonEN: "bank inflow grew too little or fell over the last six months",
	}, inflowTrend},
	InflowVolatility - featureCount1: {Definition{
		Name: "inflow-volatility", Unit: BPS, Direction: LowerBetter, Min: 0, Max: trendMax, Sources: moveSource,
		ZH: "流入波动", EN: "Inflow volatility",
		ReasonZH: "各月银行流入起伏偏大", ReasonEN: "monthly bank inflow varies too much",
	}, inflowVolatility},
	CashLowDays - featureCount1: {Definition{
		Name: "cash-low-days", Unit: Days, Direction: LowerBetter, Min: 0, Max: 366, Sources: bankSources,
		ZH: "现金紧张天数", EN: "Days with less than a week's payments in cash",
		ReasonZH: "账上现金不足一周支出的天数偏多", ReasonEN: "cash was below a week's payments on too many days",
	}, cashLowDays},
	FundingTimes - featureCount1: {Definition{
		Name: "funding-times", Unit: Count, Direction: LowerBetter, Min: 0, Max: 366, Sources: moveSource,
		ZH: "借款或注资次数", EN: "Times that loans or capital came in",
		ReasonZH: "靠借款或注资补充资金的次数偏多", ReasonEN: "loans or capital had to come in too often",
	}, fundingTimes},
	CollectionDays - featureCount1: {Definition{
		Name: "collection-days", Unit: Days, Direction: LowerBetter, Min: 0, Max: lateMax, Optional: true, Sources: saleSource,
		ZH: "回款天数", EN: "Days from invoice to payment",
		ReasonZH: "从开票到回款的天数偏长", ReasonEN: "customers take long to pay",
	}, collectionDays},
	DebtServiceShare - featureCount1: {Definition{
		Name: "debt-service-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: trendMax, Sources: debtSources,
		ZH: "还贷占流入比", EN: "Debt service over inflow",
		ReasonZH: "还本付息占银行流入比例偏高", ReasonEN: "instalments on loans take a high share of inflow",
	}, debtServiceShare},
	DebtShare - featureCount1: {Definition{
		Name: "debt-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: trendMax, Sources: owedSources,
		ZH: "负债占销售比", EN: "Outside debt over yearly sales",
		ReasonZH: "外部负债相对销售额偏高", ReasonEN: "outside debt is high against sales",
	}, debtShare},
	DebtOverdueDays - featureCount1: {Definition{
		Name: "debt-overdue-days", Unit: Days, Direction: LowerBetter, Min: 0, Max: 10 * lateMax, Sources: loanSource,
		ZH: "贷款逾期天数", EN: "Days overdue on outside loans",
		ReasonZH: "外部贷款有逾期", ReasonEN: "outside loans are overdue",
	}, debtOverdueDays},
	TaxLateShare - featureCount1: {Definition{
		Name: "tax-late-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps, Optional: true, Sources: taxSources,
		ZH: "逾期申报缴税占比", EN: "Share of tax returns filed or paid late",
		ReasonZH: "逾期申报或缴税偏多", ReasonEN: "too many tax returns were filed or paid late",
	}, taxLateShare},
	TaxArrearsShare - featureCount1: {Definition{
		Name: "tax-arrears-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps, Optional: true, Sources: taxSources,
		ZH: "欠税占比", EN: "Tax in arrears over tax due",
		ReasonZH: "欠税占应纳税额比例偏高", ReasonEN: "tax in arrears is a high share of tax due",
	}, taxArrearsShare},
	TaxSalesAgreement - featureCount1: {Definition{
		Name: "tax-sales-agreement", Unit: BPS, Direction: HigherBetter, Min: 0, Max: wholeBps, Sources: declaredSources,
		ZH: "申报与开票吻合度", EN: "Agreement of declared and invoiced sales",
		ReasonZH: "申报销售额与开票对不上", ReasonEN: "sales declared for tax and sales invoiced disagree",
	}, taxSalesAgreement},
	ProfitMargin - featureCount1: {Definition{
		Name: "profit-margin", Unit: BPS, Direction: HigherBetter, Min: -wholeBps, Max: wholeBps, Sources: incomeSource,
		ZH: "申报利润率", EN: "Profit declared over revenue",
		ReasonZH: "申报利润率偏低", ReasonEN: "the declared profit margin is thin",
	}, profitMargin},
	WageVolatility - featureCount1: {Definition{
		Name: "wage-volatility", Unit: BPS, Direction: LowerBetter, Min: 0, Max: trendMax, Sources: payrollSource,
		ZH: "工资波动", EN: "Volatility of wages",
		ReasonZH: "各月工资发放起伏偏大", ReasonEN: "monthly wages vary too much",
	}, wageVolatility},
	UtilityLateShare - featureCount1: {Definition{
		Name: "utility-late-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: wholeBps, Optional: true, Sources: utilitySource,
		ZH: "水电费逾期占比", EN: "Share of utility bills paid late",
		ReasonZH: "水电费逾期缴纳偏多", ReasonEN: "too many utility bills were paid late",
	}, utilityLateShare},
	BusinessAge - featureCount1: {Definition{
		Name: "business-age", Unit: Months, Direction: HigherBetter, Min: 0, Max: ageMax, Sources: licenceSource,
		ZH: "经营月数", EN: "Months since the business licence",
		ReasonZH: "经营时间偏短", ReasonEN: "the business is young",
	}, businessAge},
	LicencesLapsed - featureCount1: {Definition{
		Name: "licences-lapsed", Unit: Count, Direction: LowerBetter, Min: 0, Max: partyMax, Sources: licenceSource,
		ZH: "失效证照数", EN: "Licences lapsed or revoked",
		ReasonZH: "有证照到期或被吊销", ReasonEN: "licences have lapsed or were revoked",
	}, licencesLapsed},
	LeaseMonthsLeft - featureCount1: {Definition{
		Name: "lease-months-left", Unit: Months, Direction: HigherBetter, Min: 0, Max: ageMax, Sources: leaseSource,
		ZH: "租期剩余月数", EN: "Months left of the lease",
		ReasonZH: "经营场所租期即将到期", ReasonEN: "the lease of the premises ends soon",
	}, leaseMonthsLeft},
	CourtOpenShare - featureCount1: {Definition{
		Name: "court-open-share", Unit: BPS, Direction: LowerBetter, Min: 0, Max: trendMax, Sources: courtSources,
		ZH: "未结被诉金额占比", EN: "Claims against the firm over yearly sales",
		ReasonZH: "未结案件金额相对销售额偏高", ReasonEN: "open claims against the firm are high against its sales",
	}, courtOpenShare},
	CourtSevereCount - featureCount1: {Definition{
		Name: "court-severe-count", Unit: Count, Direction: LowerBetter, Min: 0, Max: partyMax, Sources: courtSource,
		ZH: "执行失信处罚数", EN: "Enforcements, listings and penalties",
		ReasonZH: "有执行、失信或处罚记录", ReasonEN: "there are enforcements, listings or penalties",
	}, courtSevereCount},
	ConfirmedShare - featureCount1: {Definition{
		Name: "confirmed-share", Unit: BPS, Direction: HigherBetter, Min: 0, Max: wholeBps, Optional: true, Sources: confirmedSources,
		ZH: "对方账上已确认销售占比", EN: "Share of sales confirmed by the customer's own records",
		ReasonZH: "经客户自己账目确认的销售占比偏低", ReasonEN: "too little of the sales is confirmed by the customers' own records",
	}, confirmedShare},
	ConfirmedQuality - featureCount1: {Definition{
		Name: "confirmed-quality", Unit: BPS, Direction: HigherBetter, Min: 0, Max: wholeBps, Optional: true, Sources: confirmedSource,
		ZH: "确认方质量", EN: "Quality of the counterparties that confirm",
		ReasonZH: "确认销售的客户质量偏低", ReasonEN: "the counterparties that confirm sales are of low quality",
	}, confirmedQuality},
	NetworkPartners - featureCount1: {Definition{
		Name: "network-partners", Unit: Count, Direction: HigherBetter, Min: 0, Max: partyMax, Optional: true, Sources: confirmedSource,
		ZH: "网内交易伙伴数", EN: "Trading partners in the network",
		ReasonZH: "网内有往来的企业偏少", ReasonEN: "few enterprises of the network trade with the firm",
	}, networkPartners},
	MarketSector - featureCount1: {Definition{
		Name: "market-sector", Unit: BPS, Direction: HigherBetter, Min: -marketMax, Max: marketMax, Sources: licenceSource,
		ZH: "行业指数", EN: "Index of the sector",
		ReasonZH: "所在行业景气偏弱", ReasonEN: "the sector's index is weak",
	}, marketSector},
	MarketRegion - featureCount1: {Definition{
		Name: "market-region", Unit: BPS, Direction: HigherBetter, Min: -marketMax, Max: marketMax, Sources: licenceSource,
		ZH: "地区指数", EN: "Index of the region",
		ReasonZH: "所在地区景气偏弱", ReasonEN: "the region's index is weak",
	}, marketRegion},
	MarketBaseRate - featureCount1: {Definition{
		Name: "market-base-rate", Unit: BPS, Direction: LowerBetter, Min: -marketMax, Max: marketMax,
		ZH: "基准利率", EN: "Base rate",
		ReasonZH: "市场基准利率偏高", ReasonEN: "the market's base rate is high",
	}, marketBaseRate},
}
