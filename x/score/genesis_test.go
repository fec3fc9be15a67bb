package score

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"pgregory.net/rapid"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/types/query"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/golden"
	"github.com/xinlian/xinlian/zk"
)

// lived is a chain on which everything that makes a row has happened once.
func lived(t tester) (kit, *scorev1.MsgSubmitScore) {
	t.Helper()
	c, m := scoring(t)
	check(t, c.cast(attestorA, m.ModelHash, provenOnce(t).model.KeyHash, true))
	_, err := c.msgs.SubmitScore(c.ctx, m)
	check(t, err)
	check(t, c.publish(publisherA, lpr, 310, today))
	check(t, c.publish(publisherB, lpr, 300, today))
	return c, m
}

// An exported state, taken in by a new chain, exports to the same bytes, and a
// spent score stays spent.
func TestGenesisRoundTrip(t *testing.T) {
	t.Parallel()
	first, m := lived(t)
	gs, err := first.ExportGenesis(first.ctx)
	check(t, err)
	check(t, Validate(gs))
	second, _ := scoring(t)
	check(t, second.InitGenesis(second.ctx, gs))
	again, err := second.ExportGenesis(second.ctx)
	check(t, err)
	a, _ := gs.Marshal()
	b, _ := again.Marshal()
	if !bytes.Equal(a, b) {
		t.Errorf("got %v, want %v", again, gs)
	}
	second.checkInvariants(t)
	if _, err := second.msgs.SubmitScore(second.ctx, m); !errors.Is(err, ErrReplay) {
		t.Errorf("the spent score: got %v, want %v", err, ErrReplay)
	}
}

// A genesis without a reference string is refused, and so is one that calls the
// development string a ceremony's or another string the development one.
func TestGenesisSRS(t *testing.T) {
	t.Parallel()
	development := zk.UnsafeDevelopmentSRS().Key().Encode()
	ceremony := ceremonyKey(t, development)
	for name, tc := range map[string]struct {
		key  []byte
		kind scorev1.SrsKind
		good bool
	}{
		"default":              {nil, scorev1.SrsKind_SRS_KIND_UNSPECIFIED, false},
		"development":          {development, scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE, true},
		"ceremony":             {ceremony, scorev1.SrsKind_SRS_KIND_CEREMONY, true},
		"development disguise": {development, scorev1.SrsKind_SRS_KIND_CEREMONY, false},
		"ceremony disguise":    {ceremony, scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE, false},
		"no kind":              {ceremony, scorev1.SrsKind_SRS_KIND_UNSPECIFIED, false},
		"cut":                  {development[1:], scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE, false},
	} {
		gs := DefaultGenesis()
		gs.SrsKey, gs.SrsKind = tc.key, tc.kind
		if err := Validate(gs); (err == nil) != tc.good {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := Validate(nil); !errors.Is(err, ErrGenesis) {
		t.Errorf("nil: got %v, want %v", err, ErrGenesis)
	}
}

// ceremonyKey is the development key with twice its secret: a well-formed key of
// another string.
func ceremonyKey(t *testing.T, development []byte) []byte {
	t.Helper()
	var tau bls.G2Affine
	at := len(development) - bls.SizeOfG2AffineCompressed
	_, err := tau.SetBytes(development[at:])
	check(t, err)
	tau.Double(&tau)
	raw := tau.Bytes()
	return append(bytes.Clone(development[:at]), raw[:]...)
}

// Each bent field of a valid genesis is refused.
func TestGenesisRefused(t *testing.T) {
	t.Parallel()
	c, _ := lived(t)
	for name, bend := range map[string]func(gs *scorev1.GenesisState){
		"params":              func(gs *scorev1.GenesisState) { gs.Params.VotesMin = 0 },
		"srs":                 func(gs *scorev1.GenesisState) { gs.SrsKey = nil },
		"model twice":         func(gs *scorev1.GenesisState) { gs.Models = append(gs.Models, gs.Models[0]) },
		"model gone":          func(gs *scorev1.GenesisState) { gs.Models = nil },
		"model bytes":         func(gs *scorev1.GenesisState) { gs.Models[0].Canonical = nil },
		"model hash":          func(gs *scorev1.GenesisState) { gs.Models[0].Hash = bytes.Repeat([]byte{1}, HashBytes) },
		"model key":           func(gs *scorev1.GenesisState) { gs.Models[0].Key = nil },
		"model key hash":      func(gs *scorev1.GenesisState) { gs.Models[0].KeyHash = bytes.Repeat([]byte{1}, HashBytes) },
		"model version":       func(gs *scorev1.GenesisState) { gs.Models[0].FeatureSetVersion++ },
		"model bands":         func(gs *scorev1.GenesisState) { gs.Models[0].Bands = nil },
		"model status":        func(gs *scorev1.GenesisState) { gs.Models[0].Status = 0 },
		"model proposer":      func(gs *scorev1.GenesisState) { gs.Models[0].ProposerOrgId = 0 },
		"stopped for nothing": func(gs *scorev1.GenesisState) { gs.Models[0].Status = stopped },
		"active with a differing key": func(gs *scorev1.GenesisState) {
			gs.Models[0].Votes[0].KeyHash = bytes.Repeat([]byte{1}, HashBytes)
		},
		"vote's key":       func(gs *scorev1.GenesisState) { gs.Models[0].Votes[0].KeyHash = nil },
		"vote twice":       func(gs *scorev1.GenesisState) { gs.Models[0].Votes = append(gs.Models[0].Votes, gs.Models[0].Votes[0]) },
		"role":             func(gs *scorev1.GenesisState) { gs.Models[0].Role = 0 },
		"shares of a half": func(gs *scorev1.GenesisState) { gs.Models[0].Bands[0].SharePpm = million / 2 },
		"suspended for nothing": func(gs *scorev1.GenesisState) {
			gs.Models[0].Status = scorev1.ModelStatus_MODEL_STATUS_SUSPENDED
		},
		"finding within the bound": func(gs *scorev1.GenesisState) {
			gs.Models[0].Suspension = &scorev1.Suspension{Alarm: scorev1.Alarm_ALARM_DRIFT, Height: 1_000, Observed: 5, Bound: 5}
		},
		"finding of a strange band": func(gs *scorev1.GenesisState) {
			gs.Models[0].Suspension = &scorev1.Suspension{Alarm: scorev1.Alarm_ALARM_CALIBRATION, Band: "Z", Height: 1_000, Observed: 6, Bound: 5}
		},
		"watch gone":       func(gs *scorev1.GenesisState) { gs.Watches = nil },
		"watch twice":      func(gs *scorev1.GenesisState) { gs.Watches = append(gs.Watches, gs.Watches[0]) },
		"watch of nothing": func(gs *scorev1.GenesisState) { gs.Watches[0].ModelHash[0] ^= 1 },
		"watch short":      func(gs *scorev1.GenesisState) { gs.Watches[0].Bands = gs.Watches[0].Bands[1:] },
		"watch scored":     func(gs *scorev1.GenesisState) { gs.Watches[0].Bands[0].Scored++ },
		"watch window":     func(gs *scorev1.GenesisState) { gs.Watches[0].Bands[0].Window = 2 },
		"watch defaults":   func(gs *scorev1.GenesisState) { gs.Watches[0].Bands[0].Defaults = 1 },
		"seal garbage":     func(gs *scorev1.GenesisState) { gs.SrsSeal = []byte("seal") },
		"score twice":      func(gs *scorev1.GenesisState) { gs.Scores = append(gs.Scores, gs.Scores[0]) },
		"score id":         func(gs *scorev1.GenesisState) { gs.Scores[0].Id[0] ^= 1 },
		"score model":      func(gs *scorev1.GenesisState) { gs.Scores[0].ModelHash[0] ^= 1 },
		"score commitment": func(gs *scorev1.GenesisState) { gs.Scores[0].Commitment[31] ^= 1 },
		"score short":      func(gs *scorev1.GenesisState) { gs.Scores[0].Commitment = nil },
		"score digest":     func(gs *scorev1.GenesisState) { gs.Scores[0].DataDigest = nil },
		"score statement":  func(gs *scorev1.GenesisState) { gs.Scores[0].StatementHash = nil },
		"score lender":     func(gs *scorev1.GenesisState) { gs.Scores[0].LenderOrgId++ },
		"score purpose":    func(gs *scorev1.GenesisState) { gs.Scores[0].Purpose++ },
		"score no purpose": func(gs *scorev1.GenesisState) { gs.Scores[0].Purpose = 0 },
		"score consent":    func(gs *scorev1.GenesisState) { gs.Scores[0].ConsentId = nil },
		"score points":     func(gs *scorev1.GenesisState) { gs.Scores[0].Score = 139 },
		"score capacity":   func(gs *scorev1.GenesisState) { gs.Scores[0].CapacityFen = -1 },
		"score band":       func(gs *scorev1.GenesisState) { gs.Scores[0].Band = "B" },
		"score pd":         func(gs *scorev1.GenesisState) { gs.Scores[0].PdPpm++ },
		"score firm":       func(gs *scorev1.GenesisState) { gs.Scores[0].EnterpriseId = 0 },
		"score issue":      func(gs *scorev1.GenesisState) { gs.Scores[0].IssueHeight = gs.Scores[0].Height + 1 },
		"score expiry":     func(gs *scorev1.GenesisState) { gs.Scores[0].ExpiryHeight = gs.Scores[0].Height - 1 },
		"one attestation":  func(gs *scorev1.GenesisState) { gs.Scores[0].AttestationIds = []uint64{1} },
		"same attestation": func(gs *scorev1.GenesisState) { gs.Scores[0].AttestationIds = []uint64{2, 2} },
		"quote twice":      func(gs *scorev1.GenesisState) { gs.Quotes = append(gs.Quotes, gs.Quotes[0]) },
		"quote id":         func(gs *scorev1.GenesisState) { gs.Quotes[0].IndexId = "" },
		"quote value":      func(gs *scorev1.GenesisState) { gs.Quotes[0].ValueBps = ValueBpsMax + 1 },
		"quote publisher":  func(gs *scorev1.GenesisState) { gs.Quotes[0].PublisherOrgId = 0 },
	} {
		gs, err := c.ExportGenesis(c.ctx)
		check(t, err)
		bend(gs)
		if err := Validate(gs); !errors.Is(err, ErrGenesis) {
			t.Errorf("%s: got %v, want %v", name, err, ErrGenesis)
		}
	}
}

// Each invariant that only a store can break notices it.
func TestInvariantsNotice(t *testing.T) {
	t.Parallel()
	notices := func(c kit, name string) bool {
		for _, i := range c.Invariants() {
			if i.Name == name {
				return i.Check(c.ctx) != nil
			}
		}
		return false
	}
	c, m := lived(t)
	p := provenOnce(t)
	check(t, c.scoresByEnterprise.Set(c.ctx, collections.Join3(otherFirm, uint64(1), p.statement.Nullifier[:])))
	if !notices(c, "score-index") {
		t.Error("score-index does not notice a row too many")
	}
	c, _ = lived(t)
	check(t, c.scoresByEnterprise.Remove(c.ctx, collections.Join3(firm, uint64(issueHeight+10), p.statement.Nullifier[:])))
	if !notices(c, "score-index") {
		t.Error("score-index does not notice a row too few")
	}
	check(t, c.models.Remove(c.ctx, m.ModelHash))
	if !notices(c, "score") {
		t.Error("score does not notice that the model is gone")
	}
	check(t, c.srsKind.Set(c.ctx, uint32(scorev1.SrsKind_SRS_KIND_CEREMONY)))
	if !notices(c, "srs") {
		t.Error("srs does not notice the kind")
	}
}

// Whatever votes and quotes come in whatever order, the invariants hold.
func TestRandomSequence(t *testing.T) {
	t.Parallel()
	provenOnce(t)
	rapid.Check(t, func(t *rapid.T) {
		c := newKit(t)
		model := c.register(t)
		good := provenOnce(t).model.KeyHash
		bad := bytes.Repeat([]byte{1}, HashBytes)
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				key := good
				if rapid.IntRange(0, 9).Draw(t, "key") == 0 {
					key = bad
				}
				_ = c.cast(rapid.SampledFrom([]uint64{lender, custodian, attestorA, lender2}).Draw(t, "member"), model, key,
					rapid.Bool().Draw(t, "approve"))
			case 1:
				_ = c.publish(rapid.SampledFrom([]uint64{publisherA, publisherB, lender}).Draw(t, "publisher"), lpr,
					rapid.Int64Range(-20_000, 200_000).Draw(t, "bps"), today-rapid.Uint32Range(0, 2).Draw(t, "ago"))
			case 2:
				c.fakes.audited = rapid.Bool().Draw(t, "audited")
			}
			c.checkInvariants(t)
		}
	})
}

// Queries answer from the rows, scores of an enterprise newest last and by page.
func TestQueries(t *testing.T) {
	t.Parallel()
	c, m := lived(t)
	p := provenOnce(t)
	second, err := c.Score(c.ctx, p.statement.Nullifier[:])
	check(t, err)
	second.Id, second.Height = bytes.Repeat([]byte{0}, HashBytes), second.Height+1
	check(t, c.putScore(c.ctx, second))
	page, err := c.asks.Scores(c.ctx, &scorev1.QueryScoresRequest{EnterpriseId: firm, Pagination: &query.PageRequest{Limit: 1}})
	check(t, err)
	if len(page.Scores) != 1 || page.Scores[0].Height != issueHeight+10 || page.Pagination.NextKey == nil {
		t.Fatalf("first page: got %v", page)
	}
	page, err = c.asks.Scores(c.ctx, &scorev1.QueryScoresRequest{EnterpriseId: firm, Pagination: &query.PageRequest{Key: page.Pagination.NextKey}})
	check(t, err)
	if len(page.Scores) != 1 || page.Scores[0].Height != issueHeight+11 {
		t.Errorf("second page: got %v", page)
	}
	if none, err := c.asks.Scores(c.ctx, &scorev1.QueryScoresRequest{EnterpriseId: otherFirm}); err != nil || len(none.Scores) != 0 {
		t.Errorf("another's: got %v, %v", none, err)
	}
	if one, err := c.asks.Model(c.ctx, &scorev1.QueryModelRequest{ModelHash: m.ModelHash}); err != nil || one.Model.Status != active {
		t.Errorf("model: got %v, %v", one, err)
	}
	if all, err := c.asks.Models(c.ctx, &scorev1.QueryModelsRequest{}); err != nil || len(all.Models) != 1 {
		t.Errorf("models: got %v, %v", all, err)
	}
	if one, err := c.asks.Score(c.ctx, &scorev1.QueryScoreRequest{ScoreId: p.statement.Nullifier[:]}); err != nil || one.Score.Score != 147 {
		t.Errorf("score: got %v, %v", one, err)
	}
	if _, err := c.asks.Score(c.ctx, &scorev1.QueryScoreRequest{ScoreId: m.ModelHash}); !errors.Is(err, ErrUnknownScore) {
		t.Errorf("unknown score: got %v, want %v", err, ErrUnknownScore)
	}
	if _, err := c.asks.Score(c.ctx, &scorev1.QueryScoreRequest{}); !errors.Is(err, ErrField) {
		t.Errorf("no score: got %v, want %v", err, ErrField)
	}
	srs, err := c.asks.Srs(c.ctx, &scorev1.QuerySrsRequest{})
	if err != nil || srs.Kind != scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE || !bytes.Equal(srs.Key, zk.UnsafeDevelopmentSRS().Key().Encode()) {
		t.Errorf("srs: got %v, %v", srs, err)
	}
	if got, err := c.asks.Params(c.ctx, &scorev1.QueryParamsRequest{}); err != nil || got.Params != DefaultParams() {
		t.Errorf("params: got %v, %v", got, err)
	}
}

// Store keys are part of the wire contract: proofs name them.
func TestStoreKeysGolden(t *testing.T) {
	t.Parallel()
	c, _ := lived(t)
	var out strings.Builder
	it := c.ctx.KVStore(c.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		key := it.Key()
		if len(key) == 1+HashBytes { // hashes depend on the test's model
			key = key[:1]
		}
		if key[0] == prefixScoresByEn.Bytes()[0] {
			key = key[:len(key)-HashBytes]
		}
		if key[0] == prefixLatest.Bytes()[0] { // the hash stands in the middle
			key = slices.Concat(key[:9], key[9+1+HashBytes:])
		}
		fmt.Fprintf(&out, "%x\n", key)
	}
	golden.Same(t, "testdata/keys.golden", out.String())
}

// Error codes are part of the wire contract.
func TestErrorsGolden(t *testing.T) {
	t.Parallel()
	all := []*errorsmod.Error{
		ErrField, ErrParams, ErrGenesis, ErrSRS, ErrModel, ErrKey, ErrBands, ErrUnknownModel, ErrUnknownScore,
		ErrModelTaken, ErrNotMember, ErrModelStatus, ErrSender, ErrLender, ErrIssueHeight, ErrConsent,
		ErrConsentEnterprise, ErrConsentGrantee, ErrConsentPurpose, ErrAttestors, ErrFeatureSet, ErrAsOf,
		ErrSuperseded, ErrBatchOwner, ErrBatchStatus, ErrBatchRefused, ErrDigest, ErrLeftOut, ErrReplay,
		ErrStatement, ErrProof, ErrRefusals, ErrExpired, ErrAttestationEnded, ErrQuoteDay, ErrTooMany,
		ErrRole, ErrShadow, ErrRefreshed, ErrSuspension, ErrSeal,
	}
	var out strings.Builder
	for i, e := range all {
		if e.ABCICode() != uint32(i)+2 {
			t.Errorf("%s: got code %d, want %d", e.Error(), e.ABCICode(), i+2)
		}
		fmt.Fprintf(&out, "%s %d %s\n", e.Codespace(), e.ABCICode(), e.Error())
	}
	golden.Same(t, "testdata/errors.golden", out.String())
}
