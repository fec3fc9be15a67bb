package score

import (
	"bytes"
	"errors"
	"testing"
)

// Admission accepts what the chain would, and writes nothing: the same message is
// still accepted afterwards.
func TestAdmit(t *testing.T) {
	t.Parallel()
	c, m := scoring(t)
	c = c.fresh()
	check(t, c.Admit(c.ctx, m))
	c.wantEvents(t)
	if n := c.accepted(t); n != 0 {
		t.Errorf("got %d scores, want none", n)
	}
	_, err := c.msgs.SubmitScore(c.ctx, m)
	check(t, err)
}

// An organisation that sends failed_proofs_max refused proofs in a window waits
// for the next one, even with a good proof; others do not, other refusals do not
// count, and executing a block asks none of this.
func TestAdmitCountsRefusedProofs(t *testing.T) {
	t.Parallel()
	c, m := scoring(t)
	p := DefaultParams()
	good := *m
	m.Score++
	for range p.FailedProofsMax {
		if err := c.Admit(c.ctx, m); !errors.Is(err, ErrProof) {
			t.Fatalf("got %v, want %v", err, ErrProof)
		}
	}
	if err := c.Admit(c.ctx, &good); !errors.Is(err, ErrRefusals) {
		t.Errorf("got %v, want %v", err, ErrRefusals)
	}
	other := good
	other.OrgId = firm
	check(t, c.Admit(c.ctx, &other))
	c = c.at((issueHeight/p.FailedWindowBlocks+1)*p.FailedWindowBlocks-1, 0)
	if err := c.Admit(c.ctx, &good); !errors.Is(err, ErrRefusals) {
		t.Errorf("in the window's last block: got %v, want %v", err, ErrRefusals)
	}
	_, err := c.msgs.SubmitScore(c.ctx, m)
	if !errors.Is(err, ErrProof) {
		t.Errorf("in a block: got %v, want %v", err, ErrProof)
	}
	c = c.at((issueHeight/p.FailedWindowBlocks+1)*p.FailedWindowBlocks, 0)
	check(t, c.Admit(c.ctx, &good))
	c.fakes.refused = [][]byte{c.fakes.batch(4).Anchor.BatchId}
	for range p.FailedProofsMax + 1 {
		if err := c.Admit(c.ctx, &good); !errors.Is(err, ErrBatchRefused) {
			t.Fatalf("got %v, want %v", err, ErrBatchRefused)
		}
	}
}

// A flood of bad proofs, no two alike, costs a node failed_proofs_max
// verifications for each organisation that takes part and window; what comes
// after is refused before its proof is looked at, and who takes no part gets in.
func TestAdmitHoldsUnderFlood(t *testing.T) {
	t.Parallel()
	c, good := scoring(t)
	most := DefaultParams().FailedProofsMax
	for _, org := range []uint64{lender, custodian} {
		looked, refused := uint32(0), 0
		for i := range 700 {
			m := *good
			m.OrgId, m.Proof = org, bytes.Clone(good.Proof)
			m.Proof[len(m.Proof)-1-i%600] ^= 1 << (i / 600)
			switch err := c.fresh().Admit(c.ctx, &m); {
			case errors.Is(err, ErrProof):
				looked++
			case errors.Is(err, ErrRefusals):
				refused++
			default:
				t.Fatalf("bad proof %d: %v", i, err)
			}
		}
		if looked != most || refused != 700-int(most) {
			t.Errorf("organisation %d: %d proofs were looked at, want %d; %d refused unread", org, looked, most, refused)
		}
	}
	other := *good
	other.OrgId = firm
	check(t, c.Admit(c.ctx, &other))
}
