package bank

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/store"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

const (
	issuer = uint64(7)
	shop   = uint64(42)
)

// noon is a day's noon in Shanghai; today counts its day.
var (
	noon  = time.Date(2026, 3, 10, 4, 0, 0, 0, time.UTC)
	today = noon.Unix() / 86400
)

var errKilled = errors.New("killed")

// fuse kills at a chosen step, before or after it is carried out; nothing works then.
type fuse struct {
	left  int
	after bool
	blown bool
	steps int
}

func (f *fuse) step(do func() error) error {
	if f.blown {
		return errKilled
	}
	f.steps++
	if f.left--; f.left >= 0 {
		return do()
	}
	f.blown = true
	if f.after {
		_ = do()
	}
	return errKilled
}

// ledger keeps the rules of x/cash that an adapter can break, in memory.
type ledger struct {
	redemptions []cashv1.Redemption
	issued      map[string]string // reference → what for
	reports     []Balance
	refuse      bool // issuances
	echo        bool // a settlement goes through, and the answer is a refusal of its repetition
}

func (l *ledger) redeem(org uint64, amountFen int64, hash []byte) uint64 {
	id := uint64(len(l.redemptions)) + 1
	l.redemptions = append(l.redemptions, cashv1.Redemption{
		Id: id, OrgId: org, IssuerOrgId: issuer, AmountFen: amountFen, AccountHash: hash,
		Status: cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING,
	})
	return id
}

func (l *ledger) Pending(_ context.Context, of uint64) ([]cashv1.Redemption, error) {
	var list []cashv1.Redemption
	for _, r := range l.redemptions {
		if r.IssuerOrgId == of && r.Status == cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING {
			list = append(list, r)
		}
	}
	return list, nil
}

func (l *ledger) Redemption(_ context.Context, id uint64) (cashv1.Redemption, error) {
	if id < 1 || id > uint64(len(l.redemptions)) {
		return cashv1.Redemption{}, nil
	}
	return l.redemptions[id-1], nil
}

func (l *ledger) Issue(_ context.Context, to uint64, amountFen int64, reference string) error {
	content := fmt.Sprintf("%d fen to %d", amountFen, to)
	if before, ok := l.issued[reference]; l.refuse || ok && before != content {
		return fmt.Errorf("%w: cash/6", ErrRefused)
	}
	l.issued[reference] = content
	return nil
}

func (l *ledger) end(id uint64, change func(r *cashv1.Redemption)) error {
	r := &l.redemptions[id-1]
	if r.Status != cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING {
		return fmt.Errorf("%w: cash/12", ErrRefused)
	}
	change(r)
	return nil
}

func (l *ledger) Settle(_ context.Context, id uint64, reference string) error {
	err := l.end(id, func(r *cashv1.Redemption) {
		r.Status, r.BankReference = cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED, reference
	})
	if l.echo {
		return fmt.Errorf("%w: cash/12", ErrRefused)
	}
	return err
}

func (l *ledger) Reject(_ context.Context, id uint64, code string) error {
	return l.end(id, func(r *cashv1.Redemption) {
		r.Status, r.RejectCode = cashv1.RedemptionStatus_REDEMPTION_STATUS_REJECTED, code
	})
}

func (l *ledger) Report(_ context.Context, b Balance) error {
	if n := len(l.reports); n > 0 && l.reports[n-1].Day > b.Day {
		return fmt.Errorf("%w: cash/23", ErrRefused)
	}
	if n := len(l.reports); n > 0 && l.reports[n-1].Day == b.Day {
		l.reports = l.reports[:n-1]
	}
	l.reports = append(l.reports, b)
	return nil
}

// The fused parts count each step that leaves a trace.
type fusedKeeper struct {
	Keeper
	f *fuse
}

func (k fusedKeeper) Save(ctx context.Context, kind, id string, v any) error {
	return k.f.step(func() error { return k.Keeper.Save(ctx, kind, id, v) })
}

func (k fusedKeeper) Remove(ctx context.Context, kind, id string) error {
	return k.f.step(func() error { return k.Keeper.Remove(ctx, kind, id) })
}

type fusedLedger struct {
	Ledger
	f *fuse
}

func (l fusedLedger) Issue(ctx context.Context, to uint64, amountFen int64, reference string) error {
	return l.f.step(func() error { return l.Ledger.Issue(ctx, to, amountFen, reference) })
}

func (l fusedLedger) Settle(ctx context.Context, id uint64, reference string) error {
	return l.f.step(func() error { return l.Ledger.Settle(ctx, id, reference) })
}

func (l fusedLedger) Reject(ctx context.Context, id uint64, code string) error {
	return l.f.step(func() error { return l.Ledger.Reject(ctx, id, code) })
}

func (l fusedLedger) Report(ctx context.Context, b Balance) error {
	return l.f.step(func() error { return l.Ledger.Report(ctx, b) })
}

type fusedOutbox struct {
	Outbox
	f *fuse
}

func (o fusedOutbox) Stage(name string, body []byte) error {
	return o.f.step(func() error { return o.Outbox.Stage(name, body) })
}

func (o fusedOutbox) Release(name string) error {
	return o.f.step(func() error { return o.Outbox.Release(name) })
}

// bench is an adapter on real files and a real database, with a bank that takes every
// order away at once and remembers how often it got each.
type bench struct {
	*Adapter
	t        *testing.T
	ledger   *ledger
	out, in  string
	got      map[string]int
	now      time.Time
	files    int
	accounts [][]byte
}

const ownText = "102100099996 9900000000000000001 样本清算行客户备付金"

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{t: t, ledger: &ledger{issued: map[string]string{}}, out: filepath.Join(dir, "out"), in: filepath.Join(dir, "in"), got: map[string]int{}, now: noon}
	for _, d := range []string{b.out, b.in} {
		b.must(os.Mkdir(d, 0o700))
	}
	s, err := store.Open(t.Context(), filepath.Join(dir, "gateway.db"), filepath.Join(dir, "seal.key"))
	b.must(err)
	t.Cleanup(func() { _ = s.Close() })
	own, err := ParseAccount(ownText)
	b.must(err)
	b.Adapter = &Adapter{
		OrgID: issuer, Account: own, Keeper: s, Ledger: b.ledger, Outbox: Folder(b.out), Inbox: Folder(b.in),
		Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler),
	}
	for i := range 3 {
		hash, err := AddAccount(t.Context(), s, []byte(strings.Repeat("s", SaltBytes)), fmt.Sprintf("10210009999%d 62220000000%d 样本晴川五金商行", i, i))
		b.must(err)
		b.accounts = append(b.accounts, hash)
	}
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// fused is the same adapter with a fuse in everything that leaves a trace.
func (b *bench) fused(f *fuse) *Adapter {
	a := *b.Adapter
	a.Keeper, a.Ledger, a.Outbox = fusedKeeper{a.Keeper, f}, fusedLedger{a.Ledger, f}, fusedOutbox{a.Outbox, f}
	return &a
}

// collect is the bank taking orders away.
func (b *bench) collect() {
	b.t.Helper()
	list, err := Folder(b.out).List()
	b.must(err)
	for _, f := range list {
		body, err := Folder(b.out).Read(f.Name)
		b.must(err)
		b.must(CheckOrder(body))
		b.got[f.Name]++
		b.must(os.Remove(filepath.Join(b.out, f.Name)))
	}
}

// put is a file from the bank.
func (b *bench) put(body string) string {
	b.t.Helper()
	b.files++
	name := fmt.Sprintf("bank-%03d.xml", b.files)
	b.must(os.WriteFile(filepath.Join(b.in, name), []byte(body), 0o600))
	return name
}

func (b *bench) step() {
	b.t.Helper()
	b.must(b.Step(b.t.Context()))
}

// open lists the reasons of open items by key.
func (b *bench) open() map[string]Reason {
	b.t.Helper()
	items, err := b.Items(b.t.Context(), Open)
	b.must(err)
	reasons := map[string]Reason{}
	for _, i := range items {
		reasons[i.Key] = i.Reason
	}
	return reasons
}

func (b *bench) statuses() string {
	var s []string
	for _, r := range b.ledger.redemptions {
		s = append(s, strings.TrimPrefix(r.Status.String(), "REDEMPTION_STATUS_")+" "+r.BankReference+r.RejectCode)
	}
	return strings.Join(s, ", ")
}

func (b *bench) issuances() string {
	var s []string
	for reference, content := range b.ledger.issued {
		s = append(s, reference+": "+content)
	}
	slices.Sort(s)
	return strings.Join(s, ", ")
}

// entry is one booked entry of a notification.
func entry(reference, indicator, amount, details string) string {
	return fmt.Sprintf(`<Ntry><Amt Ccy="CNY">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-10</Dt></BookgDt>
<AcctSvcrRef>%s</AcctSvcrRef><NtryDtls><TxDtls>%s</TxDtls></NtryDtls></Ntry>`, amount, indicator, reference, details)
}

func endToEnd(id string) string { return "<Refs><EndToEndId>" + id + "</EndToEndId></Refs>" }

func structured(reference string) string {
	return "<RmtInf><Strd><CdtrRefInf><Ref>" + reference + "</Ref></CdtrRefInf></Strd></RmtInf>"
}

func notification(entries ...string) string {
	return document("camt.054.001.08", "BkToCstmrDbtCdtNtfctn", "Ntfctn", "", entries)
}

// statement closes with a balance, in yuan.
func statement(balance string, entries ...string) string {
	return document("camt.053.001.08", "BkToCstmrStmt", "Stmt", fmt.Sprintf(`<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>
<Amt Ccy="CNY">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-10</Dt></Dt></Bal>`, balance), entries)
}

func document(space, name, part, balance string, entries []string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%s"><%s><GrpHdr><MsgId>M1</MsgId></GrpHdr><%s><Id>1</Id>
<Acct><Id><Othr><Id>9900000000000000001</Id></Othr></Id></Acct>%s%s</%s></%s></Document>`, space, name, part, balance, strings.Join(entries, ""), part, name)
}

// answerTo is a pain.002 on an order: a status for the whole, and of payments.
func answerTo(order, whole string, payments ...string) string {
	return fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><GrpHdr><MsgId>A</MsgId></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>%s</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>%s</OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>%s</OrgnlPmtInfId>%s</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>`, order, whole, order, strings.Join(payments, ""))
}

func payment(id, status, code string) string {
	return fmt.Sprintf(`<TxInfAndSts><OrgnlEndToEndId>%s</OrgnlEndToEndId><TxSts>%s</TxSts><StsRsnInf><Rsn><Cd>%s</Cd></Rsn></StsRsnInf></TxInfAndSts>`, id, status, code)
}
