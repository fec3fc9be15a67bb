package fund

import (
	"testing"

	"pgregory.net/rapid"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/x/loan"
)

// total is all money of the kit's accounts.
func (c kit) total() int64 {
	c.Helper()
	var sum int64
	check(c, c.left.accounts.Walk(c.ctx, nil, func(_ []byte, fen int64) (bool, error) { sum += fen; return false, nil }))
	return sum
}

// In every random history of orders, cancellations, claims, loans, lateness, losses,
// income and time the invariants hold after each step, no fen is made or lost and no
// settlement is put off; and when the fund is wound up and its loans are repaid it
// closes and everybody is paid.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	classes := []fundv1.Class{senior, junior}
	rapid.Check(t, func(r *rapid.T) {
		x := terms()
		x.Distributes = rapid.Bool().Draw(r, "distributes")
		x.FeeBps = uint32(rapid.IntRange(0, FeeBpsMax).Draw(r, "fee"))
		x.HurdleBps = uint32(rapid.IntRange(0, 2_000).Draw(r, "hurdle"))
		x.JuniorBpsMin = uint32(rapid.IntRange(1, 9_999).Draw(r, "junior"))
		c := opened(r, x)
		params := DefaultParams()
		params.OrdersPerBlockMax = uint32(rapid.IntRange(1, 4).Draw(r, "orders"))
		check(r, c.params.Set(c.ctx, params))
		outside := int64(0) // what the borrowers brought in and took out
		who := func() uint64 { return rapid.SampledFrom([]uint64{insurer, trust, attacker}).Draw(r, "who") }
		of := func() fundv1.Class { return rapid.SampledFrom(classes).Draw(r, "class") }
		fen := func(most int64) int64 { return rapid.Int64Range(1, max(most, 1)).Draw(r, "fen") }
		start := c.total()
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			p, err := c.left.Pool(c.ctx, pool)
			check(r, err)
			_, free, err := loan.PoolCash(p)
			check(r, err)
			switch rapid.IntRange(0, 9).Draw(r, "step") {
			case 0, 1:
				_ = c.subscribing(who(), of(), fen(100_000_000))
			case 2:
				id, class := who(), of()
				if n := c.shares(id, class); n > 0 {
					_ = c.redeeming(id, class, rapid.Int64Range(1, n).Draw(r, "shares"))
				}
			case 3:
				_ = c.cancelling(who(), rapid.SampledFrom([]fundv1.OrderKind{redemptionKind, subscriptionKind}).Draw(r, "kind"), of())
			case 4:
				_, _ = c.claiming(who(), of())
			case 5:
				if free > 0 {
					n := fen(free)
					c.lend(n)
					outside -= n
				}
			case 6:
				late := int64(0)
				for _, l := range p.LateFen {
					late += l
				}
				if current := p.LentFen - late; current > 0 {
					n := fen(current)
					bucket := rapid.IntRange(0, 2).Draw(r, "bucket")
					c.books(func(p *loanv1.Pool) {
						for len(p.LateFen) < 3 {
							p.LateFen = append(p.LateFen, 0)
						}
						p.LateFen[bucket] += n
					}, 0)
				}
			case 7:
				for i, l := range p.LateFen {
					if l > 0 {
						c.books(func(p *loanv1.Pool) { p.LateFen[i] = 0 }, 0)
						c.lose(l)
					}
				}
				n := fen(5_000_000)
				c.earn(n)
				outside += n
			default:
				c = c.after(rapid.Int64Range(1, 2*daySeconds).Draw(r, "seconds"))
				check(r, c.EndBlock(c.ctx))
			}
			c.sound()
			if got := c.total(); got != start+outside {
				r.Fatalf("%d fen, want %d", got, start+outside)
			}
		}
		for _, e := range c.ctx.EventManager().Events() {
			if e.Type == "xinlian.fund.v1.EventSettlementDeferred" {
				r.Fatalf("put off: %v", e)
			}
		}
		c.leave(r)
	})
}

// leave winds the fund up, lets the loans be repaid and everybody claim: then it
// is closed and all money but less than a fen per claim is out.
func (c kit) leave(r *rapid.T) {
	for c.fund().Settlement != nil {
		c = c.after(1)
		check(r, c.EndBlock(c.ctx))
	}
	_, err := c.msg.WindUp(c.ctx, &fundv1.MsgWindUp{Device: device("admin"), OrgId: bank, FundId: 1})
	check(r, err)
	p, err := c.left.Pool(c.ctx, pool)
	check(r, err)
	c.books(func(p *loanv1.Pool) { p.LateFen = nil }, 0)
	c.repay(p.LentFen)
	for range 20 {
		c = c.after(daySeconds)
		check(r, c.EndBlock(c.ctx))
		c.sound()
	}
	if f := c.fund(); f.Status != closed {
		r.Fatalf("fund is %s", f.Status)
	}
	for _, id := range []uint64{insurer, trust, attacker} {
		for _, class := range []fundv1.Class{senior, junior} {
			_, _ = c.claiming(id, class)
		}
	}
	c.sound()
	inside, err := c.left.Balance(c.ctx, Account(1))
	check(r, err)
	rest, err := c.left.Balance(c.ctx, loan.PoolAccount(pool))
	check(r, err)
	few := func(b fundv1.ClassBook) bool { return b.Shares > 0 && b.Shares < sharesPerFen }
	if f := c.fund(); inside+rest > 1_000 && !few(f.Senior) && !few(f.Junior) {
		r.Fatalf("%d and %d fen stay", inside, rest)
	}
}
