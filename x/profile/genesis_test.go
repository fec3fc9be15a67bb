package profile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/types/query"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/golden"
)

// lived is a chain on which everything that makes a row has happened.
func lived(t tester) kit {
	t.Helper()
	c := newKit(t)
	gap := signed(3, source)
	gap.Sequence = 2
	again := gap
	again.BatchId, again.Sequence, again.Supersedes = id(500), 3, gap.BatchId
	if err := c.anchor(declared(1), signed(1, source), sign(gap, shop), sign(again, shop)); err != nil {
		t.Fatal(err)
	}
	c.request(t, terms(lender, 1))
	active, revoked := c.granted(t, terms(lender, 2)), c.granted(t, terms(lender, 3))
	if err := c.revoke("admin", shop, revoked); err != nil {
		t.Fatal(err)
	}
	if err := c.postWraps(active, wrap(bank, 1, lender), wrap(bank, 2, lender)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.msgs.AnchorAccessLog(c.ctx, &profilev1.MsgAnchorAccessLog{
		Device: "service", OrgId: custodian, From: 1, To: 2, PreviousHead: make([]byte, 32), Head: id(1),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.msgs.PostDeletionReceipt(c.ctx, &profilev1.MsgPostDeletionReceipt{
		Device: "service", OrgId: lender, ConsentId: revoked, ReceiptHash: id(2),
	}); err != nil {
		t.Fatal(err)
	}
	asked := c.request(t, terms(lender2, 4))
	narrow, err := c.amend("admin", shop, narrowed(terms(lender2, 4), asked))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.revoke("admin", shop, narrow); err != nil { // its receipt is due
		t.Fatal(err)
	}
	if err := c.erase("admin", mill); err != nil {
		t.Fatal(err)
	}
	return c
}

// An exported state, taken in by a new chain, exports to the same bytes, and the
// new chain's sets and indexes work.
func TestGenesisRoundTrip(t *testing.T) {
	t.Parallel()
	first := lived(t)
	gs, err := first.ExportGenesis(first.ctx)
	if err != nil {
		t.Fatal(err)
	}
	second := newKit(t)
	if err := second.InitGenesis(second.ctx, gs); err != nil {
		t.Fatal(err)
	}
	again, err := second.ExportGenesis(second.ctx)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := gs.Marshal()
	b, _ := again.Marshal()
	if !bytes.Equal(a, b) {
		t.Errorf("got %v, want %v", again, gs)
	}
	second.checkInvariants(t)
	next := signed(4, source)
	next.Epoch = 3
	if err := second.anchor(sign(next, shop)); err != nil {
		t.Error(err)
	}
}

// Each bent field of a valid genesis is refused.
func TestGenesisRefused(t *testing.T) {
	t.Parallel()
	c := lived(t)
	for name, bend := range map[string]func(gs *profilev1.GenesisState){
		"params":                  func(gs *profilev1.GenesisState) { gs.Params.RewrapBlocks = 0 },
		"schema":                  func(gs *profilev1.GenesisState) { gs.Schemas[0].Hash = nil },
		"schema twice":            func(gs *profilev1.GenesisState) { gs.Schemas[1] = gs.Schemas[0] },
		"schema missing":          func(gs *profilev1.GenesisState) { gs.Schemas = gs.Schemas[2:] },
		"batch twice":             func(gs *profilev1.GenesisState) { gs.Batches[1] = gs.Batches[0] },
		"batch missing":           func(gs *profilev1.GenesisState) { gs.Batches = gs.Batches[1:] },
		"batch gap":               func(gs *profilev1.GenesisState) { gs.Batches[0].GapDays++ },
		"batch status":            func(gs *profilev1.GenesisState) { gs.Batches[0].Status = 0 },
		"batch enterprise":        func(gs *profilev1.GenesisState) { gs.Batches[0].EnterpriseId = 0 },
		"batch category":          func(gs *profilev1.GenesisState) { gs.Batches[0].Category = tax },
		"batch epoch":             func(gs *profilev1.GenesisState) { gs.Batches[0].Anchor.Epoch = 9 },
		"stream":                  func(gs *profilev1.GenesisState) { gs.Streams[0].PeriodTo++ },
		"stream missing":          func(gs *profilev1.GenesisState) { gs.Streams = gs.Streams[1:] },
		"stream twice":            func(gs *profilev1.GenesisState) { gs.Streams = append(gs.Streams, gs.Streams[1]) },
		"epoch":                   func(gs *profilev1.GenesisState) { gs.Epochs[0].Number = 0 },
		"epoch missing":           func(gs *profilev1.GenesisState) { gs.Epochs = nil },
		"consent terms":           func(gs *profilev1.GenesisState) { gs.Consents[0].Terms.FetchLimit++ },
		"consent mode":            func(gs *profilev1.GenesisState) { gs.Consents[0].Terms.Mode = 0 },
		"consent state":           func(gs *profilev1.GenesisState) { gs.Consents[0].State = stateRefused },
		"consent head":            func(gs *profilev1.GenesisState) { gs.Consents[0].JournalHead = id(1) },
		"consent twice":           func(gs *profilev1.GenesisState) { gs.Consents = append(gs.Consents, gs.Consents[4]) },
		"journal missing":         func(gs *profilev1.GenesisState) { gs.Journals = gs.Journals[1:] },
		"journal entry":           func(gs *profilev1.GenesisState) { gs.Journals[0].Entries[0].At++ },
		"journal empty":           func(gs *profilev1.GenesisState) { gs.Journals[0].Entries = nil },
		"journal hash":            func(gs *profilev1.GenesisState) { gs.Journals[0].Entries[0].Hash = id(1) },
		"log head":                func(gs *profilev1.GenesisState) { gs.Logs[0].Head = nil },
		"log refused":             func(gs *profilev1.GenesisState) { gs.Logs[0].Refused = 3 },
		"receipt missing":         func(gs *profilev1.GenesisState) { gs.Receipts = nil },
		"receipt due":             func(gs *profilev1.GenesisState) { gs.Receipts[0].DueAt++ },
		"receipt half posted":     func(gs *profilev1.GenesisState) { gs.Receipts[0].ReceiptHash = nil },
		"receipt of nobody":       func(gs *profilev1.GenesisState) { gs.Receipts[0].OrgId = 99 },
		"batch suite":             func(gs *profilev1.GenesisState) { gs.Batches[0].Anchor.Suite = 3 },
		"amendment unlinked":      func(gs *profilev1.GenesisState) { amended(gs).AmendedBy = nil },
		"amendment of another":    func(gs *profilev1.GenesisState) { amended(gs).AmendedBy = gs.Consents[0].Id },
		"receipt of another firm": func(gs *profilev1.GenesisState) { gs.Receipts[0].EnterpriseId = mill },
		"receipt overdue early":   func(gs *profilev1.GenesisState) { gs.Receipts[0].OverdueAt = 1 },
		"log anchor missing":      func(gs *profilev1.GenesisState) { gs.LogAnchors = nil },
		"log anchor of nobody":    func(gs *profilev1.GenesisState) { gs.LogAnchors[0].VaultOrgId = 99 },
		"log anchor's head":       func(gs *profilev1.GenesisState) { gs.LogAnchors[0].Head = id(9) },
		"logs count":              func(gs *profilev1.GenesisState) { gs.Logs[0].KeptAnchors++ },
		"erasure twice":           func(gs *profilev1.GenesisState) { gs.Erasures = append(gs.Erasures, gs.Erasures[0]) },
		"erasure done early":      func(gs *profilev1.GenesisState) { gs.Erasures[0].DoneAt = 1 },
		"erasure half posted":     func(gs *profilev1.GenesisState) { gs.Erasures[0].Receipts[0].PostedAt = 1 },
		"erasure with consents":   func(gs *profilev1.GenesisState) { gs.Erasures[0].EnterpriseId = shop },
		"supersedes out of sight": func(gs *profilev1.GenesisState) { bent(gs, id(500)).Anchor.Supersedes = id(77) },
	} {
		gs, err := c.ExportGenesis(c.ctx)
		if err != nil {
			t.Fatal(err)
		}
		bend(gs)
		if err := Validate(gs); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func bent(gs *profilev1.GenesisState, id []byte) *profilev1.Batch {
	for i := range gs.Batches {
		if same(gs.Batches[i].Anchor.BatchId, id) {
			return &gs.Batches[i]
		}
	}
	panic("no such batch")
}

func amended(gs *profilev1.GenesisState) *profilev1.Consent {
	for i := range gs.Consents {
		if gs.Consents[i].State == stateAmended {
			return &gs.Consents[i]
		}
	}
	panic("no amended consent")
}

// Each invariant notices the fault that it is there for.
func TestInvariantsNotice(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(c kit) error{
		"streams-contiguous": func(c kit) error {
			b, err := c.Batch(c.ctx, id(500))
			b.GapDays++
			return errors.Join(err, c.batches.Set(c.ctx, id(500), b))
		},
		"epochs-cover-batches": func(c kit) error { return c.epochs.Remove(c.ctx, collections.Join(shop, uint32(bank))) },
		"consents-hold": func(c kit) error {
			return eachConsent(c, func(x *profilev1.Consent) { x.Terms.RetentionDays++ })
		},
		"journals-chained": func(c kit) error {
			return eachConsent(c, func(x *profilev1.Consent) { x.ChangedHeight++ })
		},
		"receipts-for-ended": func(c kit) error { return c.receipts.Clear(c.ctx, nil) },
		"amendments-narrow": func(c kit) error {
			return eachConsent(c, func(x *profilev1.Consent) { x.AmendedBy = nil })
		},
		"logs-anchored": func(c kit) error { return c.logAnchors.Clear(c.ctx, nil) },
		"erasures-final": func(c kit) error {
			e, err := c.Erasure(c.ctx, mill)
			e.DoneAt = 1
			return errors.Join(err, c.erasures.Set(c.ctx, mill, e))
		},
		"suites-agree": func(c kit) error {
			b, err := c.Batch(c.ctx, id(500))
			b.Anchor.Suite = orgv1.Suite_SUITE_SM
			return errors.Join(err, c.batches.Set(c.ctx, id(500), b))
		},
		"indexes-agree": func(c kit) error { return c.live.Clear(c.ctx, nil) },
	} {
		c := lived(t)
		c.checkInvariants(t)
		if err := harm(c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, i := range c.Invariants() {
			if i.Name == name && i.Check(c.ctx) == nil {
				t.Errorf("%s noticed nothing", name)
			}
		}
	}
}

func eachConsent(c kit, bend func(x *profilev1.Consent)) error {
	all, err := values(c.ctx, c.consents)
	for _, x := range all {
		bend(&x)
		err = errors.Join(err, c.consents.Set(c.ctx, x.Id, x))
	}
	return err
}

// Whatever messages come in whatever order, every claim over the state holds.
func TestRandomSequence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newKit(t)
		var ids [][]byte
		consent := func(t *rapid.T) []byte {
			if len(ids) == 0 {
				return id(0)
			}
			return rapid.SampledFrom(ids).Draw(t, "consent")
		}
		next := 0
		// do runs a message as a transaction: an error leaves nothing behind.
		do := func(f func(c kit) error) {
			ctx, write := c.ctx.CacheContext()
			tx := c
			tx.ctx = ctx
			if f(tx) == nil {
				write()
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"anchor": func(t *rapid.T) {
				next++
				a := declared(rapid.IntRange(1, 4).Draw(t, "n"))
				if rapid.Bool().Draw(t, "signed") {
					a = signed(rapid.IntRange(1, 4).Draw(t, "n"), source)
				}
				a.BatchId = id(next)
				a.Sequence = rapid.Uint64Range(1, 4).Draw(t, "sequence")
				a.Epoch = rapid.Uint32Range(1, 3).Draw(t, "epoch")
				if rapid.Bool().Draw(t, "supersede") {
					a.Supersedes = id(rapid.IntRange(1, next).Draw(t, "old"))
				}
				if a.SourceClass == profilev1.SourceClass_SOURCE_CLASS_SIGNED {
					a = sign(a, shop)
				}
				do(func(c kit) error { return c.anchor(a) })
			},
			"request": func(t *rapid.T) {
				next++
				x := terms(rapid.SampledFrom([]uint64{lender, lender2}).Draw(t, "lender"), next)
				x.StartsAt = c.ctx.BlockTime().Unix()
				x.ExpiresAt = x.StartsAt + rapid.Int64Range(1, 100).Draw(t, "seconds")
				do(func(c kit) error {
					res, err := c.msgs.RequestConsent(c.ctx, &profilev1.MsgRequestConsent{Device: "officer", OrgId: x.GranteeOrgId, Terms: x})
					if err == nil {
						ids = append(ids, res.ConsentId)
					}
					return err
				})
			},
			"decide": func(t *rapid.T) {
				x, what := consent(t), rapid.IntRange(0, 3).Draw(t, "what")
				do(func(c kit) error {
					var err error
					switch what {
					case 0:
						_, err = c.msgs.GrantConsent(c.ctx, &profilev1.MsgGrantConsent{Device: "admin", OrgId: shop, ConsentId: x})
					case 1:
						_, err = c.msgs.RefuseConsent(c.ctx, &profilev1.MsgRefuseConsent{Device: "admin", OrgId: shop, ConsentId: x})
					case 2:
						_, err = c.msgs.PauseConsent(c.ctx, &profilev1.MsgPauseConsent{Device: "admin", OrgId: shop, ConsentId: x})
					default:
						_, err = c.msgs.ResumeConsent(c.ctx, &profilev1.MsgResumeConsent{Device: "admin", OrgId: shop, ConsentId: x})
					}
					return err
				})
			},
			"revoke": func(t *rapid.T) {
				x, org := consent(t), rapid.SampledFrom([]uint64{shop, lender, lender2}).Draw(t, "by")
				do(func(c kit) error { return c.revoke("admin", org, x) })
			},
			"amend": func(t *rapid.T) {
				next++
				x, n := consent(t), next
				do(func(c kit) error {
					old, err := c.Consent(c.ctx, x)
					if err != nil {
						return err
					}
					narrow := narrowed(old.Terms, x)
					narrow.Nonce = id(n)[:16]
					if narrow.FetchLimit > 1 {
						narrow.FetchLimit--
					}
					made, err := c.amend("admin", shop, narrow)
					if err == nil {
						ids = append(ids, made)
					}
					return err
				})
			},
			"case": func(t *rapid.T) {
				next++
				x := caseTerms(next)
				x.StartsAt = c.ctx.BlockTime().Unix()
				x.ExpiresAt = x.StartsAt + rapid.Int64Range(1, 100).Draw(t, "seconds")
				confirmed := rapid.Bool().Draw(t, "confirmed")
				do(func(c kit) error {
					made, err := c.openCase("officer", x)
					if err == nil && confirmed {
						err = c.confirm("admin", regulator, made)
					}
					if err == nil {
						ids = append(ids, made)
					}
					return err
				})
			},
			"close": func(t *rapid.T) {
				x := consent(t)
				do(func(c kit) error { return c.closeCase("admin", regulator, x) })
			},
			"erase": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
					do(func(c kit) error { return c.erase("admin", shop) })
				}
				do(func(c kit) error { return c.destroyed("service", custodian) })
			},
			"wrap": func(t *rapid.T) {
				x, epoch := consent(t), rapid.Uint32Range(1, 4).Draw(t, "epoch")
				do(func(c kit) error { return c.postWraps(x, wrap(bank, epoch, lender), wrap(tax, epoch, lender)) })
			},
			"delete": func(t *rapid.T) {
				x := consent(t)
				do(func(c kit) error {
					_, err := c.msgs.PostDeletionReceipt(c.ctx, &profilev1.MsgPostDeletionReceipt{
						Device: "service", OrgId: lender, ConsentId: x, ReceiptHash: id(1),
					})
					return err
				})
			},
			"wait": func(t *rapid.T) {
				c = c.after(time.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * time.Second)
			},
			"": func(t *rapid.T) { c.checkInvariants(t) },
		})
	})
}

// Lists are in their order, filtered by what was asked, and page on.
func TestQueries(t *testing.T) {
	t.Parallel()
	c := lived(t)
	batches, err := c.asks.Batches(c.ctx, &profilev1.QueryBatchesRequest{EnterpriseId: shop, Pagination: &query.PageRequest{Limit: 3}})
	if err != nil || len(batches.Batches) != 3 || batches.Pagination.NextKey == nil {
		t.Fatalf("got %v, %v", batches, err)
	}
	rest, err := c.asks.Batches(c.ctx, &profilev1.QueryBatchesRequest{
		EnterpriseId: shop, Pagination: &query.PageRequest{Key: batches.Pagination.NextKey},
	})
	if err != nil || len(rest.Batches) != 1 {
		t.Errorf("got %v, %v", rest, err)
	}
	one, err := c.asks.Batch(c.ctx, &profilev1.QueryBatchRequest{BatchId: id(1)})
	if err != nil || one.Batch.EnterpriseId != shop {
		t.Errorf("got %v, %v", one, err)
	}
	if _, err := c.asks.Batch(c.ctx, &profilev1.QueryBatchRequest{BatchId: []byte(strings.Repeat("x", 1000))}); !errors.Is(err, ErrNotFound) || len(err.Error()) > 300 {
		t.Errorf("got %v", err)
	}
	streams, err := c.asks.Streams(c.ctx, &profilev1.QueryStreamsRequest{EnterpriseId: shop})
	if err != nil || len(streams.Streams) != 2 {
		t.Errorf("got %v, %v", streams, err)
	}
	epochs, err := c.asks.Epochs(c.ctx, &profilev1.QueryEpochsRequest{EnterpriseId: shop})
	if err != nil || len(epochs.Epochs) != 2 || epochs.Epochs[0].Category != bank || epochs.Epochs[0].Number != 3 {
		t.Errorf("got %v, %v", epochs, err)
	}
	for _, tc := range []struct {
		enterprise, grantee uint64
		want                int
	}{{shop, 0, 5}, {0, lender, 3}, {shop, lender, 3}, {shop, lender2, 2}, {mill, 0, 0}, {0, lender2, 2}} {
		res, err := c.asks.Consents(c.ctx, &profilev1.QueryConsentsRequest{EnterpriseId: tc.enterprise, GranteeOrgId: tc.grantee})
		if err != nil || len(res.Consents) != tc.want {
			t.Errorf("%d, %d: got %v, %v, want %d", tc.enterprise, tc.grantee, res, err, tc.want)
		}
	}
	if _, err := c.asks.Consents(c.ctx, &profilev1.QueryConsentsRequest{}); !errors.Is(err, ErrField) {
		t.Errorf("got %v, want %v", err, ErrField)
	}
	if _, err := c.asks.ConsentJournal(c.ctx, &profilev1.QueryConsentJournalRequest{ConsentId: id(0)}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want %v", err, ErrNotFound)
	}
	if _, err := c.asks.Consent(c.ctx, &profilev1.QueryConsentRequest{ConsentId: id(0)}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want %v", err, ErrNotFound)
	}
}

// Store keys are part of the wire contract: proofs name them. One line for each
// collection, its first key.
func TestStoreKeysGolden(t *testing.T) {
	t.Parallel()
	c := lived(t)
	var out strings.Builder
	it := c.ctx.KVStore(c.key).Iterator(nil, nil)
	defer it.Close()
	last := -1
	for ; it.Valid(); it.Next() {
		if p := int(it.Key()[0]); p != last {
			fmt.Fprintf(&out, "%x\n", it.Key())
			last = p
		}
	}
	golden.Same(t, "testdata/keys.golden", out.String())
}

// Error codes are part of the wire contract.
func TestErrorsGolden(t *testing.T) {
	t.Parallel()
	all := []*errorsmod.Error{
		ErrUnauthorised, ErrField, ErrTerms, ErrSchema, ErrSchemaExists, ErrEnterprise, ErrBatchExists, ErrSequence,
		ErrOverlap, ErrPeriod, ErrEpoch, ErrSource, ErrSupersede, ErrNotFound, ErrConsentExists, ErrTransition,
		ErrNotLive, ErrTooMany, ErrWrap, ErrLogGap, ErrReceipt, ErrParams, ErrGenesis, ErrInvariant,
		ErrCeiling, ErrNarrow, ErrErased, ErrLegalHold, ErrErasure,
	}
	var out strings.Builder
	for i, e := range all {
		if want := uint32(i + 2); e.ABCICode() != want {
			t.Errorf("%s: code %d, want %d", e.Error(), e.ABCICode(), want)
		}
		fmt.Fprintf(&out, "%s %d %s\n", e.Codespace(), e.ABCICode(), e.Error())
	}
	golden.Same(t, "testdata/errors.golden", out.String())
}
