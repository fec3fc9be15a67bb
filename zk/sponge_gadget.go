package zk

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/poseidon2"
	"github.com/consensys/gnark/frontend"
)

// spongeGadget is the sponge as constraints. It computes the same permutation
// as gnark's own gadget with a fifth fewer gates: a round key rides on the
// addition before it, and the two lanes that partial rounds do not raise to a
// power are carried in a basis that needs one addition less.
type spongeGadget struct {
	api  frontend.API
	keys [][]*big.Int // by round, then lane; one lane in a partial round
}

func newSpongeGadget(api frontend.API) *spongeGadget {
	params := poseidon2.NewParameters(spongeWidth, spongeFullRounds, spongePartialRounds)
	g := &spongeGadget{api: api, keys: make([][]*big.Int, len(params.RoundKeys))}
	for i, round := range params.RoundKeys {
		for _, key := range round {
			g.keys[i] = append(g.keys[i], key.BigInt(new(big.Int)))
		}
	}
	return g
}

func (g *spongeGadget) sum(kind string, words []frontend.Variable) frontend.Variable {
	capacity := capacityLane(kind, len(words))
	state := [spongeWidth]frontend.Variable{0, 0, capacity.BigInt(new(big.Int))}
	for i := 0; i == 0 || i < len(words); i += spongeRate {
		for j := i; j < min(i+spongeRate, len(words)); j++ {
			state[j-i] = g.api.Add(state[j-i], words[j])
		}
		g.permute(&state)
	}
	return state[0]
}

func (g *spongeGadget) permute(state *[spongeWidth]frontend.Variable) {
	const half, partialEnd = spongeFullRounds / 2, spongeFullRounds/2 + spongePartialRounds
	g.external(state, 0)
	for round := range half {
		g.fullRound(state, round)
	}
	g.partialRounds(state, half, partialEnd)
	for round := partialEnd; round < partialEnd+half; round++ {
		g.fullRound(state, round)
	}
}

// fullRound expects the keys of its round already added and adds those of the
// next one.
func (g *spongeGadget) fullRound(state *[spongeWidth]frontend.Variable, round int) {
	for i := range state {
		state[i] = g.power5(state[i])
	}
	g.external(state, round+1)
}

// partialRounds runs rounds first to end-1 on (a, b, c). Instead of b and c it
// carries y = b + c and q = 2b + 3c. With x = a^5 the internal matrix gives
//
//	a' = 2x + y,  y' = a' + q,  q' = 5x - y + 4q
//
// and at the end b = 3y - q, c = q - 2y.
func (g *spongeGadget) partialRounds(state *[spongeWidth]frontend.Variable, first, end int) {
	api := g.api
	a := state[0]
	y := api.Add(state[1], state[2])
	q := api.Add(api.Mul(state[1], 2), api.Mul(state[2], 3))
	for round := first; round < end; round++ {
		x, key := g.power5(a), g.keys[round+1][0]
		a = api.Add(api.Mul(x, 2), y, key)
		y, q = api.Add(a, q, new(big.Int).Neg(key)), api.Add(api.Mul(x, 5), api.Neg(y), api.Mul(q, 4))
	}
	state[0] = a
	state[1] = api.Add(api.Mul(y, 3), api.Neg(q), g.keys[end][1])
	state[2] = api.Add(q, api.Mul(y, -2), g.keys[end][2])
}

// external multiplies by circ(2, 1, 1) and adds the keys of the round that
// follows, if any.
func (g *spongeGadget) external(state *[spongeWidth]frontend.Variable, next int) {
	sum := g.api.Add(state[0], state[1], state[2])
	for i := range state {
		if next < len(g.keys) && i < len(g.keys[next]) {
			state[i] = g.api.Add(state[i], sum, g.keys[next][i])
			continue
		}
		state[i] = g.api.Add(state[i], sum)
	}
}

func (g *spongeGadget) power5(x frontend.Variable) frontend.Variable {
	square := g.api.Mul(x, x)
	return g.api.Mul(g.api.Mul(square, square), x)
}
