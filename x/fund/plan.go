package fund

import (
	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
)

// Plan decides what a round settles of what was ordered, all at the values v of
// the moment it ended, whoever ordered first:
//
//   - juniors' subscriptions as far as the size of the fund goes;
//   - seniors' subscriptions as far as size and the juniors' least part go;
//   - redemptions out of freeFen, seniors before juniors, and juniors only as far
//     as their least part stays. Money subscribed now serves the next round.
//
// Each class and kind has one ratio, so that every order of it gets the same part.
// SetAsideFen is what the redemptions can cost at most.
func Plan(f fundv1.Fund, v Valuation, freeFen int64) (fundv1.Settlement, error) {
	s := fundv1.Settlement{
		SeniorFen: v.SeniorFen, SeniorShares: f.Senior.Shares, JuniorFen: v.JuniorFen, JuniorShares: f.Junior.Shares,
		SeniorAskedFen: f.Senior.SubscribingFen, JuniorAskedFen: f.Junior.SubscribingFen,
		SeniorRedeeming: f.Senior.RedeemingShares, JuniorRedeeming: f.Junior.RedeemingShares,
	}
	room := max(f.Terms.SizeFenMax-v.NavFen, 0)
	if !worthless(s.JuniorFen, s.JuniorShares) {
		s.JuniorSaleFen = min(s.JuniorAskedFen, room)
	}
	room -= s.JuniorSaleFen
	// Juniors who are only about to buy may yet be passed over: they carry seniors
	// from the next round.
	ceiling, err := seniorCeiling(f.Terms, s.JuniorFen)
	if err != nil {
		return s, err
	}
	if !worthless(s.SeniorFen, s.SeniorShares) {
		s.SeniorSaleFen = min(s.SeniorAskedFen, room, max(ceiling-s.SeniorFen, 0))
	}
	payFen, err := redemption(s.SeniorFen, s.SeniorShares, s.SeniorRedeeming, freeFen, &s.SeniorRedeemed)
	if err != nil {
		return s, err
	}
	s.SetAsideFen = payFen
	// Whoever is not paid in full leaves a senior behind, so the juniors' floor
	// counts the seniors that stay and those that come.
	floor, err := juniorFloor(f.Terms, s.SeniorFen-payFen+s.SeniorSaleFen)
	if err != nil {
		return s, err
	}
	most := min(freeFen-payFen, max(s.JuniorFen-floor, 0))
	payFen, err = redemption(s.JuniorFen, s.JuniorShares, s.JuniorRedeeming, most, &s.JuniorRedeemed)
	s.SetAsideFen += payFen
	return s, err
}

// redemption is how many of the shares that were ordered back mostFen can pay, and
// what they cost at most.
func redemption(valueFen, shares, ordered, mostFen int64, redeemed *int64) (int64, error) {
	costFen, err := fenFor(ordered, valueFen, shares)
	if err != nil || ordered == 0 {
		return 0, err
	}
	if costFen <= mostFen {
		*redeemed = ordered
		return costFen, nil
	}
	*redeemed, err = floorDiv(ordered, mostFen, costFen)
	return mostFen, err
}

// settles tells whether the plan changes any order.
func settles(s fundv1.Settlement) bool {
	return s.SeniorSaleFen|s.JuniorSaleFen|s.SeniorRedeemed|s.JuniorRedeemed != 0
}

// share is the part of an order that a settlement fills, rounded down.
func share(amount, settled, asked int64) (int64, error) {
	if asked == 0 {
		return 0, nil
	}
	return floorDiv(amount, settled, asked)
}

// tranche is one class in a settlement.
type tranche struct {
	valueFen, shares        int64
	saleFen, askedFen       int64
	redeemed, redeemingAsks int64
}

func trancheOf(s *fundv1.Settlement, c fundv1.Class) tranche {
	if c == fundv1.Class_CLASS_SENIOR {
		return tranche{s.SeniorFen, s.SeniorShares, s.SeniorSaleFen, s.SeniorAskedFen, s.SeniorRedeemed, s.SeniorRedeeming}
	}
	return tranche{s.JuniorFen, s.JuniorShares, s.JuniorSaleFen, s.JuniorAskedFen, s.JuniorRedeemed, s.JuniorRedeeming}
}
