package scale_test

import (
	"time"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/testkit"
)

// life makes blocks of the transactions of which a loan's life consists, a third
// each: acceptances, applications, early repayments. Everything is real: signed
// passkeys, scores that rest on verified proofs, decisions, contracts, money.
type life struct {
	*book
	open  []acceptance // offers of the block before
	round uint64
}

type acceptance struct {
	by    scored
	offer loanv1.Offer
}

// next is the next block's transactions; the first block has no acceptances.
func (l *life) next() (txs [][]byte, applications []scored) {
	for _, a := range l.open {
		txs = append(txs, l.sign(a.by.Owner, txGas, l.Acceptance(a.by.Enterprise, a.offer)))
	}
	for _, p := range l.products {
		for _, s := range l.scored {
			txs = append(txs, l.sign(s.Owner, txGas, l.application(s, p)))
			applications = append(applications, s)
		}
	}
	for range applications {
		loan := l.firstLoan + l.round*7919%l.loans // scattered over the book
		l.round++
		txs = append(txs, l.sign(l.owner(loan).owner, txGas, l.repayment(loan, 1_000)))
	}
	return txs, applications
}

// block makes the next block and measures it.
func (l *life) block() phases {
	l.tb.Helper()
	txs, applications := l.next()
	p, outcomes := block(l.tb, l.book, time.Second, txs)
	first := len(l.open)
	l.open = nil
	for i, s := range applications {
		var r loanv1.MsgApplyResponse
		outcomes[first+i].Response(l.tb, &r)
		l.open = append(l.open, acceptance{s, l.offer(r.OfferId)})
	}
	return p
}

// transfers makes a block of transfers between firms, what MsgSend is elsewhere.
func (b *book) transfers(n int) phases {
	b.tb.Helper()
	p, _ := block(b.tb, b, time.Second, b.signedTransfers(n))
	return p
}

func (b *book) signedTransfers(n int) (txs [][]byte) {
	for i := range n {
		txs = append(txs, b.sign(b.firms[(i*7919)%len(b.firms)].owner, txGas, b.transfer(i*7919)))
	}
	return txs
}

var _ machine = (*testkit.Chain)(nil)
