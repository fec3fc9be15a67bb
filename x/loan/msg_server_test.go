package loan

import (
	"bytes"
	"context"
	"math"
	"testing"
	"time"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

// A pool takes and gives only its manager's money, within the device's limit and
// only what is free; a gift to its account changes nothing in its books.
func TestPoolMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused(w, "an enterprise's pool", w.msg.OpenPool, &loanv1.MsgOpenPool{Device: bakeryAdmin, OrgId: bakery}, org.ErrRole)
	pool := done(w, w.msg.OpenPool, &loanv1.MsgOpenPool{Device: bankOfficer, OrgId: bank}).PoolId
	fund := func(device string, org uint64, amount int64) *loanv1.MsgFundPool {
		return &loanv1.MsgFundPool{Device: device, OrgId: org, PoolId: pool, AmountFen: amount}
	}
	withdraw := func(device string, org uint64, amount int64) *loanv1.MsgWithdrawPool {
		return &loanv1.MsgWithdrawPool{Device: device, OrgId: org, PoolId: pool, AmountFen: amount}
	}
	for _, amount := range []int64{0, -1, math.MinInt64, PoolFenMax + 1, math.MaxInt64} {
		refused(w, "amount", w.msg.FundPool, fund(bankAdmin, bank, amount), ErrAmount)
		refused(w, "amount", w.msg.WithdrawPool, withdraw(bankAdmin, bank, amount), ErrAmount)
	}
	refused(w, "another's pool", w.msg.FundPool, fund(otherAdmin, otherBank, 1), ErrUnauthorised)
	refused(w, "another's pool", w.msg.WithdrawPool, withdraw(otherAdmin, otherBank, 1), ErrUnauthorised)
	refused(w, "over the officer's limit", w.msg.FundPool, fund(bankOfficer, bank, 10_000_001), org.ErrLimit)
	refused(w, "more than there is", w.msg.FundPool, fund(bankAdmin, bank, bankFunds+1), sdkerrors.ErrInsufficientFunds)
	missing := &loanv1.MsgFundPool{Device: bankAdmin, OrgId: bank, PoolId: 9, AmountFen: 1}
	refused(w, "no pool", w.msg.FundPool, missing, ErrNotFound)

	_, events, err := deliver(w, w.msg.FundPool, fund(bankOfficer, bank, 10_000_000))
	w.must(err)
	wantList(t, "events", events, []string{"xinlian.loan.v1.EventPoolChanged"})
	w.must(w.cash.issue(w.ctx, PoolAccount(pool), 777))
	refused(w, "a gift", w.msg.WithdrawPool, withdraw(bankAdmin, bank, 10_000_001), ErrPoolFree)
	w.cash.frozen[bank] = true
	refused(w, "a frozen manager", w.msg.WithdrawPool, withdraw(bankAdmin, bank, 1), ErrFrozen)
	w.cash.frozen[bank] = false
	done(w, w.msg.WithdrawPool, withdraw(bankAdmin, bank, 10_000_000))
	if got := w.balance(PoolAccount(pool)); got != 777 {
		t.Errorf("%d fen left in the account", got)
	}
	w.sound()
}

// A product names an active template, the lender's own pool, an active model and
// a known index, and stays within the bounds and the device's limit.
func TestProductMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.market(contractTerms())
	p, err := w.k.product(w.ctx, id)
	w.must(err)
	offer := func(bend func(*loanv1.ProductTerms)) *loanv1.MsgOfferProduct {
		m := &loanv1.MsgOfferProduct{Device: bankAdmin, OrgId: bank, Terms: p.Terms}
		bend(&m.Terms)
		return m
	}
	for name, c := range map[string]struct {
		bend func(*loanv1.ProductTerms)
		want error
	}{
		"short template hash": {func(t *loanv1.ProductTerms) { t.TemplateHash = []byte{1} }, ErrInvalid},
		"no model hash":       {func(t *loanv1.ProductTerms) { t.ModelHash = nil }, ErrInvalid},
		"no name":             {func(t *loanv1.ProductTerms) { t.Name = "" }, ErrInvalid},
		"pool 0":              {func(t *loanv1.ProductTerms) { t.PoolId = 0 }, ErrInvalid},
		"tiny loans":          {func(t *loanv1.ProductTerms) { t.AmountFenMin = PrincipalFenMin - 1 }, ErrAmount},
		"min over max":        {func(t *loanv1.ProductTerms) { t.AmountFenMin = t.AmountFenMax + 1 }, ErrAmount},
		"huge loans":          {func(t *loanv1.ProductTerms) { t.AmountFenMax = math.MaxInt64 }, ErrAmount},
		"no periods":          {func(t *loanv1.ProductTerms) { t.PeriodsMin = 0 }, ErrInvalid},
		"periods reversed":    {func(t *loanv1.ProductTerms) { t.PeriodsMin = t.PeriodsMax + 1 }, ErrInvalid},
		"61 periods":          {func(t *loanv1.ProductTerms) { t.PeriodsMax = 61 }, ErrInvalid},
		"no index":            {func(t *loanv1.ProductTerms) { t.IndexId = "" }, ErrInvalid},
		"unknown index":       {func(t *loanv1.ProductTerms) { t.IndexId = "libor" }, errFake},
		"funding":             {func(t *loanv1.ProductTerms) { t.FundingBps = RateBpsMax + 1 }, ErrInvalid},
		"margin":              {func(t *loanv1.ProductTerms) { t.MarginBps = math.MaxUint32 }, ErrInvalid},
		"loss given default":  {func(t *loanv1.ProductTerms) { t.LgdBps = 10_001 }, ErrInvalid},
		"capacity periods 0":  {func(t *loanv1.ProductTerms) { t.CapacityPeriods = 0 }, ErrInvalid},
		"capacity periods 61": {func(t *loanv1.ProductTerms) { t.CapacityPeriods = 61 }, ErrInvalid},
		"no exposure":         {func(t *loanv1.ProductTerms) { t.ExposureFenMax = 0 }, ErrAmount},
		"no offer time":       {func(t *loanv1.ProductTerms) { t.OfferSeconds = 0 }, ErrInvalid},
		"a year of offer":     {func(t *loanv1.ProductTerms) { t.OfferSeconds = 365 * daySeconds }, ErrInvalid},
		"unknown template":    {func(t *loanv1.ProductTerms) { t.TemplateHash = hashOf(9) }, ErrNotFound},
		"unknown pool":        {func(t *loanv1.ProductTerms) { t.PoolId = 9 }, ErrNotFound},
		"unknown model":       {func(t *loanv1.ProductTerms) { t.ModelHash = hashOf(9) }, errFake},
	} {
		refused(w, name, w.msg.OfferProduct, offer(c.bend), c.want)
	}
	same := func(*loanv1.ProductTerms) {}
	byOfficer := offer(same)
	byOfficer.Device = bankOfficer
	refused(w, "over the officer's limit", w.msg.OfferProduct, byOfficer, org.ErrLimit)
	byOther := offer(same)
	byOther.Device, byOther.OrgId = otherAdmin, otherBank
	refused(w, "another's pool", w.msg.OfferProduct, byOther, ErrUnauthorised)
	w.models[string(hashOf(0xaa))] = scorev1.Model{Status: scorev1.ModelStatus_MODEL_STATUS_STOPPED}
	refused(w, "a stopped model", w.msg.OfferProduct, offer(same), ErrScore)
	done(w, w.msg.RetireTemplate, &loanv1.MsgRetireTemplate{Device: bankAdmin, OrgId: bank, TemplateHash: p.Terms.TemplateHash})
	refused(w, "a retired template", w.msg.OfferProduct, offer(same), ErrState)

	retire := &loanv1.MsgRetireProduct{Device: bankOfficer, OrgId: bank, ProductId: id}
	refused(w, "another's", w.msg.RetireProduct, &loanv1.MsgRetireProduct{Device: otherAdmin, OrgId: otherBank, ProductId: id}, ErrUnauthorised)
	refused(w, "unknown", w.msg.RetireProduct, &loanv1.MsgRetireProduct{Device: bankAdmin, OrgId: bank, ProductId: 9}, ErrNotFound)
	done(w, w.msg.RetireProduct, retire)
	refused(w, "twice", w.msg.RetireProduct, retire, ErrState)
}

// An application that names the wrong thing is refused and leaves nothing on the record.
func TestApplyRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.market(contractTerms())
	type message = loanv1.MsgApply
	for name, c := range map[string]struct {
		bend func(*message)
		want error
	}{
		"no device":       {func(m *message) { m.Device = "" }, ErrInvalid},
		"no amount":       {func(m *message) { m.AmountFen = 0 }, ErrAmount},
		"negative amount": {func(m *message) { m.AmountFen = -1 }, ErrAmount},
		"2^53":            {func(m *message) { m.AmountFen = 1 << 53 }, ErrAmount},
		"2^63-1":          {func(m *message) { m.AmountFen = math.MaxInt64 }, ErrAmount},
		"no periods":      {func(m *message) { m.Periods = 0 }, ErrInvalid},
		"61 periods":      {func(m *message) { m.Periods = 61 }, ErrInvalid},
		"short consent":   {func(m *message) { m.ConsentId = []byte{1} }, ErrInvalid},
		"long score":      {func(m *message) { m.ScoreId = make([]byte, 33) }, ErrInvalid},
		"a clerk":         {func(m *message) { m.Device = bakeryClerk }, org.ErrDeviceRole},
		"a machine":       {func(m *message) { m.Device = bakeryBot }, org.ErrDeviceRole},
		"a bank":          {func(m *message) { m.Device, m.OrgId = bankAdmin, bank }, org.ErrRole},
		"another's name":  {func(m *message) { m.OrgId = smithy }, sdkerrors.ErrUnauthorized},
		"unknown product": {func(m *message) { m.ProductId = 9 }, ErrNotFound},
		"too little":      {func(m *message) { m.AmountFen = 999_999 }, ErrProduct},
		"too short":       {func(m *message) { m.Periods = 2 }, ErrProduct},
		"too long":        {func(m *message) { m.Periods = 25 }, ErrProduct},
		"no such consent": {func(m *message) { m.ConsentId = hashOf(99) }, errFake},
		"another's grant": {func(m *message) { m.ConsentId = hashOf(byte(smithy)) }, ErrConsent},
		"no such score":   {func(m *message) { m.ScoreId = hashOf(99) }, errFake},
		"another's score": {func(m *message) { m.ScoreId = hashOf(byte(smithy)) }, ErrScore},
	} {
		m := applyFor(product, 10_000_000)
		c.bend(m)
		refused(w, name, w.msg.Apply, m, c.want)
	}
	for name, c := range map[string]struct {
		bend func(*profilev1.ConsentTerms)
	}{
		"for another lender":  {func(t *profilev1.ConsentTerms) { t.GranteeOrgId = otherBank }},
		"for another purpose": {func(t *profilev1.ConsentTerms) { t.Purpose = profilev1.Purpose_PURPOSE_MONITORING }},
	} {
		good := w.consents[string(hashOf(byte(bakery)))]
		bent := good
		c.bend(&bent.Terms)
		w.consents[string(hashOf(byte(bakery)))] = bent
		refused(w, "consent "+name, w.msg.Apply, applyFor(product, 10_000_000), ErrConsent)
		w.consents[string(hashOf(byte(bakery)))] = good
	}
	for name, bend := range map[string]func(*scorev1.Score){
		"for another lender":  func(s *scorev1.Score) { s.LenderOrgId = otherBank },
		"by another model":    func(s *scorev1.Score) { s.ModelHash = hashOf(1) },
		"for another purpose": func(s *scorev1.Score) { s.Purpose = 2 },
		"under other consent": func(s *scorev1.Score) { s.ConsentId = hashOf(1) },
		"expired":             func(s *scorev1.Score) { s.ExpiryHeight = w.ctx.BlockHeight() - 1 },
	} {
		good := w.scores[string(hashOf(byte(bakery)))]
		bent := good
		bend(&bent)
		w.scores[string(hashOf(byte(bakery)))] = bent
		refused(w, "score "+name, w.msg.Apply, applyFor(product, 10_000_000), ErrScore)
		w.scores[string(hashOf(byte(bakery)))] = good
	}
	w.spent[string(hashOf(byte(bakery)))] = true
	refused(w, "a score without attestations", w.msg.Apply, applyFor(product, 10_000_000), errFake)
	w.spent[string(hashOf(byte(bakery)))] = false
	w.models[string(hashOf(0xaa))] = scorev1.Model{Status: scorev1.ModelStatus_MODEL_STATUS_RETIRED}
	refused(w, "a retired model", w.msg.Apply, applyFor(product, 10_000_000), ErrScore)
	w.models[string(hashOf(0xaa))] = scorev1.Model{Status: scorev1.ModelStatus_MODEL_STATUS_ACTIVE, Role: scorev1.ModelRole_MODEL_ROLE_CHALLENGER}
	refused(w, "a challenger", w.msg.Apply, applyFor(product, 10_000_000), ErrScore)
	w.models[string(hashOf(0xaa))] = champion(t)
	delete(w.grades, bakery)
	refused(w, "no grade", w.msg.Apply, applyFor(product, 10_000_000), errFake)
	w.grades[bakery] = attestationv1.Grade_GRADE_A
	done(w, w.msg.RetireProduct, &loanv1.MsgRetireProduct{Device: bankAdmin, OrgId: bank, ProductId: product})
	refused(w, "a retired product", w.msg.Apply, applyFor(product, 10_000_000), ErrProduct)

	gs, err := w.k.ExportGenesis(w.ctx)
	w.must(err)
	if len(gs.Applications)+len(gs.Offers)+len(gs.Exposures) != 0 {
		t.Error("a refused application left a row")
	}
}

// One application to a product is open at a time: an open offer stands in the
// way, a refused or lapsed one does not, nor a referral whose score has expired.
func TestOneOpenApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.market(contractTerms())
	ask := applyFor(product, 10_000_000)
	first := done(w, w.msg.Apply, ask)
	refused(w, "with an offer", w.msg.Apply, ask, ErrOpen)
	refuse := &loanv1.MsgRefuseOffer{Device: bakeryClerk, OrgId: bakery, OfferId: first.OfferId}
	refused(w, "an unknown offer", w.msg.RefuseOffer, &loanv1.MsgRefuseOffer{Device: bakeryAdmin, OrgId: bakery, OfferId: 9}, ErrNotFound)
	refused(w, "another's offer", w.msg.RefuseOffer, &loanv1.MsgRefuseOffer{Device: smithyAdmin, OrgId: smithy, OfferId: first.OfferId}, ErrUnauthorised)
	done(w, w.msg.RefuseOffer, refuse)
	refused(w, "twice", w.msg.RefuseOffer, refuse, ErrState)
	w.sound()

	second := done(w, w.msg.Apply, ask)
	w.advance(w.now() + 7*daySeconds)
	o, err := w.k.offer(w.ctx, second.OfferId)
	w.must(err)
	if o.Status != loanv1.OfferStatus_OFFER_STATUS_LAPSED || w.pool(1).ReservedFen != 0 {
		t.Errorf("after its time the offer is %s, %d fen reserved", o.Status, w.pool(1).ReservedFen)
	}
	w.sound()

	w.setScore(bakery, 550)
	third := done(w, w.msg.Apply, ask)
	refused(w, "with a referral", w.msg.Apply, ask, ErrOpen)
	s := w.scores[string(hashOf(byte(bakery)))]
	s.Id, s.Score = hashOf(50), 650
	w.scores[string(hashOf(50))] = s
	old := w.scores[string(hashOf(byte(bakery)))]
	old.ExpiryHeight = w.ctx.BlockHeight() - 1
	w.scores[string(hashOf(byte(bakery)))] = old
	ask.ScoreId = hashOf(50)
	fourth := done(w, w.msg.Apply, ask)
	w.sound()
	decide := &loanv1.MsgDecideReferral{Device: bankAdmin, OrgId: bank, ApplicationId: third.ApplicationId, Approve: true, AmountFen: 1_000_000, NoteHash: hashOf(1), BriefHash: hashOf(2)}
	refused(w, "approving what a newer application overtook", w.msg.DecideReferral, decide, ErrState)
	decide.Approve, decide.AmountFen = false, 0
	refused(w, "declining it", w.msg.DecideReferral, decide, ErrState)
	w.sound()
	refused(w, "with the newer offer still open", w.msg.Apply, ask, ErrOpen)
	done(w, w.msg.Accept, w.acceptance(fourth.OfferId))
	w.sound()
}

// An officer decides a referral within her limit and never above the chain's;
// the chain's own decision stays on the record beside hers.
func TestDecideReferral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.market(contractTerms())
	w.setScore(bakery, 550)
	id := done(w, w.msg.Apply, applyFor(product, 15_000_000)).ApplicationId
	msg := func(bend func(*loanv1.MsgDecideReferral)) *loanv1.MsgDecideReferral {
		m := &loanv1.MsgDecideReferral{Device: bankOfficer, OrgId: bank, ApplicationId: id, Approve: true, AmountFen: 8_000_000, NoteHash: hashOf(7), BriefHash: hashOf(8)}
		bend(m)
		return m
	}
	for name, c := range map[string]struct {
		bend func(*loanv1.MsgDecideReferral)
		want error
	}{
		"no note":              {func(m *loanv1.MsgDecideReferral) { m.NoteHash = nil }, ErrInvalid},
		"no brief":             {func(m *loanv1.MsgDecideReferral) { m.BriefHash = nil }, ErrInvalid},
		"no amount":            {func(m *loanv1.MsgDecideReferral) { m.AmountFen = 0 }, ErrAmount},
		"2^63-1":               {func(m *loanv1.MsgDecideReferral) { m.AmountFen = math.MaxInt64 }, ErrAmount},
		"a refusal with money": {func(m *loanv1.MsgDecideReferral) { m.Approve = false }, ErrAmount},
		"a machine":            {func(m *loanv1.MsgDecideReferral) { m.Device = bankService }, org.ErrDeviceRole},
		"over her limit":       {func(m *loanv1.MsgDecideReferral) { m.AmountFen = 10_000_001 }, org.ErrLimit},
		"another lender":       {func(m *loanv1.MsgDecideReferral) { m.Device, m.OrgId = otherAdmin, otherBank }, ErrUnauthorised},
		"unknown application":  {func(m *loanv1.MsgDecideReferral) { m.ApplicationId = 9 }, ErrNotFound},
		"too little":           {func(m *loanv1.MsgDecideReferral) { m.AmountFen = 999_999 }, ErrLimit},
		"more than asked":      {func(m *loanv1.MsgDecideReferral) { m.Device, m.AmountFen = bankAdmin, 15_000_001 }, ErrLimit},
	} {
		refused(w, name, w.msg.DecideReferral, msg(c.bend), c.want)
	}
	same := func(*loanv1.MsgDecideReferral) {}
	w.grades[bakery] = attestationv1.Grade_GRADE_C // the limit is now 10,000,000
	refused(w, "over the limit of now", w.msg.DecideReferral, msg(func(m *loanv1.MsgDecideReferral) { m.Device, m.AmountFen = bankAdmin, 10_000_001 }), ErrLimit)
	w.grades[bakery] = attestationv1.Grade_GRADE_D
	refused(w, "declined by the facts of now", w.msg.DecideReferral, msg(same), ErrState)
	w.grades[bakery] = attestationv1.Grade_GRADE_A
	w.index.live = false
	refused(w, "on a stale index", w.msg.DecideReferral, msg(same), ErrState)
	w.index.live = true
	consent := w.consents[string(hashOf(byte(bakery)))]
	delete(w.consents, string(hashOf(byte(bakery))))
	refused(w, "without consent", w.msg.DecideReferral, msg(same), errFake)
	w.consents[string(hashOf(byte(bakery)))] = consent

	res, events, err := deliver(w, w.msg.DecideReferral, msg(same))
	w.must(err)
	wantList(t, "events", events, []string{"xinlian.loan.v1.EventOfferChanged", "xinlian.loan.v1.EventDecided"})
	a, err := w.k.application(w.ctx, id)
	w.must(err)
	if a.Decision.Outcome != loanv1.Outcome_OUTCOME_APPROVED || a.Decision.Officer != bankOfficer || !bytes.Equal(a.Decision.NoteHash, hashOf(7)) || !bytes.Equal(a.Decision.BriefHash, hashOf(8)) ||
		a.Decision.Reasons[0].Code != "score-clear" || a.Referral.Outcome != loanv1.Outcome_OUTCOME_REFERRED || a.Referral.Officer != "" {
		t.Errorf("application %+v", a)
	}
	refused(w, "twice", w.msg.DecideReferral, msg(same), ErrState)
	w.sound()
	done(w, w.msg.Accept, w.acceptance(res.OfferId))
	w.sound()
}

// Only exactly what was offered can be accepted, by the owner, while it stands.
func TestAcceptRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	offer := done(w, w.msg.Apply, applyFor(w.market(contractTerms()), 10_000_000)).OfferId
	type message = loanv1.MsgAccept
	for name, c := range map[string]struct {
		bend func(*message)
		want error
	}{
		"short hash":      {func(m *message) { m.ContractHash = nil }, ErrInvalid},
		"no principal":    {func(m *message) { m.PrincipalFen = 0 }, ErrAmount},
		"2^63-1":          {func(m *message) { m.PrincipalFen = math.MaxInt64 }, ErrAmount},
		"a clerk":         {func(m *message) { m.Device = bakeryClerk }, org.ErrDeviceRole},
		"a machine":       {func(m *message) { m.Device = bakeryBot }, org.ErrDeviceRole},
		"another firm":    {func(m *message) { m.Device, m.OrgId = smithyAdmin, smithy }, ErrUnauthorised},
		"unknown offer":   {func(m *message) { m.OfferId = 9 }, ErrNotFound},
		"other contract":  {func(m *message) { m.ContractHash = hashOf(1) }, ErrContract},
		"other principal": {func(m *message) { m.PrincipalFen++ }, ErrContract},
		"other rate":      {func(m *message) { m.RateBps-- }, ErrContract},
		"other term":      {func(m *message) { m.Periods++ }, ErrContract},
		"no auto debit":   {func(m *message) { m.AutoDebit = false }, ErrContract},
	} {
		m := w.acceptance(offer)
		c.bend(m)
		refused(w, name, w.msg.Accept, m, c.want)
	}
	d := w.devices[bakeryAdmin]
	small := d
	small.AmountLimitFen = 9_999_999
	w.devices[bakeryAdmin] = small
	refused(w, "over the device's limit", w.msg.Accept, w.acceptance(offer), org.ErrLimit)
	w.devices[bakeryAdmin] = d
	for _, party := range []uint64{bakery, bank} {
		w.cash.frozen[party] = true
		refused(w, "frozen", w.msg.Accept, w.acceptance(offer), ErrFrozen)
		w.cash.frozen[party] = false
	}
	o := w.orgs[bank]
	suspended := o
	suspended.Status = orgv1.OrgStatus_ORG_STATUS_SUSPENDED
	w.orgs[bank] = suspended
	refused(w, "a suspended lender", w.msg.Accept, w.acceptance(offer), ErrState)
	w.orgs[bank] = o
	consent := w.consents[string(hashOf(byte(bakery)))]
	delete(w.consents, string(hashOf(byte(bakery))))
	refused(w, "a revoked consent", w.msg.Accept, w.acceptance(offer), errFake)
	w.consents[string(hashOf(byte(bakery)))] = consent
	ctx := w.ctx
	w.ctx = w.ctx.WithBlockTime(w.ctx.BlockTime().Add(7 * 24 * time.Hour))
	refused(w, "a second after its end", w.msg.Accept, w.acceptance(offer), ErrExpired)
	w.ctx = ctx
	m := w.acceptance(offer)
	done(w, w.msg.Accept, m)
	refused(w, "twice", w.msg.Accept, m, ErrState)
	if got := w.balance(cashAccount(bakery)); got != 6_000_000 {
		t.Errorf("paid out %d fen", got)
	}
}

// Parameters change by council only, within bounds, and time is compressed on
// demonstration networks only.
func TestUpdateParams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	update := func(bend func(*loanv1.Params)) *loanv1.MsgUpdateParams {
		p := DefaultParams()
		bend(&p)
		return &loanv1.MsgUpdateParams{Authority: wire.Authority(), Params: p}
	}
	for name, bend := range map[string]func(*loanv1.Params){
		"rate cap 0":      func(p *loanv1.Params) { p.RateCapBps = 0 },
		"rate cap over 1": func(p *loanv1.Params) { p.RateCapBps = RateBpsMax + 1 },
		"no items":        func(p *loanv1.Params) { p.ItemsPerBlockMax = 0 },
		"many items":      func(p *loanv1.Params) { p.ItemsPerBlockMax = math.MaxUint32 },
		"no gas":          func(p *loanv1.Params) { p.ItemGasMax = 0 },
		"all gas":         func(p *loanv1.Params) { p.ItemGasMax = math.MaxUint64 },
		"negative lock":   func(p *loanv1.Params) { p.TemplateLockSeconds = -1 },
		"long lock":       func(p *loanv1.Params) { p.TemplateLockSeconds = math.MaxInt64 },
		"negative period": func(p *loanv1.Params) { p.CompressedPeriodSeconds = -1 },
		"long period":     func(p *loanv1.Params) { p.CompressedPeriodSeconds = math.MaxInt64 },
		"no retry":        func(p *loanv1.Params) { p.RetrySeconds = 0 },
		"long retry":      func(p *loanv1.Params) { p.RetrySeconds = math.MaxInt64 },
	} {
		refused(w, name, w.msg.UpdateParams, update(bend), ErrParams)
	}
	fast := func(p *loanv1.Params) { p.CompressedPeriodSeconds = 60 }
	m := update(fast)
	m.Authority = bankAdmin
	refused(w, "a bank", w.msg.UpdateParams, m, org.ErrAuthority)
	done(w, w.msg.UpdateParams, update(fast))

	production := newWorld(t)
	production.k.left.Council = strictCouncil{production.fakes}
	refused(production, "fast time in production", production.msg.UpdateParams, update(fast), ErrParams)
	done(production, production.msg.UpdateParams, update(func(*loanv1.Params) {}))
}

type strictCouncil struct{ fakes }

func (strictCouncil) Network(context.Context) (councilv1.NetworkKind, error) {
	return councilv1.NetworkKind_NETWORK_KIND_PRODUCTION, nil
}
