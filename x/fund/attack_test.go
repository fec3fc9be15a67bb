package fund

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/x/loan"
)

// Money sent to the account of a fund or of its pool changes no value and no price:
// everything is counted by the books.
func TestGiftsChangeNothing(t *testing.T) {
	t.Parallel()
	c := funded(t, terms())
	before := c.value()
	check(t, c.left.issue(c.ctx, Account(1), 500_000_000))
	check(t, c.left.issue(c.ctx, loan.PoolAccount(pool), 500_000_000))
	if after := c.value(); after != before {
		t.Errorf("got %+v, want %+v", after, before)
	}
	check(t, c.subscribing(attacker, junior, 1_000_000))
	plain := funded(t, terms())
	check(t, plain.subscribing(attacker, junior, 1_000_000))
	c, plain = c.round(), plain.round()
	if got, want := c.shares(attacker, junior), plain.shares(attacker, junior); got != want || got == 0 {
		t.Errorf("%d shares with the gift, %d without", got, want)
	}
}

// The first buyer of a class cannot make the shares of the next one round to
// nothing: to take something from a victim it gives away more itself.
func TestInflationAttack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		x := terms()
		x.HurdleBps = 0
		c := opened(r, x)
		first := rapid.Int64Range(1, 1_000).Draw(r, "first")
		gift := rapid.Int64Range(1, 400_000_000).Draw(r, "gift")
		victim := rapid.Int64Range(1, 400_000_000).Draw(r, "victim")
		check(r, c.subscribing(attacker, junior, first))
		c = c.round()
		c.earn(gift) // by paying interest and fees as a borrower: the only gift that counts
		check(r, c.subscribing(trust, junior, victim))
		c = c.round()
		check(r, c.redeeming(attacker, junior, c.shares(attacker, junior)))
		c = c.round()
		got := c.balance(attacker) - (money - first)
		if got > first+gift {
			r.Fatalf("attacker put in %d, gave %d, got %d", first, gift, got)
		}
		// What the victim loses by rounding is less than what the attack cost.
		if n := c.shares(trust, junior); n > 0 {
			f, v := c.fund(), c.value()
			worth, err := fenFor(n, v.JuniorFen, f.Junior.Shares)
			check(r, err)
			if lost, cost := victim-worth, first+gift-got; lost > cost+1 {
				r.Fatalf("victim lost %d of %d, the attacker %d", lost, victim, cost)
			}
		}
	})
}

// No sequence of buying and redeeming, at any price, gets more out than it put in
// while the pool earns nothing; and nobody else's shares lose value by it.
func TestLoopsNeverProfit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		x := terms()
		x.HurdleBps, x.JuniorBpsMin = 0, 10_000
		c := opened(r, x)
		check(r, c.subscribing(trust, junior, rapid.Int64Range(1, 100_000).Draw(r, "others")))
		c = c.round()
		c.earn(rapid.Int64Range(0, 1_000_000).Draw(r, "earned"))
		worth := func() int64 {
			fen, err := fenFor(c.shares(trust, junior), c.value().JuniorFen, c.fund().Junior.Shares)
			check(r, err)
			return fen
		}
		before := worth()
		for range rapid.IntRange(1, 6).Draw(r, "loops") {
			check(r, c.subscribing(attacker, junior, rapid.Int64Range(1, 100_000).Draw(r, "in")))
			c = c.round()
			if n := c.shares(attacker, junior); n > 0 {
				check(r, c.redeeming(attacker, junior, rapid.Int64Range(1, n).Draw(r, "out")))
				c = c.round()
			}
		}
		if n := c.shares(attacker, junior); n > 0 {
			check(r, c.redeeming(attacker, junior, n))
			c = c.round()
		}
		if o, err := c.order(c.ctx, 1, subscriptionKind, junior, attacker); err != nil {
			r.Fatal(err)
		} else if o.Amount > 0 { // too little for one share waits
			check(r, c.cancelling(attacker, subscriptionKind, junior))
		}
		if got := c.balance(attacker); got > money {
			r.Fatalf("attacker ends with %d more", got-money)
		}
		if after := worth(); after < before {
			r.Fatalf("the others' shares fell from %d to %d", before, after)
		}
	})
}

// Conversions round against whoever acts, for every value and number of shares.
func TestRoundingAgainstTheActor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		shares := rapid.Int64Range(0, 1_000_000_000_000).Draw(r, "shares")
		value := rapid.Int64Range(0, 1_000_000_000_000).Draw(r, "value")
		if worthless(value, shares) {
			r.Skip()
		}
		fen := rapid.Int64Range(1, SizeFenMax).Draw(r, "fen")
		n, err := sharesFor(fen, value, shares)
		check(r, err)
		back, err := fenFor(n, value+fen, shares+n)
		check(r, err)
		if back > fen {
			r.Fatalf("%d fen buy %d shares that pay %d", fen, n, back)
		}
		sold := rapid.Int64Range(0, shares).Draw(r, "sold")
		paid, err := fenFor(sold, value, shares)
		check(r, err)
		if paid > value {
			r.Fatalf("%d of %d shares are paid %d of %d", sold, shares, paid, value)
		}
		again, err := sharesFor(paid, value-paid, shares-sold)
		check(r, err)
		if again > sold {
			r.Fatalf("%d shares are paid %d, which buys %d back", sold, paid, again)
		}
	})
}

// The sum of what a settlement pays never exceeds what was set aside for it, for
// any split of the orders; nor the shares and money it may settle.
func TestPlanCoversEveryOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.Int64Range(0, 1_000_000_000).Draw(r, "value")
		shares := rapid.Int64Range(1, 1_000_000_000_000).Draw(r, "shares")
		most := rapid.Int64Range(0, 1_000_000_000).Draw(r, "free")
		orders := rapid.SliceOfN(rapid.Int64Range(1, 1+shares/8), 1, 8).Draw(r, "orders")
		var asked int64
		for _, o := range orders {
			asked += o
		}
		asked = min(asked, shares)
		var redeemed int64
		aside, err := redemption(value, shares, asked, most, &redeemed)
		check(r, err)
		if aside > most || redeemed > asked {
			r.Fatalf("sets %d of %d aside for %d of %d shares", aside, most, redeemed, asked)
		}
		paid, taken, left := int64(0), int64(0), asked
		for _, o := range orders {
			o = min(o, left)
			left -= o
			n, err := share(o, redeemed, asked)
			check(r, err)
			fen, err := fenFor(n, value, shares)
			check(r, err)
			paid, taken = paid+fen, taken+n
		}
		if paid > aside || taken > redeemed {
			r.Fatalf("paid %d of %d for %d of %d shares", paid, aside, taken, redeemed)
		}
	})
}

// Who sees a loss coming and orders first is paid at the price after the loss, as
// everybody is: the price is unknown when the order is placed.
func TestQueueFrontRun(t *testing.T) {
	t.Parallel()
	x := terms()
	x.HurdleBps, x.JuniorBpsMin, x.PdBps = 0, 10_000, []uint32{0, 0, 0, 0}
	c := opened(t, x)
	check(t, c.subscribing(attacker, junior, 10_000_000))
	check(t, c.subscribing(trust, junior, 10_000_000))
	c = c.round()
	c.lend(8_000_000)
	check(t, c.redeeming(attacker, junior, c.shares(attacker, junior)))
	c = c.after(daySeconds - 1)
	c.lose(8_000_000)
	check(t, c.redeeming(trust, junior, c.shares(trust, junior)))
	c = c.round()
	if a, b := c.balance(attacker), c.balance(trust); a != b || a != money-10_000_000+6_000_000 {
		t.Errorf("the first has %d, the second %d", a, b)
	}
	if list, err := rows(c.ctx, c.orders); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

// A class that has lost nearly everything sells no shares: their number would leave
// 64 bits, and a buyer would own what the holders lost.
func TestWorthlessClassSellsNothing(t *testing.T) {
	t.Parallel()
	x := terms()
	x.HurdleBps, x.JuniorBpsMin, x.PdBps = 0, 10_000, []uint32{0, 0, 0, 0}
	c := opened(t, x)
	check(t, c.subscribing(trust, junior, 100_000_000))
	c = c.round()
	c.lend(100_000_000)
	c.lose(99_500_000)
	check(t, c.subscribing(attacker, junior, 1_000_000))
	c = c.round()
	if n, f := c.shares(attacker, junior), c.fund(); n != 0 || f.Junior.SubscribingFen != 1_000_000 {
		t.Errorf("bought %d shares, %d fen wait", n, f.Junior.SubscribingFen)
	}
	c.repay(500_000)
	if v := c.value(); v.JuniorFen != 500_000 {
		t.Errorf("worth %d", v.JuniorFen)
	}
}
