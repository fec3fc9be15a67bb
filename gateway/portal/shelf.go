package portal

import (
	"sync"
	"time"

	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/store"
)

// shelfLife is how long an officer's opened records stay in memory. They are
// never written to a file.
const shelfLife = 15 * time.Minute

// shelfMax bounds the readings in memory.
const shelfMax = 16

// shelf holds what officers have opened, by session and consent.
type shelf struct {
	mu    sync.Mutex
	items map[shelfKey]shelved
}

type shelfKey struct{ session, consent string }

type shelved struct {
	reading desk.Reading
	until   time.Time
}

func newShelf() *shelf { return &shelf{items: map[shelfKey]shelved{}} }

func (s *shelf) put(token string, consent []byte, r desk.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	oldest, until := shelfKey{}, now.Add(shelfLife)
	for k, v := range s.items {
		if v.until.Before(now) {
			delete(s.items, k)
		} else if v.until.Before(until) {
			oldest, until = k, v.until
		}
	}
	if len(s.items) >= shelfMax {
		delete(s.items, oldest)
	}
	s.items[shelfKey{string(store.TokenHash(token)), string(consent)}] = shelved{r, now.Add(shelfLife)}
}

func (s *shelf) find(token string, consent []byte) (desk.Reading, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.items[shelfKey{string(store.TokenHash(token)), string(consent)}]
	if !ok || v.until.Before(time.Now()) {
		return desk.Reading{}, false
	}
	return v.reading, true
}

// forget drops what anybody has opened under a consent.
func (s *shelf) forget(consent []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.items {
		if k.consent == string(consent) {
			delete(s.items, k)
		}
	}
}

// drop forgets what a session has opened.
func (s *shelf) drop(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.items {
		if k.session == string(store.TokenHash(token)) {
			delete(s.items, k)
		}
	}
}
