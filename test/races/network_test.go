package races_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"cosmossdk.io/log/v2"

	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/xinlian/xinlian/app"
	"github.com/xinlian/xinlian/app/node"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

// validators is how many nodes decide; three of them must be up.
const validators = 4

// statementsPerTx is how many statements one transaction of the preparation has.
const statementsPerTx = 32

// lender is one of the two that race, with a device at each of two nodes.
type lender struct {
	testkit.Founder
	consent    []byte
	salt       []byte
	devices    [2]wire.Signer
	statements []uint64 // by receivable
}

// race is the network before the start: the same receivables attested for both.
type race struct {
	t       *testing.T
	homes   []string
	nodes   []*node.Node
	chain   *testkit.Chain // on which the state was prepared
	lenders [2]*lender
	n       int
}

// prepare makes n receivables with a statement for each lender, on a chain in
// memory, whose state then is the genesis of the network.
func prepare(t *testing.T, n int) *race {
	t.Helper()
	r := &race{t: t, n: n}
	var ids []node.Keys
	for range validators {
		home := t.TempDir()
		keys, err := node.Prepare(home)
		must(t, err)
		r.homes, ids = append(r.homes, home), append(ids, keys)
	}
	r.chain = testkit.Start(t, func(g *app.Genesis) {
		g.Time = time.Now().Add(-2 * time.Hour)
		g.Org.Params.QuotaMemberTxs = 1_000_000
		for i := range ids {
			m := &g.Council.Members[i]
			m.ConsensusKey, m.Power, m.NodeIds = ids[i].Consensus, 10, []string{ids[i].NodeID}
		}
	})
	c := r.chain
	e := c.Enterprise("mill")
	batch := c.Anchored(e, 1)[0]
	r.key()
	for i, f := range []testkit.Founder{c.BankA, c.BankB} {
		l := &lender{Founder: f, consent: c.Consent(e, f, profilev1.Purpose_PURPOSE_UNDERWRITING), salt: testkit.Digest("salt", i)}
		for d := range l.devices {
			l.devices[d] = r.device(f, fmt.Sprintf("racer-%d-%d", i, d))
		}
		r.attest(l, e, batch.BatchId)
		r.lenders[i] = l
	}
	r.genesis()
	return r
}

// key registers a key that the first four members share; the chain does not
// compute with it.
func (r *race) key() {
	c := r.chain
	m := &pledgev1.MsgProposeKey{Authority: wire.Authority(), Threshold: 3, Point: testkit.Digest("key"), TranscriptHash: testkit.Digest("transcript")}
	for i, f := range c.Founders()[:validators] {
		m.Shares = append(m.Shares, pledgev1.KeyShare{Index: uint32(i + 1), OrgId: f.ID, Point: testkit.Digest("share", i)})
	}
	c.Pass(m)
	for _, f := range c.Founders()[:validators] {
		c.Do(f.Admin, &pledgev1.MsgConfirmKey{Device: wire.Address(f.Admin), OrgId: f.ID, TranscriptHash: m.TranscriptHash})
	}
}

// device is a further machine of a lender.
func (r *race) device(f testkit.Founder, name string) wire.Signer {
	s := testkit.ServiceKey(r.t, name)
	r.chain.Do(f.Admin, &orgv1.MsgAddDevice{
		Device: wire.Address(f.Admin), OrgId: f.ID, Key: wire.DeviceKey(s), Role: orgv1.DeviceRole_DEVICE_ROLE_SERVICE,
	})
	r.chain.Do(s, &orgv1.MsgActivateDevice{Device: wire.Address(s)})
	return s
}

func tag(i int) []byte { return testkit.Digest("tag", i) }

// attest has verifier A state each receivable for a lender.
func (r *race) attest(l *lender, e testkit.Enterprise, batch []byte) {
	c, key := r.chain, ed25519.NewKeyFromSeed(testkit.Digest("pledge key", l.ID)).Public().(ed25519.PublicKey)
	commitment, err := artefact.LenderCommitment(l.ID, l.consent, key, l.salt)
	must(r.t, err)
	var batched []pledgev1.MsgAttestReceivable
	for i := range r.n {
		batched = append(batched, pledgev1.MsgAttestReceivable{
			Device: wire.Address(c.VerifierA.Service), OrgId: c.VerifierA.ID, EnterpriseId: e.ID, BatchId: batch,
			LeafHash: testkit.Digest("leaf", i), Tags: []pledgev1.Tag{{Epoch: 1, Tag: tag(i)}}, LenderCommitment: commitment,
			PledgeKey: key, FaceCommitment: testkit.Digest("face", i), ExpiresAt: c.Now().AddDate(0, 0, 20).Unix(),
		})
	}
	first := uint64(1)
	if other := r.lenders[0]; other != nil {
		first = uint64(r.n) + 1
	}
	for at := 0; at < r.n; at += statementsPerTx {
		var msgs []msg
		for i := at; i < min(at+statementsPerTx, r.n); i++ {
			msgs = append(msgs, &batched[i])
			l.statements = append(l.statements, first+uint64(i))
		}
		c.Do(c.VerifierA.Service, msgs...)
	}
}

// genesis writes the prepared state as the genesis of every home.
func (r *race) genesis() {
	state, err := json.Marshal(r.chain.Export())
	must(r.t, err)
	params := app.ConsensusParams()
	doc := &cmttypes.GenesisDoc{
		GenesisTime: time.Now(), ChainID: testkit.ChainID, InitialHeight: r.chain.Height() + 1, ConsensusParams: &params, AppState: state,
	}
	must(r.t, doc.ValidateAndComplete())
	for _, home := range r.homes {
		must(r.t, node.WriteGenesis(home, doc))
	}
}

// start runs the nodes in a ring: each dials the next. Loopback addresses differ,
// because a node keeps one connection to an address.
func (r *race) start(ctx context.Context) {
	r.t.Helper()
	var addresses, ids []string
	for i, home := range r.homes {
		keys, err := node.Prepare(home)
		must(r.t, err)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:0", 11+i))
		must(r.t, err)
		addresses, ids = append(addresses, l.Addr().String()), append(ids, keys.NodeID)
		must(r.t, l.Close())
	}
	r.nodes = make([]*node.Node, validators)
	errs := make([]error, validators)
	var wg sync.WaitGroup
	for i, home := range r.homes {
		c := node.DemoConfig()
		c.P2P.Listen = "tcp://" + addresses[i]
		next := (i + 1) % validators
		c.P2P.Peers = []string{ids[next] + "@" + addresses[next]}
		c.Consensus.ProposeTimeout, c.Consensus.VoteTimeout = 3*time.Second, time.Second
		wg.Go(func() { r.nodes[i], errs[i] = node.Start(ctx, home, c, log.NewNopLogger()) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			r.t.Fatalf("node %d: %v", i, err)
		}
	}
	r.t.Cleanup(func() {
		for i, n := range r.nodes {
			if err := n.Stop(); err != nil {
				r.t.Logf("stopping node %d: %v", i, err)
			}
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
