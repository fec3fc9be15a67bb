package zk

import (
	"container/list"
	"sync"
)

// recent is a bounded memory by 32-byte key that forgets the entry unused for
// longest.
type recent[V any] struct {
	mu    sync.Mutex
	max   int
	order *list.List // front is newest
	byKey map[[32]byte]*list.Element
}

type recentEntry[V any] struct {
	key   [32]byte
	value V
}

func newRecent[V any](limit int) *recent[V] {
	return &recent[V]{max: limit, order: list.New(), byKey: make(map[[32]byte]*list.Element)}
}

func (r *recent[V]) find(key [32]byte) (value V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byKey[key]
	if !ok {
		return value, false
	}
	r.order.MoveToFront(e)
	return e.Value.(recentEntry[V]).value, true
}

func (r *recent[V]) add(key [32]byte, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byKey[key]; ok {
		r.order.MoveToFront(e)
		return
	}
	if r.order.Len() == r.max {
		oldest := r.order.Back()
		delete(r.byKey, oldest.Value.(recentEntry[V]).key)
		r.order.Remove(oldest)
	}
	r.byKey[key] = r.order.PushFront(recentEntry[V]{key: key, value: value})
}

func (r *recent[V]) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order.Len()
}
