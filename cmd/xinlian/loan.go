package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/schedule"
)

func loanCommand() *cobra.Command {
	c := &cobra.Command{Use: "loan", Short: "compute what a loan repays and costs"}
	c.AddCommand(loanQuoteCommand())
	return c
}

// quoter is what quote is told.
type quoter struct {
	method, period, dayCount, level, roll string
	start, firstDue, holidays             string
	principal, rateBps, ratePpm           int64
	periods, every, grace                 int64
	upfrontFee, periodFee                 int64
	weights                               []int64
	resets                                []string
	capitalise, unadjusted, asJSON        bool
	rateBpsGiven, ratePpmGiven            bool
}

const quoteLong = `Print the repayment schedule of a loan, its total interest and what it costs a year.
The chain computes the schedules of its loans with the same code. Nothing is sent anywhere.

Money is in fen, rates are nominal yearly rates in basis points or parts per million.

  --method     equal-instalment  level instalments (等额本息)
               equal-principal   equal parts of the principal, interest on the rest (等额本金)
               interest-only     interest each period, the principal at the end (先息后本)
               bullet            principal and simple interest at the end, one row (一次还本付息)
               seasonal          parts of the principal by --weights, one for each period
  --day-count  act365            days of the calendar over 365
               act360            days of the calendar over 360
               30-360            every full month has 30 days, a year 360

Due days keep the day of --start, or of --first-due, and fall back to the last day of months
that are shorter. Interest of a period is rounded half up to the fen, so is the level instalment,
and the last instalment absorbs what rounding left. The level instalment is solved from the days
of each period; --level periods takes the textbook annuity with twelfths of a year instead.

--json prints {"rows": [{"number", "due", "days", "principal", "interest", "fee", "instalment",
"balance"}], "total_principal", "total_interest", "total_fee", "apr_ppm", "apr_bps", "irr_ppm",
"irr_bps", "irr_period_ppm", "xirr_ppm", "xirr_bps"}. APR is the rate of return of a period times
the periods in a year (nominal); IRR is the same with interest on interest (effective a year);
XIRR is effective too, by the days between the due days. All are with fees.`

func loanQuoteCommand() *cobra.Command {
	var q quoter
	c := &cobra.Command{
		Use:   "quote --method METHOD --principal FEN --rate-bps N --periods N --period month|week|day --start DATE --day-count COUNT",
		Short: "print a repayment schedule with APR and IRR",
		Long:  quoteLong,
		Example: `  xinlian loan quote --method equal-instalment --principal 10000000 --rate-bps 720 --periods 12 \
    --period month --start 2026-01-31 --day-count 30-360`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"method", "principal", "periods", "period", "start", "day-count"} {
				if !cmd.Flags().Changed(name) {
					return fmt.Errorf("--%s is missing; see xinlian loan quote --help", name)
				}
			}
			q.rateBpsGiven, q.ratePpmGiven = cmd.Flags().Changed("rate-bps"), cmd.Flags().Changed("rate-ppm")
			return q.run(cmd.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringVar(&q.method, "method", "", "equal-instalment, equal-principal, interest-only, bullet or seasonal")
	f.Int64Var(&q.principal, "principal", 0, "the loan, in fen")
	f.Int64Var(&q.rateBps, "rate-bps", 0, "nominal yearly rate in basis points: 720 is 7.20 %")
	f.Int64Var(&q.ratePpm, "rate-ppm", 0, "the same in parts per million: 72000 is 7.20 %")
	f.Int64Var(&q.periods, "periods", 0, "number of periods")
	f.StringVar(&q.period, "period", "", "unit of a period: month, week or day")
	f.Int64Var(&q.every, "every", 1, "units in a period: 3 with month is a quarter")
	f.StringVar(&q.start, "start", "", "day on which the loan is paid out, YYYY-MM-DD")
	f.StringVar(&q.firstDue, "first-due", "", "first due day, YYYY-MM-DD; one period after the start by default")
	f.StringVar(&q.dayCount, "day-count", "", "act365, act360 or 30-360")
	f.StringVar(&q.level, "level", "days", "level instalment from the days of each period, or from nominal periods: days or periods")
	f.Int64Var(&q.grace, "grace", 0, "first periods that repay no principal")
	f.BoolVar(&q.capitalise, "capitalise", false, "add the interest of grace periods to the principal instead of having it paid")
	f.Int64SliceVar(&q.weights, "weights", nil, "seasonal: weight of the principal of each period, like 0,0,5,0,0,10")
	f.StringArrayVar(&q.resets, "reset", nil, "new rate from a row on, as ROW=PPM; may be repeated")
	f.StringVar(&q.roll, "business-day", "none", "where due days move that are not business days: none, following, modified-following or preceding")
	f.StringVar(&q.holidays, "holidays", "", "file of a calendar: a line `YYYY-MM-DD off` or `YYYY-MM-DD on` each; weekends are off anyway")
	f.BoolVar(&q.unadjusted, "unadjusted", false, "interest runs to the due day before it moves")
	f.Int64Var(&q.upfrontFee, "upfront-fee", 0, "fee kept back when the loan is paid out, in fen")
	f.Int64Var(&q.periodFee, "period-fee", 0, "fee with each instalment, in fen")
	f.BoolVar(&q.asJSON, "json", false, "print JSON")
	return c
}

func (q *quoter) run(out io.Writer) error {
	terms, err := q.terms()
	if err != nil {
		return err
	}
	quote, err := schedule.NewQuote(terms)
	if err != nil {
		return err
	}
	if q.asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(quoteView(terms, quote))
	}
	return printQuote(out, terms, quote)
}

func (q *quoter) terms() (t schedule.Terms, err error) {
	t = schedule.Terms{
		PrincipalFen: q.principal, Weights: q.weights, Unadjusted: q.unadjusted,
		UpfrontFeeFen: q.upfrontFee, PeriodFeeFen: q.periodFee,
	}
	if t.RatePpm, err = q.rate(); err != nil {
		return t, err
	}
	for _, n := range []struct {
		name  string
		value int64
		least int64
		most  int64
		into  *uint32
	}{
		{"periods", q.periods, 1, schedule.PeriodsMax, &t.Periods},
		{"every", q.every, 1, schedule.EveryMax, &t.Every},
		{"grace", q.grace, 0, schedule.PeriodsMax, &t.GracePeriods},
	} {
		if n.value < n.least || n.value > n.most {
			return t, fmt.Errorf("--%s is %d, want %d to %d", n.name, n.value, n.least, n.most)
		}
		*n.into = uint32(n.value)
	}
	if t.Method, err = choice("method", q.method, schedule.EqualInstalment, schedule.EqualPrincipal, schedule.InterestOnly, schedule.Bullet, schedule.Seasonal); err != nil {
		return t, err
	}
	if t.Unit, err = choice("period", q.period, schedule.Month, schedule.Week, schedule.Day); err != nil {
		return t, err
	}
	if t.DayCount, err = choice("day-count", q.dayCount, schedule.Act365, schedule.Act360, schedule.Thirty360); err != nil {
		return t, err
	}
	if t.Level, err = choice("level", q.level, schedule.LevelOfDays, schedule.LevelOfPeriods); err != nil {
		return t, err
	}
	if t.Roll, err = choice("business-day", q.roll, schedule.RollNone, schedule.RollFollowing, schedule.RollModifiedFollowing, schedule.RollPreceding); err != nil {
		return t, err
	}
	if q.capitalise {
		t.Grace = schedule.GraceCapitalised
	}
	if t.Start, err = schedule.ParseDate(q.start); err != nil {
		return t, fmt.Errorf("--start: %w", err)
	}
	if q.firstDue != "" {
		if t.FirstDue, err = schedule.ParseDate(q.firstDue); err != nil {
			return t, fmt.Errorf("--first-due: %w", err)
		}
	}
	if t.Holidays, err = readHolidays(q.holidays); err != nil {
		return t, err
	}
	t.Resets, err = resets(q.resets)
	return t, err
}

// rate is the yearly rate in parts per million, from the one flag that is given.
func (q *quoter) rate() (uint32, error) {
	name, value, unit := "rate-ppm", q.ratePpm, int64(1)
	switch {
	case q.rateBpsGiven && q.ratePpmGiven:
		return 0, errors.New("both --rate-bps and --rate-ppm are given: leave one out")
	case q.rateBpsGiven:
		name, value, unit = "rate-bps", q.rateBps, 100
	case !q.ratePpmGiven:
		return 0, errors.New("the rate is missing: give --rate-bps, or --rate-ppm for parts of a basis point")
	}
	if most := schedule.RatePpmMax / unit; value < 0 || value > most {
		return 0, fmt.Errorf("--%s is %d, want 0 to %d", name, value, most)
	}
	return uint32(value * unit), nil
}

// choice finds the value whose name was typed.
func choice[T fmt.Stringer](flag, typed string, values ...T) (T, error) {
	var names []string
	for _, v := range values {
		if v.String() == typed {
			return v, nil
		}
		names = append(names, v.String())
	}
	var none T
	return none, fmt.Errorf("--%s is %q, want one of %s", flag, typed, strings.Join(names, ", "))
}

func resets(list []string) ([]schedule.Reset, error) {
	var out []schedule.Reset
	for _, text := range list {
		row, rate, ok := strings.Cut(text, "=")
		n, err := strconv.ParseUint(row, 10, 32)
		ppm, err2 := strconv.ParseUint(rate, 10, 32)
		if !ok || err != nil || err2 != nil {
			return nil, fmt.Errorf("--reset is %q, want ROW=PPM, like 7=65000 for 6.5 %% from row 7 on", text)
		}
		out = append(out, schedule.Reset{From: uint32(n), RatePpm: uint32(ppm)})
	}
	return out, nil
}

// holidayBytesMax bounds a file of holidays.
const holidayBytesMax = 1 << 20

func readHolidays(path string) (schedule.Holidays, error) {
	if path == "" {
		return schedule.Holidays{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return schedule.Holidays{}, fmt.Errorf("reading --holidays: %w", err)
	}
	defer f.Close()
	h, err := schedule.ReadHolidays(io.LimitReader(f, holidayBytesMax))
	if err != nil {
		return schedule.Holidays{}, fmt.Errorf("reading --holidays %s: %w", path, err)
	}
	return h, nil
}

type rowView struct {
	Number      uint32 `json:"number"`
	Due         string `json:"due"`
	Days        int64  `json:"days"`
	Principal   int64  `json:"principal"`
	Interest    int64  `json:"interest"`
	Fee         int64  `json:"fee,omitempty"`
	Capitalised int64  `json:"capitalised,omitempty"`
	Instalment  int64  `json:"instalment"`
	Balance     int64  `json:"balance"`
}

type quoteJSON struct {
	Method         string    `json:"method"`
	Principal      int64     `json:"principal"`
	RatePpm        uint32    `json:"rate_ppm"`
	DayCount       string    `json:"day_count"`
	Start          string    `json:"start"`
	Rows           []rowView `json:"rows"`
	TotalPrincipal int64     `json:"total_principal"`
	TotalInterest  int64     `json:"total_interest"`
	TotalFee       int64     `json:"total_fee"`
	AprPpm         int64     `json:"apr_ppm"`
	AprBps         int64     `json:"apr_bps"`
	IrrPpm         int64     `json:"irr_ppm"`
	IrrBps         int64     `json:"irr_bps"`
	IrrPeriodPpm   int64     `json:"irr_period_ppm"`
	XirrPpm        int64     `json:"xirr_ppm"`
	XirrBps        int64     `json:"xirr_bps"`
}

func quoteView(t schedule.Terms, q schedule.Quote) quoteJSON {
	v := quoteJSON{
		Method: t.Method.String(), Principal: t.PrincipalFen, RatePpm: t.RatePpm, DayCount: t.DayCount.String(), Start: t.Start.String(),
		TotalPrincipal: q.PrincipalFen, TotalInterest: q.InterestFen, TotalFee: q.FeeFen,
		AprPpm: q.Cost.AprPpm, AprBps: schedule.Bps(q.Cost.AprPpm), IrrPpm: q.Cost.IrrPpm, IrrBps: schedule.Bps(q.Cost.IrrPpm),
		IrrPeriodPpm: q.Cost.PeriodPpm, XirrPpm: q.Cost.DatedPpm, XirrBps: schedule.Bps(q.Cost.DatedPpm),
	}
	for _, r := range q.Rows {
		v.Rows = append(v.Rows, rowView{
			Number: r.Number, Due: r.Due.String(), Days: r.Days, Principal: r.PrincipalFen, Interest: r.InterestFen, Fee: r.FeeFen,
			Capitalised: r.CapitalisedFen, Instalment: r.InstalmentFen(), Balance: r.BalanceFen,
		})
	}
	return v
}

func printQuote(out io.Writer, t schedule.Terms, q schedule.Quote) error {
	fmt.Fprintf(out, "%s, %d fen at %s %% a year, %s, from %s\n", t.Method, t.PrincipalFen, percent(int64(t.RatePpm)), t.DayCount, t.Start)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "number\tdue\tdays\tprincipal\tinterest\tfee\tinstalment\tbalance\t")
	for _, r := range q.Rows {
		fmt.Fprintf(w, "%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", r.Number, r.Due, r.Days, r.PrincipalFen, r.InterestFen, r.FeeFen, r.InstalmentFen(), r.BalanceFen)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "total interest %d fen, fees %d fen\nAPR %s %% nominal, IRR %s %% effective a year, XIRR %s %% by days\n",
		q.InterestFen, q.FeeFen, percent(q.Cost.AprPpm), percent(q.Cost.IrrPpm), percent(q.Cost.DatedPpm))
	return err
}

// percent writes parts per million as a percentage.
func percent(ppm int64) string { return fmt.Sprintf("%d.%04d", ppm/10_000, ppm%10_000) }
