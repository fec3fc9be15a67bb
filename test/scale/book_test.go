package scale_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	dbm "github.com/cosmos/cosmos-db"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/xinlian/xinlian/app"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

const (
	// loansPerFirm is how many loans of the book one firm owes.
	loansPerFirm = 5
	// periods is the term of every loan of the book, in months.
	periods = 3
	// principalFen is the principal of every loan of the book, 1,000 yuan.
	principalFen = 100_000
	// fundsFen is what a firm has: enough for every instalment of its loans.
	fundsFen = loansPerFirm * principalFen * 11 / 10
	// scoredFirms is how many firms have a real score and may apply.
	scoredFirms = 4
	// productsMax is how many products each of them may apply to at once.
	productsMax = 16
	// txGas is the gas limit of one transaction of one message.
	txGas = 2_000_000
)

// book is a chain on a disk with a book of loans.
type book struct {
	*testkit.Chain
	tb       testing.TB
	dir      string
	db       dbm.DB
	firms    []firm // those that owe the book
	scored   []scored
	products []testkit.Product
	// loans are the seeded ones, from id firstLoan; seeded says how long that took
	// and seededBytes how much the database grew.
	loans, firstLoan uint64
	seeded           time.Duration
	seededBytes      int64
	sequences        map[string]uint64
}

// firm is a borrower of the book with its owner's passkey.
type firm struct {
	id    uint64
	owner wire.Signer
}

// scored is a firm that has what an application needs.
type scored struct {
	testkit.Enterprise
	consent, score []byte
}

// newBook makes a chain in a folder of its own, with the production database and
// the settings of a node that nobody has changed, and a book of n loans on it. The folder goes when the test ends.
func newBook(tb testing.TB, n int) *book {
	tb.Helper()
	b := &book{tb: tb, dir: tb.TempDir(), loans: uint64(n), sequences: map[string]uint64{}}
	var err error
	b.db, err = dbm.NewDB("application", dbm.PebbleDBBackend, b.dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.db.Close(); err != nil {
			tb.Error(err)
		}
	})
	b.Chain = testkit.StartOn(tb, b.db, nil, testkit.OneAuditor, b.found)
	b.market()
	b.fund()
	b.seed()
	return b
}

// found adds the firms of the book to the genesis, as two verifiers have
// identified them, and lifts quotas, which a bench would run into.
func (b *book) found(g *app.Genesis) {
	g.Org.Params.QuotaMemberTxs, g.Org.Params.QuotaEnterpriseTxs = 1_000_000, 1_000_000
	g.Loan.Params.CompressedPeriodSeconds = 0
	var verifiers []uint64
	for _, o := range g.Org.Organisations {
		if o.Kind == orgv1.OrgKind_ORG_KIND_VERIFIER {
			verifiers = append(verifiers, o.Id)
		}
	}
	for i := range (b.loans + loansPerFirm - 1) / loansPerFirm {
		name := fmt.Sprintf("firm-%d", i)
		f := firm{id: g.Org.NextOrgId, owner: testkit.Passkey(b.tb, name)}
		g.Org.NextOrgId++
		o := orgv1.Organisation{
			Id: f.id, Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE, Roles: []orgv1.Role{orgv1.Role_ROLE_BORROWER},
			Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE, ControlGroup: f.id, IdentityTag: testkit.Digest("tag", name), TagEpoch: 1,
		}
		for _, v := range verifiers {
			o.Kyb = append(o.Kyb, orgv1.KybStatement{VerifierOrgId: v, StatementHash: testkit.Digest("statement", v, name)})
		}
		g.Org.Organisations = append(g.Org.Organisations, o)
		g.Org.Devices = append(g.Org.Devices, orgv1.Device{
			Address: wire.Address(f.owner), OrgId: f.id, Role: orgv1.DeviceRole_DEVICE_ROLE_ADMIN,
			Status: orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE, Key: wire.DeviceKey(f.owner), AmountLimitFen: app.NoLimit,
		})
		b.firms = append(b.firms, f)
	}
}

// market makes a contract of one tranche, products on it, and firms with real
// scores, by transactions like anybody's.
func (b *book) market() {
	b.Adopt()
	terms := testkit.Contract("book")
	terms.TrancheBps, terms.Release, terms.Tests = []uint32{10_000}, nil, terms.Tests[:4]
	hash := b.Template(b.BankA, terms)
	capitalFen := 2 * principalFen * (int64(b.loans) + 100_000)
	first := b.Product(b.BankA, hash, capitalFen)
	b.products = []testkit.Product{first}
	for len(b.products) < productsMax {
		p := first
		var r loanv1.MsgOfferProductResponse
		b.Do(p.Lender.Admin, b.Offering(p)).Response(b.tb, &r)
		p.ID = r.ProductId
		b.products = append(b.products, p)
	}
	for i := range scoredFirms {
		e := b.Enterprise(fmt.Sprintf("scored-%d", i))
		set := b.Features(e, b.Anchored(e, 3))
		consent := b.Consent(e, b.BankA, profilev1.Purpose_PURPOSE_UNDERWRITING)
		b.scored = append(b.scored, scored{e, consent, b.Score(e, set, b.BankA, consent)})
	}
}

// fund has the settlement bank issue every firm its money, 32 firms a transaction.
func (b *book) fund() {
	issuer := b.Settlement.Admin
	var txs [][]byte
	flush := func() {
		b.accepted(b.Block(time.Millisecond, txs...))
		txs = nil
	}
	for i := 0; i < len(b.firms); i += app.TxMessagesMax {
		var msgs []sdk.Msg
		for _, f := range b.firms[i:min(i+app.TxMessagesMax, len(b.firms))] {
			msgs = append(msgs, b.Issue(f.id, fundsFen, fmt.Sprintf("funds-of-%d", f.id)))
		}
		if txs = append(txs, b.sign(issuer, 10_000_000, msgs...)); len(txs) == 20 {
			flush()
		}
	}
	flush()
}

// sign makes the next transaction of a signer, of which several may be on the way.
func (b *book) sign(s wire.Signer, gas uint64, msgs ...sdk.Msg) []byte {
	d := b.Draft(s, msgs...)
	address := wire.Address(s)
	account := d.Account.(*authtypes.BaseAccount)
	account.Sequence = max(account.Sequence, b.sequences[address])
	b.sequences[address] = account.Sequence + 1
	d.Gas = gas
	d.Timeout = b.Now().Add(4 * time.Minute)
	return b.SignDraft(s, d)
}

func (b *book) accepted(outcomes []testkit.Outcome) {
	b.tb.Helper()
	for i, o := range outcomes {
		if o.Code != 0 {
			b.tb.Fatalf("transaction %d of the block: %s/%d %s", i, o.Space, o.Code, o.Log)
		}
	}
}

// application is a scored firm's message for a product.
func (b *book) application(s scored, p testkit.Product) *loanv1.MsgApply {
	return &loanv1.MsgApply{
		Device: s.Device(), OrgId: s.ID, ProductId: p.ID, AmountFen: principalFen, Periods: periods,
		ConsentId: s.consent, ScoreId: s.score,
	}
}

func (b *book) offer(id uint64) loanv1.Offer {
	b.tb.Helper()
	r, err := loanv1.NewQueryClient(b.Conn()).Offer(context.Background(), &loanv1.QueryOfferRequest{Id: id})
	if err != nil {
		b.tb.Fatal(err)
	}
	return r.Offer
}

// owner is the firm that owes a seeded loan.
func (b *book) owner(loan uint64) firm { return b.firms[(loan-b.firstLoan)/loansPerFirm] }

// repayment repays a little of a seeded loan ahead of its time.
func (b *book) repayment(loan uint64, amountFen int64) *loanv1.MsgRepay {
	f := b.owner(loan)
	return &loanv1.MsgRepay{Device: wire.Address(f.owner), OrgId: f.id, LoanId: loan, AmountFen: amountFen}
}

// transfer pays from one firm to the next.
func (b *book) transfer(i int) *cashv1.MsgTransfer {
	from, to := b.firms[i%len(b.firms)], b.firms[(i+1)%len(b.firms)]
	return &cashv1.MsgTransfer{Device: wire.Address(from.owner), OrgId: from.id, ToOrgId: to.id, AmountFen: 1}
}

// diskBytes is the size of the files below a folder.
func diskBytes(tb testing.TB, dir string) int64 {
	tb.Helper()
	var sum int64
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			sum += diskBytes(tb, dir+"/"+e.Name())
			continue
		}
		if info, err := e.Info(); err == nil { // pebble may have removed it meanwhile
			sum += info.Size()
		}
	}
	return sum
}
