package line_test

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// transactions proves that a transaction with a field that the chain does not
// know is refused although it is well signed, and that one which was committed
// has no second effect, whatever form its replay takes.
func (w *world) transactions(t *testing.T) {
	thin := w.Firm("thin")
	unknown := []byte{0x98, 0x06, 0x01} // field 99, varint 1
	for name, change := range map[string]func(*txtypes.TxBody, []byte) []byte{
		"in the body": func(_ *txtypes.TxBody, body []byte) []byte { return append(bytes.Clone(body), unknown...) },
		"in the message": func(b *txtypes.TxBody, _ []byte) []byte {
			b.Messages[0].Value = append(bytes.Clone(b.Messages[0].Value), unknown...)
			return encode(t, b)
		},
	} {
		p := w.prepare(t, thin.Person, w.transfer("healthy", "thin"))
		var body txtypes.TxBody
		if err := body.Unmarshal(p.BodyBytes); err != nil {
			t.Fatal(err)
		}
		p.BodyBytes = change(&body, p.BodyBytes)
		_, err := w.Client().Broadcast(t.Context(), w.sign(t, thin.Person, p))
		t.Run("unknown field "+name, func(t *testing.T) { refused(t, err, "sdk", 2, "errUnknownField") })
	}
	t.Run("replay", w.replay)
}

func (w *world) replay(t *testing.T) {
	s := w.Founder("settlement")
	issue := &cashv1.MsgIssue{Device: wire.Address(s.Person), OrgId: s.ID, ToOrgId: w.Founder("bank-b").ID, AmountFen: 100, BankReference: "line-replay"}
	if _, err := w.Client().Send(t.Context(), s.Person, issue); err != nil {
		t.Fatal(err)
	}
	b := w.Founder("bank-b")
	pay := &cashv1.MsgTransfer{Device: wire.Address(b.Person), OrgId: b.ID, ToOrgId: w.Founder("bank-a").ID, AmountFen: 7}
	p := w.prepare(t, b.Person, pay)
	raw := w.sign(t, b.Person, p)
	first, err := w.Client().Broadcast(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(raw); !bytes.Equal(first.Hash, sum[:]) {
		t.Errorf("hash %x", first.Hash)
	}
	again, err := w.Client().Broadcast(t.Context(), raw)
	if err == nil && (again.Height != first.Height || !bytes.Equal(again.Hash, first.Hash)) {
		t.Errorf("the same bytes are in block %d and in block %d", first.Height, again.Height)
	}
	// A second signature over the same sign bytes is another transaction with the
	// same sequence number.
	_, err = w.Client().Broadcast(t.Context(), w.sign(t, b.Person, p))
	refused(t, err, "sdk", 32, "sequence")
	balance, err := w.Client().Cash.Balance(t.Context(), &cashv1.QueryBalanceRequest{OrgId: b.ID})
	if err != nil || balance.AmountFen != 93 {
		t.Errorf("balance %d fen, %v; want 93: one payment of 7", balance.AmountFen, err)
	}
}

// scores proves that a proof which was accepted is refused when it comes again,
// and one that was changed does not hold.
func (w *world) scores(t *testing.T) {
	id, proof := w.Score("thin")
	r, err := w.Client().Score.Score(t.Context(), &scorev1.QueryScoreRequest{ScoreId: id})
	if err != nil {
		t.Fatal(err)
	}
	s, row := w.Scorer(), r.Score
	msg := &scorev1.MsgSubmitScore{
		Device: wire.Address(s.Service), OrgId: s.OrgID, EnterpriseId: row.EnterpriseId, ModelHash: row.ModelHash,
		Commitment: row.Commitment, Purpose: row.Purpose, LenderOrgId: row.LenderOrgId, ConsentId: row.ConsentId,
		Score: row.Score, CapacityFen: row.CapacityFen, IssueHeight: row.IssueHeight, Proof: proof,
	}
	_, err = w.Client().Send(t.Context(), s.Service, msg)
	refused(t, err, "score", 30, "score was accepted before")
	better := *msg // for no lender: another nullifier, so that only the proof stands in the way
	better.LenderOrgId, better.ConsentId, better.Score = 0, nil, row.Score+100
	_, err = w.Client().Send(t.Context(), s.Service, &better)
	refused(t, err, "score", 32, "proof does not hold")
	if purpose := profilev1.Purpose(row.Purpose); purpose != profilev1.Purpose_PURPOSE_UNDERWRITING {
		t.Errorf("purpose %s", purpose)
	}
}

// transfer is a message that moves one fen.
func (w *world) transfer(to, from string) *cashv1.MsgTransfer {
	f := w.Firm(from)
	return &cashv1.MsgTransfer{Device: wire.Address(f.Person), OrgId: f.ID, ToOrgId: w.Firm(to).ID, AmountFen: 1}
}

func (w *world) prepare(t *testing.T, s wire.Signer, msg sdk.Msg) wire.Prepared {
	t.Helper()
	p, err := w.Client().Prepare(t.Context(), wire.Address(s), msg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sign signs the body as it now is.
func (w *world) sign(t *testing.T, s wire.Signer, p wire.Prepared) []byte {
	t.Helper()
	var doc txtypes.SignDoc
	if err := doc.Unmarshal(p.SignBytes); err != nil {
		t.Fatal(err)
	}
	doc.BodyBytes = p.BodyBytes
	signature, err := s.Sign(encode(t, &doc))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := p.Signed(signature)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func encode(t *testing.T, m interface{ Marshal() ([]byte, error) }) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// soon is a number of seconds that a busy machine does not use up between two calls.
const soon = 8 * time.Second
