package demo

import (
	"context"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
)

// Line is a demonstration that is played piece by piece, for tests that look at
// it between two steps and try what must be refused.
type Line struct{ w *world }

// Open starts the chain and the services of a home without playing anything.
func Open(ctx context.Context, o Options) (*Line, error) {
	w, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Line{w}, nil
}

// Play plays on, up to and with the step named last; empty for all.
func (l *Line) Play(ctx context.Context, last string) error { return l.w.play(ctx, last) }

// Close stops everything.
func (l *Line) Close() error { return l.w.close() }

// Client is a client of the chain.
func (l *Line) Client() *chain.Client { return l.w.client }

// Vault is the vault of the custodian.
func (l *Line) Vault() *vault.Vault { return l.w.vault }

// Custodian is the custodian's service.
func (l *Line) Custodian() *custody.Custodian { return l.w.custodian }

// Scorer proves and submits scores.
func (l *Line) Scorer() *scoring.Scorer { return l.w.scorer() }

// Actor is an organisation with the person who acts for it.
type Actor struct {
	ID     uint64
	Person wire.SoftDevice
}

// Founder is a founding organisation: bank-a, bank-b, verifier-a, verifier-b,
// settlement, regulator, auditor.
func (l *Line) Founder(name string) Actor {
	f := l.w.founder(name)
	return Actor{f.id, f.admin}
}

// Firm is an enterprise: healthy, thin, fraud. Its ID is 0 before it is registered.
func (l *Line) Firm(name string) Actor { return Actor{l.w.id(name), l.w.firm(name).owner} }

// Book is a firm's book.
func (l *Line) Book(name string) *sample.Book { return l.w.firm(name).book }

// Desk is the workspace of a founder.
func (l *Line) Desk(name string) *desk.Desk { return l.w.desk(name) }

// Consent is the id of the consent that a firm gave to a founder, nil before.
func (l *Line) Consent(firm, founder string, purpose profilev1.Purpose) []byte {
	return l.w.bytes(consentKey(l.w.firm(firm), l.w.founder(founder), purpose))
}

// Score is the id and the proof of a firm's score, nil before.
func (l *Line) Score(firm string) (id, proof []byte) {
	return l.w.bytes("score/" + firm), l.w.bytes("proof/" + firm)
}

// Loan is the id of the loan, 0 before.
func (l *Line) Loan() uint64 { return l.w.id("loan") }
