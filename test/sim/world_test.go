package sim_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/grpc"

	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

// firm is an enterprise as the simulation knows it.
type firm struct {
	testkit.Enterprise
	anchors []profilev1.BatchAnchor // in order of anchoring
	streams map[string]stream
	extra   []wire.Signer // further devices, live or not
	lending map[uint64]lending
}

// stream is where a stream of batches ends.
type stream struct {
	sequence uint64
	lastDay  uint32
}

// lending is what a firm needs to borrow from a lender.
type lending struct{ consent, score []byte }

// deed is a transaction with what to note when it succeeds.
type deed struct {
	by   wire.Signer
	msg  sdk.Msg
	then func(testkit.Outcome)
}

// world is one chain under one stream of random choices. It notes ids as the chain
// gives them out, and never what the chain decides: that it asks.
type world struct {
	*testkit.Chain
	t   *testing.T
	rng *rand.Rand

	supervisor wire.Signer // the regulator's second device
	cases      [][]byte
	erased     []*firm

	firms        []*firm
	prepared     []deed // scores proven beforehand, each sent once or more
	products     []testkit.Product
	pools        []testkit.Product // of which only pool and lender are set
	funds        []vehicle
	templates    []template
	models       [][]byte
	consents     []consent
	paused       []consent
	frozen       []frozen
	batches      []batch
	attestations []said
	disputes     []uint64
	redemptions  []uint64
	mandates     []uint64
	debits       []uint64 // payments
	incidents    []uint64
	applications []uint64
	offers       []uint64
	loans        []uint64
	freezes      []freeze
	stops        []string
	receivables  []receivable
	pledges      []pledged
	named        int // numbers names that must differ

	tally map[string]*count
}

type (
	consent struct {
		id      []byte
		firm    *firm
		grantee testkit.Founder
	}
	frozen struct {
		firm   *firm
		device string
	}
	// template is a contract with the lender whose it is.
	template struct {
		hash []byte
		by   testkit.Founder
	}
	batch struct {
		id   []byte
		firm *firm
	}
	said struct {
		id    uint64
		by    testkit.Founder
		about *firm
	}
	freeze struct {
		org  uint64
		name string
	}
	count struct {
		taken, refused int
		why            string // of the last refusal
	}
)

// borrowers are the firms that can borrow.
const borrowers = 2

// newWorld is a chain on which some firms can borrow, the same for every seed.
func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{
		Chain: testkit.Start(t, testkit.OneAuditor, quickFunds), t: t,
		rng: rand.New(rand.NewPCG(seed, 0)), tally: map[string]*count{},
	}
	w.models = [][]byte{w.Adopt().Hash}
	w.shareKey()
	for _, f := range w.Founders() {
		w.Do(f.Admin, &orgv1.MsgSetDataKey{Device: wire.Address(f.Admin), OrgId: f.ID, PublicKey: w.DataKey(wire.Address(f.Admin))})
	}
	w.supervisor = w.secondRegulator()
	terms := w.Template(w.BankA, testkit.Contract("loan"))
	w.templates = []template{{terms, w.BankA}}
	for _, lender := range []testkit.Founder{w.BankA, w.BankB} {
		p := w.Product(lender, terms, 3_000_000_00)
		w.products, w.pools = append(w.products, p), append(w.pools, p)
	}
	w.raise()
	for i := range borrowers {
		w.borrower(fmt.Sprintf("firm-%d", i), i)
	}
	w.rotateTags()
	return w
}

// nextTagEpoch is the members' second key for identity tags. The firms that can
// borrow are registered under the first.
const nextTagEpoch = 2

// rotateTags lets verifiers state tags under the next key beside the first.
func (w *world) rotateTags() {
	w.t.Helper()
	r, ok := ask(w, orgv1.NewQueryClient(w.Conn()).Params, &orgv1.QueryParamsRequest{})
	if !ok {
		w.t.Fatal("the chain has no parameters of x/org")
	}
	r.Params.TagEpoch = nextTagEpoch
	w.Pass(&orgv1.MsgUpdateParams{Authority: wire.Authority(), Params: r.Params})
}

// borrower makes a firm that can borrow of bank A now, and of bank B once its
// prepared score is sent.
func (w *world) borrower(name string, number int) {
	w.t.Helper()
	f := &firm{Enterprise: w.Enterprise(name), lending: map[uint64]lending{}}
	f.anchors = w.Anchored(f.Enterprise, 3)
	f.streams = map[string]stream{"upload": {3, f.anchors[2].PeriodTo}}
	for _, a := range f.anchors {
		w.batches = append(w.batches, batch{a.BatchId, f})
	}
	for i, by := range []testkit.Founder{w.VerifierA, w.VerifierB} {
		w.attestations = append(w.attestations, said{uint64(4*number + i + 1), by, f})
	}
	set := w.Features(f.Enterprise, f.anchors)
	for _, lender := range []testkit.Founder{w.BankA, w.BankB} {
		id := w.Consent(f.Enterprise, lender, profilev1.Purpose_PURPOSE_UNDERWRITING)
		f.lending[lender.ID] = lending{consent: id}
	}
	a := f.lending[w.BankA.ID]
	a.score = w.Score(f.Enterprise, set, w.BankA, a.consent)
	f.lending[w.BankA.ID] = a

	b := f.lending[w.BankB.ID]
	w.prepared = append(w.prepared, deed{w.BankB.Service, w.Scoring(f.Enterprise, set, w.BankB, b.consent), func(o testkit.Outcome) {
		var r scorev1.MsgSubmitScoreResponse
		o.Response(w.t, &r)
		f.lending[w.BankB.ID] = lending{b.consent, r.ScoreId}
	}})
	w.Do(w.Settlement.Admin, w.Issue(f.ID, 500_000, "start-"+name))
	w.firms = append(w.firms, f)
}

// name is a text that was not used before.
func (w *world) name(kind string) string {
	w.named++
	return fmt.Sprintf("%s-%d", kind, w.named)
}

// chance is true in n of 100 cases.
func (w *world) chance(n int) bool { return w.rng.IntN(100) < n }

// amount is mostly a sensible amount below a bound, and sometimes none at all.
func (w *world) amount(most int64) int64 {
	if w.chance(5) {
		return [...]int64{0, -1, 1, 1 << 62, -1 << 63}[w.rng.IntN(5)]
	}
	return 1 + w.rng.Int64N(most)
}

// pick is a random element; the zero value of none.
func pick[T any](w *world, list []T) T {
	if len(list) == 0 {
		var none T
		return none
	}
	return list[w.rng.IntN(len(list))]
}

// recent is a random element, mostly one of the last few: what is new is what
// something can still happen to.
func recent[T any](w *world, list []T) T {
	const few = 6
	if len(list) > few && w.chance(80) {
		list = list[len(list)-few:]
	}
	return pick(w, list)
}

func ask[Q, R any](w *world, q func(context.Context, Q, ...grpc.CallOption) (R, error), request Q) (R, bool) {
	r, err := q(context.Background(), request)
	return r, err == nil
}
