package app_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/app"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/score"
	"github.com/xinlian/xinlian/zk"
	"github.com/xinlian/xinlian/zk/ceremony"
)

// sealed is the seal of a ceremony that ended in the key, signed by these.
func sealed(t *testing.T, key []byte, change func(*zk.Seal), signers ...wire.Signer) []byte {
	t.Helper()
	k, err := zk.DecodeSRSKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := zk.SignedSeal{Seal: zk.Seal{
		Ceremony: "xinlian-test-1", Transcript: [32]byte{1}, Key: k.Hash(), File: [32]byte{2}, Powers: zk.PowersMax, Contributions: 3,
	}}
	if change != nil {
		change(&s.Seal)
	}
	b, err := s.Seal.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, signer := range signers {
		signature, err := signer.Sign(b)
		if err != nil {
			t.Fatal(err)
		}
		s.Signatures = append(s.Signatures, zk.SealSignature{Key: [32]byte(signer.PubKey().Bytes()), Signature: [64]byte(signature)})
	}
	slices.SortFunc(s.Signatures, func(a, b zk.SealSignature) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	encoded, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// Test that a production network accepts the seal of a ceremony with three of its
// founders' signatures and nothing less: two, one control group, a key of nobody
// here, one signature twice, a changed seal, another key's seal, no seal, the seal
// of an empty ceremony.
func TestProductionSeal(t *testing.T) {
	t.Parallel()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	_, c := testkit.Found(t)
	a, b, d := c.BankA.Service, c.BankB.Service, c.Auditor.Service
	key := foreignKey(t)
	stranger := testkit.ServiceKey(t, "stranger")
	three := sealed(t, key, nil, a, b, d)
	bent := func(at int) []byte {
		copied := bytes.Clone(three)
		copied[at] ^= 1
		return copied
	}
	for name, r := range map[string]struct {
		seal []byte
		bend func(*app.Genesis)
		want string
	}{
		"three":              {three, nil, ""},
		"five":               {sealed(t, key, nil, a, b, d, c.Regulator.Service, c.Settlement.Service), nil, ""},
		"none":               {nil, nil, "score.srs_seal"},
		"unsigned":           {sealed(t, key, nil), nil, "want at least 3"},
		"two":                {sealed(t, key, nil, a, b), nil, "want at least 3"},
		"three and stranger": {sealed(t, key, nil, a, b, d, stranger), nil, "of no organisation"},
		"two and stranger":   {sealed(t, key, nil, a, b, stranger), nil, "of no organisation"},
		"twice":              {sealed(t, key, nil, a, b, b), nil, "score"},
		"another key":        {sealed(t, key, func(s *zk.Seal) { s.Key[0] ^= 1 }, a, b, d), nil, "srs_key"},
		"nobody contributed": {sealed(t, key, func(s *zk.Seal) { s.Contributions = 0 }, a, b, d), nil, "nobody contributed"},
		"transcript changed": {bent(4 + len("xinlian/ceremony-signed-seal/v1") + 4 + 4 + len("xinlian/ceremony-seal/v1") + 4 + len("xinlian-test-1")), nil, "false"},
		"signature changed":  {bent(len(three) - 1), nil, "false"},
		"cut":                {three[:len(three)-1], nil, "seal"},
		"one control group": {three, func(g *app.Genesis) {
			for i := range g.Org.Organisations {
				if g.Org.Organisations[i].Id == c.BankB.ID {
					g.Org.Organisations[i].ControlGroup = c.BankA.ID
				}
			}
		}, "want at least 3"},
	} {
		g := production(t)
		g.Score.SrsSeal = r.seal
		if r.bend != nil {
			r.bend(g)
		}
		switch _, err := g.Doc(codec); {
		case r.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case r.want != "" && (err == nil || !strings.Contains(err.Error(), r.want)):
			t.Errorf("%s: got %v, want %q", name, err, r.want)
		}
	}
}

// Test that a chain rests on a real ceremony of three founders: its genesis
// carries key and seal, members vote the key that each derives from the file, and
// a proof under it is accepted while one under the development string is not.
func TestCeremonyScores(t *testing.T) {
	t.Parallel()
	_, founders := testkit.Found(t)
	signers := []wire.Signer{founders.BankA.Service, founders.BankB.Service, founders.Auditor.Service}
	card := testkit.Card("small")
	circuit, err := zk.Compile(card)
	if err != nil {
		t.Fatal(err)
	}
	beaconAt := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	h := ceremony.Header{Name: testkit.ChainID, Powers: uint32(circuit.Size()) + 3, Beacon: "tomorrow's", BeaconAt: beaconAt.Unix()}
	for i, s := range signers {
		h.Organisations = append(h.Organisations, ceremony.Organisation{Name: string(rune('a' + i)), Key: [32]byte(s.PubKey().Bytes())})
	}
	dir := t.TempDir()
	if err := ceremony.Init(dir, h); err != nil {
		t.Fatal(err)
	}
	tr, err := ceremony.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	tr.Now = func() time.Time { return beaconAt.Add(-time.Hour) }
	for _, s := range signers {
		if err := tr.Contribute(s.PubKey().Bytes(), s); err != nil {
			t.Fatal(err)
		}
	}
	tr.Now = func() time.Time { return beaconAt }
	seal, err := tr.Seal(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range signers {
		if seal, err = tr.Sign(s.PubKey().Bytes(), s); err != nil {
			t.Fatal(err)
		}
	}
	srs, _, err := zk.LoadSRS(filepath.Join(dir, ceremony.SRSFile), seal.Seal.Key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := seal.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p := production(t)
	p.Score.SrsKey, p.Score.SrsSeal = srs.Key().Encode(), encoded
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Doc(codec); err != nil {
		t.Fatalf("production refuses the ceremony: %v", err)
	}
	// The same string on a chain whose devices are those of tests.
	c := testkit.Start(t, testkit.OneAuditor, func(g *app.Genesis) {
		g.Score.SrsKey, g.Score.SrsSeal, g.Score.SrsKind = srs.Key().Encode(), encoded, scorev1.SrsKind_SRS_KIND_CEREMONY
	})
	prover, err := zk.NewProver(srs, nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := prover.VerifyingKey(context.Background(), card)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := card.Hash()
	if err != nil {
		t.Fatal(err)
	}
	c.Do(c.BankA.Admin, c.ModelProposal(card, key.Encode()))
	c.Do(c.Auditor.Admin, c.Audit(safetyv1.SubjectKind_SUBJECT_KIND_MODEL, hash[:], true))
	for _, f := range c.Founders()[:4] {
		c.Do(f.Admin, testkit.ModelVote(f, hash[:], key.Hash(), true))
	}
	e := c.Enterprise("bakery")
	set := c.Features(e, c.Anchored(e, 2))
	msg := c.Scoring(e, set, testkit.Founder{}, nil)
	c.Refuse(e.Owner, score.ErrProof, msg) // proven under the development string
	msg = c.Scoring(e, set, testkit.Founder{}, nil)
	params, err := scorev1.NewQueryClient(c.Conn()).Params(context.Background(), &scorev1.QueryParamsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	statement, err := zk.State(card, set, zk.Terms{
		ChainID: testkit.ChainID, Purpose: uint32(profilev1.Purpose_PURPOSE_UNDERWRITING),
		IssueHeight: uint64(msg.IssueHeight), ExpiryHeight: uint64(msg.IssueHeight + params.Params.ValidityBlocks),
	})
	if err != nil {
		t.Fatal(err)
	}
	if msg.Proof, err = prover.Prove(context.Background(), card, zk.Witness{Statement: statement, FeatureSet: set}); err != nil {
		t.Fatal(err)
	}
	c.Do(e.Owner, msg)
	c.CheckInvariants()
	again := c.Import(c.Export())
	again.CheckInvariants()
}

// Test that a flood of false proofs costs a node a bounded number of
// verifications and keeps nobody else out: after its quota an organisation is
// refused before a proof is looked at, a proposal carries no more proofs than the
// cap whoever made it, a block takes its time for no more than those, and an honest
//
//	proof is admitted and executed beside them.
func TestProofFlood(t *testing.T) {
	t.Parallel()
	const quota, perBlock, flood = 3, 4, 40
	c := testkit.Start(t, testkit.OneAuditor, func(g *app.Genesis) {
		g.Score.Params.FailedProofsMax, g.Score.Params.ProofsPerBlockMax = quota, perBlock
	})
	c.Adopt()
	e := c.Enterprise("bakery")
	set := c.Features(e, c.Anchored(e, 2))
	consent := c.Consent(e, c.BankB, profilev1.Purpose_PURPOSE_UNDERWRITING)
	honest := c.Scoring(e, set, testkit.Founder{}, nil)
	bad := func(n, ahead int) []byte {
		m := c.Scoring(e, set, c.BankB, consent)
		m.Proof[len(m.Proof)-1-n] ^= 1 // in the values of 32 bytes: well formed, and false
		d := c.Draft(c.BankB.Service, m)
		if err := d.Account.SetSequence(d.Account.GetSequence() + uint64(ahead)); err != nil {
			t.Fatal(err)
		}
		return c.SignDraft(c.BankB.Service, d)
	}
	var looked int
	var txs [][]byte
	for n := range flood {
		raw := bad(n%20, 0)
		txs = append(txs, raw)
		switch o := c.Check(raw); {
		case o.Space == score.Name && o.Code == score.ErrProof.ABCICode():
			looked++
		case o.Space != score.Name || o.Code != score.ErrRefusals.ABCICode():
			t.Fatalf("false proof %d: %s/%d %s", n, o.Space, o.Code, o.Log)
		}
	}
	if looked != quota {
		t.Errorf("looked at %d false proofs, want %d", looked, quota)
	}
	own := c.Sign(e.Owner, honest)
	if o := c.Check(own); o.Code != 0 {
		t.Fatalf("the honest proof: %s/%d %s", o.Space, o.Code, o.Log)
	}
	// A proposer that admits anything is held by the others.
	process(t, c, "a block of false proofs", txs, false)
	var block [][]byte
	for n := range perBlock - 1 {
		block = append(block, bad(n, n))
	}
	block = append(block, own)
	process(t, c, "as many as the cap", block, true)
	began := time.Now()
	outcomes := c.Block(time.Second, block...)
	t.Logf("a block of %d proofs: %s", perBlock, time.Since(began))
	for i, o := range outcomes[:perBlock-1] {
		if o.Space != score.Name || o.Code != score.ErrProof.ABCICode() {
			t.Errorf("false proof %d: %s/%d %s", i, o.Space, o.Code, o.Log)
		}
	}
	if o := outcomes[perBlock-1]; o.Code != 0 {
		t.Errorf("the honest proof in the block: %s/%d %s", o.Space, o.Code, o.Log)
	}
	c.CheckInvariants()
}
