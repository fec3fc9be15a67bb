package tagging_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	"github.com/xinlian/xinlian/app"
	"github.com/xinlian/xinlian/gateway/tagging"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/oprf"
)

// candidates is how many invoice numbers are tried: all of six digits.
const candidates = 1_000_000

// invoiced is the number that is on the chain.
const invoiced = 731_265

func input(t testing.TB, number int) []byte {
	t.Helper()
	b, err := oprf.InvoiceInput("CN", "91330000MA27XL0Q3K", "", fmt.Sprintf("%06d", number))
	must(t, err)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestSearch proves that whoever has the whole state of the chain finds a pledged
// invoice's number by none of the functions that can be computed without shares,
// over all numbers of six digits; that t-1 members do not find it either; and that
// t members find it at once, so that the search could have succeeded.
func TestSearch(t *testing.T) {
	t.Parallel()
	var key tagging.Ceremony
	c := testkit.Start(t, func(g *app.Genesis) {
		var err error
		key, err = tagging.Generate(testkit.ChainID, []uint64{1, 2, 3, 4})
		must(t, err)
		g.Pledge.Keys = []pledgev1.Key{key.Row(1, 1)}
	})
	pledged(t, c, tagOf(t, key, 1, 2, 3))
	public := values(t, c.Export())
	if len(public) < 20 {
		t.Fatalf("the state has %d values of 32 bytes", len(public))
	}

	row := key.Row(1, 1)
	macs := [][]byte{row.Point, row.TranscriptHash}
	for number := range candidates {
		in := input(t, number)
		for name, guess := range guesses(in, macs) {
			if public[guess] {
				t.Fatalf("number %d was found by %s", number, name)
			}
		}
	}
	if tag := tagOf(t, key, 1, 2); public[tag] {
		t.Error("two of four members found it")
	}
	if tag := tagOf(t, key, 4, 2, 3); !public[tag] {
		t.Error("three of four members did not find it: the search looks in the wrong place")
	}
}

// guesses are what can be computed of an input with public values alone.
func guesses(in []byte, keys [][]byte) map[string][32]byte {
	wide := sha512.Sum512(in)
	list := map[string][32]byte{"SHA-256": sha256.Sum256(in), "SHA-512": [32]byte(wide[:32])}
	for i, key := range keys {
		m := hmac.New(sha256.New, key)
		m.Write(in)
		list[fmt.Sprintf("HMAC under public value %d", i)] = [32]byte(m.Sum(nil))
	}
	return list
}

// tagOf is the tag of the pledged invoice as the given members make it. Too few of
// them are combined as if they were enough: that is the most they can do.
func tagOf(t testing.TB, key tagging.Ceremony, members ...uint64) [32]byte {
	t.Helper()
	request, err := oprf.Blind([][]byte{input(t, invoiced)})
	must(t, err)
	k := oprf.Key{Threshold: uint16(len(members)), Point: key.Outcome.Key.Point, Shares: key.Outcome.Key.Shares}
	var partials []oprf.Partial
	for _, m := range members {
		p, err := key.Shares[m].Evaluate(request.Blinded())
		must(t, err)
		partials = append(partials, p)
	}
	outputs, err := request.Combine(k, partials)
	must(t, err)
	return oprf.Tag(outputs[0])
}

// pledged has a verifier state the invoice and a bank pledge it.
func pledged(t testing.TB, c *testkit.Chain, tag [32]byte) {
	t.Helper()
	e := c.Enterprise("mill")
	batch := c.Anchored(e, 1)[0]
	consent := c.Consent(e, c.BankA, profilev1.Purpose_PURPOSE_UNDERWRITING)
	pledgeKey := ed25519.NewKeyFromSeed(testkit.Digest("pledge key")).Public().(ed25519.PublicKey)
	salt := testkit.Digest("salt")
	commitment, err := artefact.LenderCommitment(c.BankA.ID, consent, pledgeKey, salt)
	must(t, err)
	var stated pledgev1.MsgAttestReceivableResponse
	c.Do(c.VerifierA.Service, &pledgev1.MsgAttestReceivable{
		Device: wire.Address(c.VerifierA.Service), OrgId: c.VerifierA.ID, EnterpriseId: e.ID, BatchId: batch.BatchId,
		LeafHash: testkit.Digest("leaf"), Tags: []pledgev1.Tag{{Epoch: 1, Tag: bytes.Clone(tag[:])}}, LenderCommitment: commitment,
		PledgeKey: pledgeKey, FaceCommitment: testkit.Digest("face"), ExpiresAt: c.Now().AddDate(0, 0, 20).Unix(),
	}).Response(t, &stated)
	c.Do(c.BankA.Service, &pledgev1.MsgPledge{
		Device: wire.Address(c.BankA.Service), OrgId: c.BankA.ID, StatementId: stated.StatementId, Tag: bytes.Clone(tag[:]),
		SharePpm: 1_000_000, ExpiresAt: c.Now().AddDate(0, 6, 0).Unix(), Opening: &pledgev1.Opening{ConsentId: consent, Salt: salt},
	})
	c.CheckInvariants()
}

var base64Text = regexp.MustCompile(`"([A-Za-z0-9+/]{43}=)"`)

// values are all values of 32 bytes in an exported state.
func values(t testing.TB, state map[string]json.RawMessage) map[[32]byte]bool {
	t.Helper()
	all := map[[32]byte]bool{}
	for _, raw := range state {
		for _, m := range base64Text.FindAllSubmatch(raw, -1) {
			b, err := base64.StdEncoding.DecodeString(string(m[1]))
			must(t, err)
			all[[32]byte(b)] = true
		}
	}
	return all
}
