package registry

import (
	"errors"
	"testing"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

// TestStated proves which of the tags that members made a verifier states.
func TestStated(t *testing.T) {
	t.Parallel()
	made := []pledgev1.Tag{{Epoch: 1, Tag: []byte("one")}, {Epoch: 2, Tag: []byte("two")}}
	for _, c := range []struct {
		newest, least uint64
		tag, earlier  string
		want          error
	}{
		{1, 1, "one", "", nil},
		{2, 2, "two", "", nil},
		{2, 1, "two", "one", nil},
		{3, 3, "", "", ErrEpoch},
		{3, 2, "", "two", ErrEpoch},
		{1, 2, "one", "", nil}, // a row from before a rotation that is over
	} {
		tag, earlier, err := stated(made, c.newest, c.least)
		if string(tag) != c.tag || string(earlier) != c.earlier || !errors.Is(err, c.want) {
			t.Errorf("%d, %d: got %q, %q, %v", c.newest, c.least, tag, earlier, err)
		}
	}
}
