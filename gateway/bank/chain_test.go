package bank_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/gateway/bank"
	"github.com/xinlian/xinlian/gateway/store"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

// chainLedger is the whole application in this process, by the issuer's admin device.
type chainLedger struct{ c *testkit.Chain }

// asks looks at the newest block: a connection of the kit stays at the one it was made at.
func (l chainLedger) asks() cashv1.QueryClient { return cashv1.NewQueryClient(l.c.Conn()) }

func (l chainLedger) send(m sdk.Msg) error {
	o := l.c.Send(l.c.Settlement.Admin, m)
	if o.Code != 0 {
		return fmt.Errorf("%w: %s/%d: %s", bank.ErrRefused, o.Space, o.Code, o.Log)
	}
	return nil
}

func (l chainLedger) device() string { return wire.Address(l.c.Settlement.Admin) }

func (l chainLedger) Pending(ctx context.Context, issuer uint64) ([]cashv1.Redemption, error) {
	r, err := l.asks().PendingRedemptions(ctx, &cashv1.QueryPendingRedemptionsRequest{IssuerOrgId: issuer})
	return r.GetRedemptions(), err
}

func (l chainLedger) Redemption(ctx context.Context, id uint64) (cashv1.Redemption, error) {
	r, err := l.asks().Redemption(ctx, &cashv1.QueryRedemptionRequest{Id: id})
	return r.GetRedemption(), err
}

func (l chainLedger) Issue(_ context.Context, to uint64, amountFen int64, reference string) error {
	return l.send(&cashv1.MsgIssue{Device: l.device(), OrgId: l.c.Settlement.ID, ToOrgId: to, AmountFen: amountFen, BankReference: reference})
}

func (l chainLedger) Settle(_ context.Context, id uint64, reference string) error {
	return l.send(&cashv1.MsgSettleRedemption{Device: l.device(), OrgId: l.c.Settlement.ID, RedemptionId: id, BankReference: reference})
}

func (l chainLedger) Reject(_ context.Context, id uint64, code string) error {
	return l.send(&cashv1.MsgRejectRedemption{Device: l.device(), OrgId: l.c.Settlement.ID, RedemptionId: id, RejectCode: code})
}

func (l chainLedger) Report(_ context.Context, b bank.Balance) error {
	return l.send(&cashv1.MsgReportBalance{
		Device: l.device(), OrgId: l.c.Settlement.ID, Day: b.Day, BalanceFen: b.BalanceFen,
		UnissuedFen: b.UnissuedFen, UnsettledFen: b.UnsettledFen, StatementHash: b.StatementHash,
	})
}

// Against the real chain, money that comes in becomes deposits, a redemption is paid,
// another comes back, and the bank's closing balance matches to the fen; a fen missing
// differs, and after its days the chain takes no more of this issuer's money.
func TestAgainstTheChain(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	dir := t.TempDir()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	out, in := filepath.Join(dir, "out"), filepath.Join(dir, "in")
	must(os.Mkdir(out, 0o700))
	must(os.Mkdir(in, 0o700))
	s, err := store.Open(ctx, filepath.Join(dir, "gateway.db"), filepath.Join(dir, "seal.key"))
	must(err)
	defer s.Close()
	own, err := bank.ParseAccount("102100099996 99 样本清算行")
	must(err)
	ledger := chainLedger{c: c}
	a := &bank.Adapter{
		OrgID: c.Settlement.ID, Account: own, Keeper: s, Ledger: ledger, Outbox: bank.Folder(out), Inbox: bank.Folder(in),
		Now: c.Now, Log: slog.New(slog.DiscardHandler),
	}
	day := func() string { return c.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly) }
	file := 0
	tell := func(date, closing string, entries ...string) {
		t.Helper()
		file++
		kind, part, balance := "camt.054.001.08", "Ntfctn", ""
		if closing != "" {
			kind, part = "camt.053.001.08", "Stmt"
			balance = `<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">` + closing + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>` + date + `</Dt></Dt></Bal>`
		}
		must(os.WriteFile(filepath.Join(in, fmt.Sprintf("f%d.xml", file)), []byte(fmt.Sprintf(
			`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%s"><B><%s><Acct><Id><Othr><Id>99</Id></Othr></Id></Acct>%s%s</%s></B></Document>`,
			kind, part, balance, strings.Join(entries, ""), part,
		)), 0o600))
		must(a.Step(ctx))
	}
	entry := func(reference, indicator, amount, details string) string {
		return fmt.Sprintf(`<Ntry><Amt Ccy="CNY">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>%s</Dt></BookgDt>
<AcctSvcrRef>%s</AcctSvcrRef><NtryDtls><TxDtls>%s</TxDtls></NtryDtls></Ntry>`, amount, indicator, day(), reference, details)
	}
	named := "<RmtInf><Strd><CdtrRefInf><Ref>" + bank.CreditorReference(c.BankA.ID) + "</Ref></CdtrRefInf></Strd></RmtInf>"
	balance := func(want int64) {
		t.Helper()
		r, err := ledger.asks().Balance(ctx, &cashv1.QueryBalanceRequest{OrgId: c.BankA.ID})
		must(err)
		if r.AmountFen != want {
			open, _ := a.Items(ctx, bank.Open)
			t.Errorf("balance: got %d, want %d; open %+v", r.AmountFen, want, open)
		}
	}

	tell("", "", entry("C1", "CRDT", "100", named))
	balance(100_00)
	hash, err := bank.AddAccount(ctx, s, []byte(strings.Repeat("s", bank.SaltBytes)), "102100099996 6222 样本晴川五金商行")
	must(err)
	for _, amountFen := range []int64{30_00, 20_00} {
		c.Do(c.BankA.Admin, &cashv1.MsgRedeem{
			Device: wire.Address(c.BankA.Admin), OrgId: c.BankA.ID, IssuerOrgId: c.Settlement.ID, AmountFen: amountFen, AccountHash: hash,
		})
	}
	must(a.Step(ctx))
	order, err := os.ReadFile(filepath.Join(out, fmt.Sprintf("XL%d-1.xml", c.Settlement.ID)))
	must(err)
	must(bank.CheckOrder(order))
	tell("", "", entry("D1", "DBIT", "30", "<Refs><EndToEndId>XLR1</EndToEndId></Refs>"),
		entry("D2", "DBIT", "20", "<Refs><EndToEndId>XLR2</EndToEndId></Refs>"))
	tell("", "", entry("R2", "CRDT", "20", "<Refs><EndToEndId>XLR2</EndToEndId></Refs><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"))
	balance(70_00)

	closed := day()
	c.Block(24 * time.Hour)
	tell(closed, "70")
	status := func(wantFen int64, wantStopped bool) {
		t.Helper()
		r, err := ledger.asks().BalanceReports(ctx, &cashv1.QueryBalanceReportsRequest{IssuerOrgId: c.Settlement.ID})
		must(err)
		st, err := ledger.asks().Standing(ctx, &cashv1.QueryStandingRequest{IssuerOrgId: c.Settlement.ID})
		must(err)
		if n := len(r.Reports); n == 0 || r.Reports[n-1].DifferenceFen != wantFen || st.Stopped != wantStopped {
			t.Errorf("reports %v, stopped %v, want a difference of %d, %v", r.Reports, st.Stopped, wantFen, wantStopped)
		}
	}
	status(0, false)
	closed = day()
	c.Block(24 * time.Hour)
	tell(closed, "69.99")
	status(-1, false)
	c.Block(4 * 24 * time.Hour)
	status(-1, true)
	tell("", "", entry("C2", "CRDT", "5", named))
	balance(70_00)
	open, err := a.Items(ctx, bank.Open)
	must(err)
	if len(open) != 1 || open[0].Key != "booking/C2" || open[0].Reason != bank.ReasonRefused {
		t.Errorf("open: %+v", open)
	}
	c.CheckInvariants()
}
