package scorecard

// Reach is how far a firm can move a feature in its better direction within about
// two quarters, by doing something: the greater of an absolute step and a share of
// the present value. The zero Reach is for what no effort moves in that time: age,
// history, the market. They are judgements, kept together so that they can be
// argued with, and decide only what is suggested, never a score.
type Reach struct {
	By       int64 // in the feature's unit
	ShareBps int64 // of the present value's size
}

// reaches are by index in feature set 2, of which set 1 is the beginning.
var reaches = [...]Reach{
	SalesMonthly:        {ShareBps: 3_000},
	SalesTrend:          {By: 2_000},
	SalesVolatility:     {By: 1_500},
	SalesActiveMonths:   {By: 3},
	ReturnsShare:        {By: 500},
	CustomerTopShare:    {By: 1_500},
	CustomerCount:       {By: 3, ShareBps: 3_000},
	CustomerRepeatShare: {By: 1_500},
	SupplierTopShare:    {By: 1_500},
	GrossMargin:         {By: 500},
	InflowMonthly:       {ShareBps: 3_000},
	InflowAgreement:     {By: 2_000},
	CashBufferDays:      {By: 15, ShareBps: 5_000},
	OverdraftDays:       {By: 30},
	LateCollectionDays:  {By: 15, ShareBps: 3_000},
	NetCashMonthly:      {ShareBps: 3_000},

	SalesRecentMonthly:    {ShareBps: 3_000},
	SalesHistoryMonthly:   {},
	SalesYearGrowth:       {By: 2_000},
	SalesIdleDays:         {By: 60},
	SaleCount:             {By: 20, ShareBps: 3_000},
	VoidShare:             {By: 300},
	RedShare:              {By: 300},
	PurchasesMonthly:      {ShareBps: 3_000},
	CustomerConcentration: {By: 1_500},
	CustomerTenure:        {},
	CustomerRenewal:       {},
	SupplierCount:         {By: 3, ShareBps: 3_000},
	SupplierConcentration: {By: 1_500},
	SupplierTenure:        {},
	SupplierRenewal:       {},
	InflowTrend:           {By: 2_000},
	InflowVolatility:      {By: 1_500},
	CashLowDays:           {By: 60},
	FundingTimes:          {By: 3},
	CollectionDays:        {By: 15, ShareBps: 3_000},
	DebtServiceShare:      {By: 1_000},
	DebtShare:             {By: 1_500},
	DebtOverdueDays:       {By: 180},
	TaxLateShare:          {By: 3_000},
	TaxArrearsShare:       {By: 5_000},
	TaxSalesAgreement:     {By: 1_000},
	ProfitMargin:          {},
	WageVolatility:        {By: 1_500},
	UtilityLateShare:      {By: 3_000},
	BusinessAge:           {},
	LicencesLapsed:        {By: 3},
	LeaseMonthsLeft:       {By: 36},
	CourtOpenShare:        {By: 1_000},
	CourtSevereCount:      {},
	ConfirmedShare:        {By: 3_000},
	ConfirmedQuality:      {},
	NetworkPartners:       {By: 3},
	MarketSector:          {},
	MarketRegion:          {},
	MarketBaseRate:        {},
}

// ReachOf is the reach of a feature by its index; zero where it cannot be moved or
// is not known.
func ReachOf(feature int) Reach {
	if feature < 0 || feature >= len(reaches) {
		return Reach{}
	}
	return reaches[feature]
}

// Step is the greatest change of a present value, 0 for none.
func (r Reach) Step(v int64) int64 {
	return max(r.By, ratio(absolute(v), r.ShareBps, wholeBps))
}

// Range is how far a present value can be moved, in the feature's better direction
// and within what it can be; equal ends where it cannot.
func (d *Definition) Range(feature int, v int64) (from, to int64) {
	step := ReachOf(feature).Step(v)
	if d.Direction == LowerBetter {
		return max(v-step, min(d.Min, v)), v
	}
	return v, min(v+step, max(d.Max, v))
}
