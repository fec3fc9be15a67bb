package vault

import (
	"slices"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// rulebook says which reads an owner's consents cover. It is written from the
// protocol and apart from the vault: it keeps its own consents, batches, clock
// and counts, and calls none of the vault's rules.
type rulebook struct {
	now     time.Time // the chain's
	newest  int64     // latest block that any read was decided on, unix seconds
	devices map[string]*holder
	consent map[ID]*agreement
	sheets  []*sheet
	epochs  map[wrapKeyOf]uint32
	erased  map[uint64]bool
	nonces  map[nonceKey]bool
}

// holder is a device: whose it is, and whether it is live.
type holder struct {
	org    uint64
	active bool
}

// agreement is a consent with what was wrapped and read under it.
type agreement struct {
	Consent
	wrapped map[wrapKey]bool
	reads   []int64
}

// sheet is one batch as its owner knows it.
type sheet struct {
	info     BatchInfo
	anchored bool
	months   []uint32
	amounts  []int64
}

type wrapKeyOf struct {
	enterprise uint64
	category   record.Category
}

// attempt is one read and the circumstances of it.
type attempt struct {
	req    ReadRequest
	signed bool          // the named device signed exactly these bytes
	lag    time.Duration // age of the vault's newest block
}

func newRulebook(now time.Time) *rulebook {
	return &rulebook{
		now: now, devices: map[string]*holder{}, consent: map[ID]*agreement{}, epochs: map[wrapKeyOf]uint32{},
		erased: map[uint64]bool{}, nonces: map[nonceKey]bool{},
	}
}

// judge decides an attempt and remembers it. records is how many an allowed read
// gives. verified says whether the request was proven to be the device's.
func (b *rulebook) judge(a *attempt) (want Outcome, records int) {
	want, records, verified := b.verdict(a)
	key := nonceKey{a.req.Device, a.req.Nonce}
	switch {
	case verified && b.nonces[key]:
		want, records = 6, 0
	case want == OutcomeAllowed && a.req.Expires.Unix() < b.newest:
		want, records = 7, 0
	case want == OutcomeAllowed:
		want = b.counted(a)
	}
	if verified {
		b.nonces[key] = true
	}
	if want != OutcomeAllowed {
		return want, 0
	}
	g := b.consent[a.req.Consent]
	g.reads = append(g.reads, b.now.Add(-a.lag).Unix())
	return want, records
}

// verdict is what does not depend on other reads, in the order of the protocol.
// Numbers are the stable outcomes of receipts.
func (b *rulebook) verdict(a *attempt) (want Outcome, records int, verified bool) {
	r := &a.req
	if !slices.IsSorted(r.Selector.Categories) || len(r.Selector.Categories) == 0 {
		return 1, 0, false
	}
	if r.ChainID != testChain || r.Custodian != testCustodian {
		return 2, 0, false
	}
	head := b.now.Add(-a.lag)
	b.newest = max(b.newest, head.Unix())
	d := b.devices[r.Device]
	switch {
	case a.lag > 10*time.Second:
		return 5, 0, false
	case d == nil || !d.active:
		return 4, 0, false
	case !a.signed:
		return 3, 0, false
	case r.Expires.Before(head) || r.Expires.After(head.Add(5*time.Minute)):
		return 7, 0, true
	}
	g := b.consent[r.Consent]
	switch {
	case g == nil:
		return 8, 0, true
	case g.Grantee != d.org:
		return 15, 0, true
	case g.State != StateActive:
		return map[State]Outcome{StatePending: 9, StatePaused: 10, StateRevoked: 11, StateRefused: 12, StateExpired: 13, StateAmended: 26}[g.State], 0, true
	case head.Before(g.Start):
		return 14, 0, true
	case !head.Before(g.End):
		return 13, 0, true
	case r.Purpose != g.Purpose:
		return 16, 0, true
	case r.Use == UseStore && g.Use == UseView, g.Use == UseQuery:
		return 17, 0, true
	case slices.ContainsFunc(r.Selector.Categories, func(c record.Category) bool { return !slices.Contains(g.Categories, c) }),
		r.Selector.Months.From < g.Months.From, r.Selector.Months.To > g.Months.To:
		return 18, 0, true
	case b.erased[g.Enterprise]:
		return 24, 0, true
	case len(g.wrapped) == 0:
		return 21, 0, true
	}
	want, records = b.choose(r, g)
	return want, records, true
}

// choose finds what a request would give.
func (b *rulebook) choose(r *ReadRequest, g *agreement) (Outcome, int) {
	s := &r.Selector
	for _, id := range s.Batches {
		if o := b.namedBatch(id, s, g); o != OutcomeAllowed {
			return o, 0
		}
	}
	for _, k := range s.Records {
		if o := b.namedBatch(k.Batch, s, g); o != OutcomeAllowed {
			return o, 0
		}
		if k.Index >= uint64(len(b.sheet(k.Batch).months)) {
			return 22, 0
		}
	}
	records, keyless := 0, false
	for _, sh := range b.sheets {
		if sh.info.Enterprise != g.Enterprise || !slices.Contains(s.Categories, sh.info.Category) || len(s.Batches) > 0 && !slices.Contains(s.Batches, sh.info.ID) {
			continue
		}
		named := slices.ContainsFunc(s.Records, func(k RecordRef) bool { return k.Batch == sh.info.ID })
		if len(s.Records) > 0 && !named || !b.inMonths(sh, s.Months) {
			continue
		}
		if !sh.anchored {
			if named || len(s.Batches) > 0 {
				return 23, 0
			}
			continue
		}
		if len(g.Schemas) > 0 && !slices.Contains(g.Schemas, sh.info.SchemaID) || len(g.Providers) > 0 && !slices.Contains(g.Providers, Provider{}) {
			if named || len(s.Batches) > 0 { // every batch here is declared by its owner, provider 0
				return 18, 0
			}
			continue
		}
		n := b.visible(sh, s, g)
		records += n
		keyless = keyless || n > 0 && !g.wrapped[wrapKey{sh.info.Category, sh.info.Epoch}]
	}
	switch {
	case len(s.Records) > 0 && records != len(s.Records):
		return 18, 0
	case keyless:
		return 21, 0
	}
	return OutcomeAllowed, records
}

func (b *rulebook) sheet(id ID) *sheet {
	for _, s := range b.sheets {
		if s.info.ID == id {
			return s
		}
	}
	return nil
}

// consentFirm is whose records a consent is about, 0 where it is unknown.
func (b *rulebook) consentFirm(id ID) uint64 {
	if g := b.consent[id]; g != nil {
		return g.Enterprise
	}
	return 0
}

func (b *rulebook) namedBatch(id ID, s *Selector, g *agreement) Outcome {
	sh := b.sheet(id)
	switch {
	case sh == nil || sh.info.Enterprise != g.Enterprise:
		return 22
	case !slices.Contains(s.Categories, sh.info.Category) || !b.inMonths(sh, s.Months):
		return 18
	}
	return OutcomeAllowed
}

func (b *rulebook) inMonths(sh *sheet, m Months) bool {
	return slices.Min(sh.months) <= m.To && slices.Max(sh.months) >= m.From
}

// visible counts the records of a sheet that a request may see.
func (b *rulebook) visible(sh *sheet, s *Selector, g *agreement) (n int) {
	for i := range sh.months {
		if len(s.Records) > 0 && !slices.Contains(s.Records, RecordRef{sh.info.ID, uint64(i)}) {
			continue
		}
		if b.seen(sh, i, s.Months, g) {
			n++
		}
	}
	return n
}

// seen tells whether record i of a sheet lies in the months and above the least
// amount.
func (b *rulebook) seen(sh *sheet, i int, m Months, g *agreement) bool {
	return sh.months[i] >= m.From && sh.months[i] <= m.To && sh.amounts[i] >= g.AmountFenMin
}

// counted holds the read against the consent's number of reads.
func (b *rulebook) counted(a *attempt) Outcome {
	g := b.consent[a.req.Consent]
	layout := map[FetchUnit]string{FetchOnce: "", FetchDay: "2006-01-02", FetchMonth: "2006-01", FetchYear: "2006"}[g.FetchUnit]
	period := func(unix int64) string { return time.Unix(unix, 0).In(time.FixedZone("", 8*60*60)).Format(layout) }
	at, n := period(b.now.Add(-a.lag).Unix()), uint32(0)
	for _, t := range g.reads {
		if period(t) == at {
			n++
		}
	}
	switch {
	case n < g.FetchLimit:
		return OutcomeAllowed
	case g.FetchUnit == FetchOnce:
		return 19
	}
	return 20
}

// wrap notes which keys a grantee holds after the custodian wrapped for it.
func (b *rulebook) wrap(g *agreement) {
	g.wrapped = map[wrapKey]bool{}
	for _, c := range g.Categories {
		g.wrapped[wrapKey{c, b.epoch(g.Enterprise, c)}] = true
		for _, sh := range b.sheets {
			if sh.info.Enterprise == g.Enterprise && sh.info.Category == c && b.inMonths(sh, g.Months) {
				g.wrapped[wrapKey{c, sh.info.Epoch}] = true
			}
		}
	}
}

// rewrap is wrap for all consents of an enterprise that are not over and had keys.
func (b *rulebook) rewrap(enterprise uint64) {
	for _, g := range b.consent {
		if g.Enterprise == enterprise && len(g.wrapped) > 0 && !b.over(g) {
			b.wrap(g)
		}
	}
}

func (b *rulebook) over(g *agreement) bool {
	return g.State == StateRevoked || g.State == StateExpired || g.State == StateRefused || g.State == StateAmended || !b.now.Before(g.End)
}

func (b *rulebook) epoch(enterprise uint64, c record.Category) uint32 {
	k := wrapKeyOf{enterprise, c}
	if b.epochs[k] == 0 {
		b.epochs[k] = 1
	}
	return b.epochs[k]
}
