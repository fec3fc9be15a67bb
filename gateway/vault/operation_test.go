package vault

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

const (
	operationsDefault  = 20_000 // of `go test`; VAULT_OPS makes it another number
	operationsPerVault = 20_000 // then a fresh vault: opening one reads its whole log
	consentsKept       = 40     // consents that operations choose from
	sheetsMax          = 12     // batches of an enterprise before it is erased
)

var operationMonths = []uint32{202411, 202412, 202501, 202502, 202503, 202504}

// Random operations of owners, lenders, custodian and clock are played to the
// vault and to a rulebook that was written apart from it. Every read ends as the
// rulebook says, to the outcome's number; what is delivered is exactly the
// records that a consent covers; every attempt, refused or not, has exactly one
// receipt that says so. VAULT_OPS and VAULT_SEED choose length and course.
func TestOperationsAgainstRulebook(t *testing.T) {
	t.Parallel()
	total, seed := number(t, "VAULT_OPS", operationsDefault), number(t, "VAULT_SEED", 1)
	if testing.Short() {
		total = min(total, operationsDefault/10)
	}
	for begun := 0; begun < total; begun += operationsPerVault {
		n, s := min(operationsPerVault, total-begun), seed
		seed++
		t.Run(fmt.Sprintf("seed %d", s), func(t *testing.T) {
			t.Parallel()
			newOperator(t, uint64(s)).run(n)
		})
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number from 1", name, s)
	}
	return n
}

// memoryDir is a folder in memory where the system has one: this test asks what
// is decided, not what survives a power cut, and syncs a disk ten times per read.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "vault-operations-") //nolint:usetesting // t.TempDir lies on the disk
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// operator plays operations.
type operator struct {
	t          *testing.T
	w          *world
	rnd        *rand.Rand
	book       *rulebook
	keys       map[string]ed25519.PrivateKey
	dataKeys   map[uint64]*DataKey
	names      []string // of devices
	firms      []uint64
	nextFirm   uint64
	consents   []ID
	last       []attempt // some that were made, for playing them again
	allowed    map[uint64]bool
	attempts   uint64
	operations map[string]int
	outcomes   map[Outcome]int
}

func newOperator(t *testing.T, seed uint64) *operator {
	w := newWorldIn(&quiet{T: t}, memoryDir(t), suites[seed%uint64(len(suites))])
	o := &operator{
		t: t, w: w, rnd: rand.New(rand.NewPCG(seed, 7)), book: newRulebook(testStart), keys: map[string]ed25519.PrivateKey{},
		dataKeys: map[uint64]*DataKey{}, firms: []uint64{101, 102}, nextFirm: 103,
		allowed: map[uint64]bool{}, operations: map[string]int{}, outcomes: map[Outcome]int{},
	}
	for i, org := range []uint64{testLender, testLender, 53} {
		name := fmt.Sprintf("xin1device%d", i)
		pub, private, err := ed25519.GenerateKey(nil)
		must(t, err)
		o.keys[name], o.names = private, append(o.names, name)
		o.book.devices[name] = &holder{org, true}
		w.chain.devices[name] = Device{Address: name, Org: org, Active: true, KeyType: KeyEd25519, Public: pub}
	}
	o.newDataKey(testLender)
	o.newDataKey(53)
	return o
}

// run plays n operations and then holds the whole log against what happened.
func (o *operator) run(n int) {
	defer func() { must(o.t, o.w.vault.Close()) }()
	choices := []struct {
		name   string
		weight int
		do     func()
	}{
		{"read", 640, o.read},
		{"replay", 30, o.replay},
		{"request", 40, o.request},
		{"decide", 60, o.decide},
		{"wrap", 50, o.wrap},
		{"seal", 40, o.seal},
		{"anchor", 10, o.anchor},
		{"rotate", 15, o.rotate},
		{"data key", 4, func() { o.newDataKey([]uint64{testLender, 53}[o.rnd.IntN(2)]) }},
		{"device", 15, o.device},
		{"wait", 60, o.wait},
		{"sweep", 10, func() { must(o.t, o.w.vault.Sweep(context.Background())) }},
		{"erase", 2, o.erase},
		{"restart", 1, func() { o.w.reopen() }},
	}
	sum := 0
	for _, c := range choices {
		sum += c.weight
	}
	for i := range n {
		x := o.rnd.IntN(sum)
		for _, c := range choices {
			if x -= c.weight; x < 0 {
				o.operations[c.name]++
				c.do()
				break
			}
		}
		if o.t.Failed() {
			o.t.Fatalf("after %d operations", i+1)
		}
	}
	o.w.reopen() // verifies the hash chain of all receipts
	seen := uint64(0)
	must(o.t, o.w.vault.Log().Visit(1, func(r *Receipt) bool {
		seen++
		if (r.Outcome == OutcomeAllowed) != o.allowed[r.Sequence] {
			o.t.Errorf("receipt %d says %d, the read was allowed: %v", r.Sequence, r.Outcome, o.allowed[r.Sequence])
		}
		return true
	}))
	if seen != o.attempts {
		o.t.Errorf("%d receipts of %d attempts", seen, o.attempts)
	}
	if n >= operationsPerVault { // a course that never gets anywhere would prove nothing
		for _, k := range outcomes {
			if o.outcomes[k.outcome] == 0 && !errors.Is(k.err, ErrDamaged) {
				o.t.Errorf("no read ended with %v", k.err)
			}
		}
		if share := float64(o.outcomes[OutcomeAllowed]) / float64(o.attempts); share < 0.1 {
			o.t.Errorf("only %.3f of the reads were allowed", share)
		}
	}
	o.t.Logf("%v, outcomes %v", o.operations, o.outcomes)
}

func (o *operator) chance(perMille int) bool { return o.rnd.IntN(1000) < perMille }

func (o *operator) firm() uint64 { return o.firms[o.rnd.IntN(len(o.firms))] }

func (o *operator) months() Months {
	a, b := o.rnd.IntN(len(operationMonths)), o.rnd.IntN(len(operationMonths))
	return Months{operationMonths[min(a, b)], operationMonths[max(a, b)]}
}

func (o *operator) categories() []record.Category {
	return [][]record.Category{{record.CategoryBank}, {record.CategoryPlatform}, {record.CategoryBank, record.CategoryPlatform}}[o.rnd.IntN(3)]
}

// some is one of the latest consents, nil while there is none.
func (o *operator) some() *agreement {
	if len(o.consents) == 0 {
		return nil
	}
	return o.book.consent[o.consents[o.rnd.IntN(len(o.consents))]]
}

// request puts a consent on chain as a lender asks for it, with any terms.
func (o *operator) request() {
	g := &agreement{Consent: Consent{
		Enterprise: o.firm(), Grantee: []uint64{testLender, 53}[o.rnd.IntN(2)], State: StatePending, Purpose: testPurpose,
		Use: []Use{UseView, UseView, UseView, UseStore, UseStore, UseStore, UseQuery}[o.rnd.IntN(7)], Categories: o.categories(), Months: o.months(),
		Start:     o.book.now.Add(time.Duration(o.rnd.IntN(90)-50) * time.Minute),
		End:       o.book.now.Add(time.Duration(2+o.rnd.IntN(200)) * time.Hour),
		FetchUnit: []FetchUnit{FetchOnce, FetchDay, FetchMonth, FetchYear}[o.rnd.IntN(4)], FetchLimit: uint32(1 + o.rnd.IntN(20)),
		AmountFenMin: []int64{0, 0, 0, 250}[o.rnd.IntN(4)],
		Providers:    [][]Provider{nil, nil, nil, {{}}, {{}, {Org: 9}}, {{Org: 9}}}[o.rnd.IntN(6)],
		Schemas:      [][]string{nil, nil, nil, {record.BankTransaction.ID}, {record.BankBalance.ID}}[o.rnd.IntN(5)],
	}}
	for i := range g.ID {
		g.ID[i] = byte(o.rnd.Uint32())
	}
	o.book.consent[g.ID], o.consents = g, append(o.consents, g.ID)
	o.w.chain.set(g.Consent)
	if o.chance(500) {
		g.State = StateActive
		o.w.chain.state(g.ID, StateActive)
		o.grant(g)
	}
	if len(o.consents) > consentsKept {
		o.book.consent[o.consents[0]].State = StateRevoked // only replays ask about it again
		o.w.chain.state(o.consents[0], StateRevoked)
		o.consents = o.consents[1:]
	}
}

// decide takes one legal step of a consent.
func (o *operator) decide() {
	g := o.some()
	if g == nil {
		return
	}
	next := map[State][]State{
		StatePending: {StateActive, StateActive, StateActive, StateActive, StateActive, StateRefused, StateRevoked, StateExpired},
		StateActive:  {StatePaused, StatePaused, StatePaused, StateRevoked, StateAmended}, StatePaused: {StateActive, StateActive, StateActive, StateRevoked},
	}[g.State]
	if len(next) == 0 {
		return
	}
	g.State = next[o.rnd.IntN(len(next))]
	o.w.chain.state(g.ID, g.State)
}

// wrap is the custodian's answer to a grant; it refuses what is not granted.
func (o *operator) wrap() {
	if g := o.some(); g != nil {
		o.grant(g)
	}
}

func (o *operator) grant(g *agreement) {
	can := (g.State == StateActive || g.State == StatePaused) && o.book.now.Before(g.End) && !o.book.erased[g.Enterprise]
	_, err := o.w.vault.Grant(context.Background(), g.ID)
	if (err == nil) != can {
		o.t.Errorf("wrapping for %+v: %v", g.Consent, err)
	}
	if can {
		o.book.wrap(g)
	}
}

// seal makes a batch; seven of ten reach the chain at once.
func (o *operator) seal() {
	firm := o.firm()
	var sheets int
	for _, s := range o.book.sheets {
		if s.info.Enterprise == firm {
			sheets++
		}
	}
	if sheets >= sheetsMax {
		return
	}
	m, n := operationMonths[o.rnd.IntN(len(operationMonths))], 1+o.rnd.IntN(4)
	records := bank(m, n)
	if o.chance(400) {
		for i := range records {
			date, _ := records[i].Int("date")
			records[i] = record.New(record.PlatformSales).SetText("source_id", fmt.Sprintf("P%d-%d", m, i)).SetInt("date", date).
				SetInt("amount", int64(i+1)*100).SetText("currency", "CNY").SetInt("direction", record.DirectionIn).
				SetInt("status", record.StatusNormal).SetInt("orders", 1).SetInt("refunds", 0)
		}
	}
	b, err := o.w.vault.Seal(context.Background(), Batch{Enterprise: firm, Schema: records[0].Schema, Records: List(records)})
	must(o.t, err)
	sh := &sheet{info: b}
	for i := range n {
		sh.months, sh.amounts = append(sh.months, m), append(sh.amounts, int64(i+1)*100)
	}
	if want := o.book.epoch(firm, b.Category); b.Epoch != want {
		o.t.Errorf("sealed under epoch %d, want %d", b.Epoch, want)
	}
	if o.book.sheets = append(o.book.sheets, sh); o.chance(700) {
		o.w.chain.anchor(b)
		sh.anchored = true
	}
}

func (o *operator) anchor() {
	for _, s := range o.book.sheets {
		if !s.anchored {
			o.w.chain.anchor(s.info)
			s.anchored = true
			return
		}
	}
}

func (o *operator) rotate() {
	firm := o.firm()
	for c := range []record.Category{record.CategoryBank, record.CategoryPlatform} {
		category := []record.Category{record.CategoryBank, record.CategoryPlatform}[c]
		k := wrapKeyOf{firm, category}
		if o.book.epochs[k] == 0 || o.chance(500) {
			continue
		}
		epoch, _, err := o.w.vault.Rotate(context.Background(), firm, category)
		must(o.t, err)
		if o.book.epochs[k]++; epoch != o.book.epochs[k] {
			o.t.Errorf("epoch %d, want %d", epoch, o.book.epochs[k])
		}
		o.book.rewrap(firm)
	}
}

// newDataKey is a lender's change of its data key, after which all is re-wrapped.
func (o *operator) newDataKey(org uint64) {
	key, err := GenerateDataKey(o.w.suite)
	must(o.t, err)
	o.dataKeys[org] = key
	o.w.chain.mu.Lock()
	o.w.chain.dataKeys[org] = key.Recipient()
	o.w.chain.mu.Unlock()
	for _, firm := range o.firms {
		_, err := o.w.vault.Rewrap(context.Background(), firm)
		must(o.t, err)
		o.book.rewrap(firm)
	}
}

// device freezes or thaws one; the lender's first one is seldom frozen.
func (o *operator) device() {
	name := o.names[o.rnd.IntN(len(o.names))]
	d := o.book.devices[name]
	d.active = !d.active || o.chance(600)
	o.w.chain.mu.Lock()
	defer o.w.chain.mu.Unlock()
	c := o.w.chain.devices[name]
	c.Active = d.active
	o.w.chain.devices[name] = c
}

func (o *operator) wait() {
	d := time.Duration(1+o.rnd.IntN(90)) * time.Second
	if o.chance(200) {
		d = time.Duration(1+o.rnd.IntN(20)) * time.Hour
	}
	o.w.chain.advance(d)
	o.book.now = o.book.now.Add(d)
}

// erase ends a firm for good; another one takes its place.
func (o *operator) erase() {
	i := o.rnd.IntN(len(o.firms))
	firm := o.firms[i]
	_, err := o.w.vault.Erase(context.Background(), firm)
	must(o.t, err)
	o.w.chain.mu.Lock()
	o.w.chain.erased = append(o.w.chain.erased, firm)
	o.w.chain.mu.Unlock()
	o.book.erased[firm] = true
	o.book.sheets = slices.DeleteFunc(o.book.sheets, func(s *sheet) bool { return s.info.Enterprise == firm })
	o.firms[i] = o.nextFirm
	o.nextFirm++
}

// read is an attempt under one of the consents: mostly what it covers, now and
// then beyond it in one way.
func (o *operator) read() {
	g := o.some()
	for try := 0; g != nil && try < 12 && !o.usable(g); try++ { // most reads are by somebody who may
		g = o.some()
	}
	if g == nil {
		return
	}
	device := o.names[o.rnd.IntN(len(o.names))]
	for _, name := range o.names {
		if d := o.book.devices[name]; d.org == g.Grantee && d.active && o.chance(900) {
			device = name
		}
	}
	a := attempt{signed: true, req: ReadRequest{
		ChainID: testChain, Custodian: testCustodian, Consent: g.ID, Purpose: g.Purpose, Use: UseView, Device: device,
		Selector: Selector{Categories: slices.Clone(g.Categories), Months: g.Months},
		Expires:  o.book.now.Add(time.Minute),
	}}
	for i := range a.req.Nonce {
		a.req.Nonce[i] = byte(o.rnd.Uint32())
	}
	if o.chance(350) {
		o.stray(&a)
	}
	o.attempt(&a)
}

func (o *operator) usable(g *agreement) bool {
	return g.State == StateActive && !o.book.over(g) && len(g.wrapped) > 0 && !o.book.erased[g.Enterprise] && !o.book.now.Before(g.Start)
}

// stray bends an attempt in one way, which may still be covered.
func (o *operator) stray(a *attempt) {
	r := &a.req
	switch o.rnd.IntN(16) {
	case 0:
		r.Purpose = "marketing"
	case 1:
		r.Use = UseStore
	case 2:
		r.Selector.Categories = o.categories()
	case 3, 4:
		r.Selector.Months = o.months()
	case 5:
		r.Consent[3] ^= 0x40
	case 6:
		a.signed = false
	case 7:
		r.Device = []string{"xin1nobody", o.names[o.rnd.IntN(len(o.names))]}[o.rnd.IntN(2)]
	case 8:
		r.ChainID = "another-1"
	case 9:
		r.Custodian++
	case 10:
		r.Expires = o.book.now.Add(time.Duration(o.rnd.IntN(20)-10) * time.Minute)
	case 11:
		a.lag = time.Duration(o.rnd.IntN(20)) * time.Second
	case 12:
		r.Selector.Categories = []record.Category{record.CategoryPlatform, record.CategoryBank}
	default:
		o.name(r)
	}
}

// name asks for a batch or for records of one by id, real or not.
func (o *operator) name(r *ReadRequest) {
	if len(o.book.sheets) == 0 {
		return
	}
	s := o.book.sheets[o.rnd.IntN(len(o.book.sheets))]
	for _, other := range o.book.sheets { // often one of the same firm, best one that is not anchored yet
		if other.info.Enterprise == o.book.consentFirm(r.Consent) && (!other.anchored || o.chance(200)) {
			if s = other; !s.anchored {
				break
			}
		}
	}
	id := s.info.ID
	if o.chance(100) {
		id[0] ^= 1
	}
	if o.chance(500) {
		r.Selector.Batches = []ID{id}
		return
	}
	r.Selector.Records = []RecordRef{{id, uint64(o.rnd.IntN(len(s.months) + 1))}}
}

// replay sends a former attempt again, bit for bit.
func (o *operator) replay() {
	if len(o.last) > 0 {
		a := o.last[o.rnd.IntN(len(o.last))]
		a.lag = 0
		o.attempt(&a)
	}
}

// attempt reads, and holds outcome, receipt and every record against the book.
func (o *operator) attempt(a *attempt) {
	want, records := o.book.judge(a)
	var signature []byte
	if raw, err := a.req.Encoded(); err == nil {
		key := o.keys[a.req.Device]
		if key == nil || !a.signed {
			key = o.w.device
		}
		signature = ed25519.Sign(key, raw)
	}
	o.w.chain.mu.Lock()
	o.w.chain.lag = a.lag
	o.w.chain.mu.Unlock()
	d, err := o.w.vault.Read(context.Background(), a.req, signature)
	o.w.chain.mu.Lock()
	o.w.chain.lag = 0
	o.w.chain.mu.Unlock()
	got := OutcomeOf(err)
	// The vault may forget the nonce of a request that has expired anyway.
	if got != want && !(want == 6 && got == 7) {
		o.t.Errorf("read ended as %d (%v), want %d: %+v under %+v", got, err, want, a, o.book.consent[a.req.Consent])
		return
	}
	o.outcomes[got]++
	o.attempts++
	o.allowed[o.attempts] = err == nil
	if n := o.w.vault.Log().Len(); n != o.attempts {
		o.t.Errorf("%d receipts of %d attempts", n, o.attempts)
		return
	}
	r, err2 := o.w.vault.Log().Receipt(o.attempts)
	must(o.t, err2)
	if r.Outcome != got || r.Consent != a.req.Consent || r.Device != a.req.Device || r.Purpose != a.req.Purpose || r.Nonce != a.req.Nonce || r.Records != uint64(records) {
		o.t.Errorf("receipt %+v of %+v with %d records", r, a, records)
	}
	if len(o.last) < 32 {
		o.last = append(o.last, *a)
	} else {
		o.last[o.rnd.IntN(len(o.last))] = *a
	}
	if err == nil {
		o.delivered(a, d, records)
	}
}

// delivered opens what came as a lender does and looks at each record.
func (o *operator) delivered(a *attempt, d *Delivery, records int) {
	var wire bytes.Buffer
	must(o.t, d.Send(context.Background(), &wire))
	g := o.book.consent[a.req.Consent]
	reader := &Reader{ChainID: testChain, Key: o.dataKeys[g.Grantee], Anchors: o.w.chain}
	reading, err := reader.Open(context.Background(), a.req, &wire)
	must(o.t, err)
	list, err := reading.All()
	if err != nil || len(list) != records {
		o.t.Errorf("%d records and %v, want %d", len(list), err, records)
		return
	}
	for _, k := range list {
		sh := o.book.sheet(k.Batch.ID)
		amount, _ := k.Record.Int("amount")
		if sh == nil || sh.info.Enterprise != g.Enterprise || !slices.Contains(g.Categories, k.Record.Schema.Category) ||
			k.Month < g.Months.From || k.Month > g.Months.To || amount < g.AmountFenMin {
			o.t.Errorf("record of %d, %d fen, is not covered by %+v", k.Month, amount, g.Consent)
		}
	}
}
