package scale_test

import (
	"encoding/binary"
	"slices"
	"time"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// drained is what it took to collect everything that was due.
type drained struct {
	items, blocks int
	took          cost // servicing and users together
	latencies     []time.Duration
	blockTimes    []time.Duration
	heapMax       uint64
}

// dueAt is when the first place in the queue has its turn.
func (b *book) dueAt() int64 {
	it := b.store().Iterator([]byte{rowDue}, storetypes.PrefixEndBytes([]byte{rowDue}))
	defer it.Close()
	if !it.Valid() {
		b.tb.Fatal("the queue is empty")
	}
	return int64(binary.BigEndian.Uint64(it.Key()[1:]) ^ (1 << 63))
}

// queued counts the places of the queue with a turn up to a time.
func (b *book) queued(until int64) int {
	it := b.store().Iterator([]byte{rowDue}, key(rowDue, until+1))
	defer it.Close()
	n := 0
	for ; it.Valid(); it.Next() {
		n++
	}
	return n
}

// users sends transfers at a steady rate by a clock that runs only while the
// chain works or would wait: signing is outside it, so what a transaction waits is
// what the chain makes it wait. A transaction that comes while a block is made is
// in the next; that is an open loop, in which a slow block delays all who came
// meanwhile.
type users struct {
	*book
	every     time.Duration
	clock     time.Duration // of this loop
	sent      int
	latencies []time.Duration
}

// block takes in whoever has come and makes a block of them.
func (u *users) block(step time.Duration) cost {
	u.tb.Helper()
	var txs [][]byte
	var came []time.Duration
	for at := time.Duration(u.sent) * u.every; at <= u.clock; at += u.every {
		i := u.sent * 7919
		txs = append(txs, u.sign(u.firms[i%len(u.firms)].owner, txGas, u.transfer(i)))
		came = append(came, at)
		u.sent++
	}
	p, _ := block(u.tb, u.book, step, txs)
	u.clock += p.total().wall
	for _, at := range came {
		u.latencies = append(u.latencies, u.clock-at)
	}
	return p.total()
}

// idle makes blocks of users' transactions alone: after each the chain waits for
// the next to come.
func (b *book) idle(every time.Duration, blocks int) []time.Duration {
	u := &users{book: b, every: every}
	for range blocks {
		u.block(time.Millisecond)
		u.clock = max(u.clock, time.Duration(u.sent)*every)
	}
	return u.latencies
}

// drain moves the clock to the day on which the first instalment of every loan is
// due and makes blocks until none is left, with users' transactions meanwhile.
func (b *book) drain(every time.Duration) drained {
	b.tb.Helper()
	dueAt := b.dueAt()
	d := drained{items: b.queued(dueAt)}
	u := &users{book: b, every: every, clock: -1} // nobody is in the first block, which moves the day
	step := time.Unix(dueAt, 0).Sub(b.Now())
	for b.dueAt() <= dueAt {
		c := u.block(step)
		step = time.Millisecond
		d.blocks++
		d.took = d.took.plus(c)
		d.blockTimes = append(d.blockTimes, c.wall)
		d.heapMax = max(d.heapMax, heapBytes())
	}
	d.latencies = u.latencies
	if len(d.latencies) == 0 {
		b.tb.Fatal("no user came while the queue drained")
	}
	return d
}

// itemsPerBlock changes how much one block services.
func (b *book) itemsPerBlock(n int) {
	b.setParams(func(p *loanv1.Params) { p.ItemsPerBlockMax = uint32(n) })
}

// worst is the longest of a list.
func worst(list []time.Duration) time.Duration { return slices.Max(list) }
