package profile

import (
	"bytes"
	"slices"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// WrapsMax bounds the wrapped keys of one consent.
const WrapsMax = 64

// checkWraps checks the shape of a list of wraps: known categories, whole hashes,
// each category and epoch once and in ascending order.
func checkWraps(wraps []profilev1.WrapRef) error {
	if len(wraps) > WrapsMax {
		return ErrWrap.Wrapf("wraps: got %d, want at most %d", len(wraps), WrapsMax)
	}
	for i, w := range wraps {
		if !knownCategory(w.Category) || w.Epoch < 1 || len(w.DataKeyId) != HashBytes || len(w.Hash) != HashBytes {
			return ErrWrap.Wrapf("wraps[%d]: category, epoch, data_key_id or hash out of bounds", i)
		}
		if i > 0 && !before(wraps[i-1], w) {
			return ErrWrap.Wrapf("wraps[%d]: not in ascending order of category and epoch", i)
		}
	}
	return nil
}

func before(a, b profilev1.WrapRef) bool {
	return a.Category < b.Category || a.Category == b.Category && a.Epoch < b.Epoch
}

// checkWrap checks one wrap against its consent: a category that it grants, an
// epoch that exists, and the key that the grantee has now. A wrap to a replaced
// data key would let nobody read, or worse, the holder of a lost key.
func checkWrap(w profilev1.WrapRef, c profilev1.Consent, current uint32, dataKeyID []byte) error {
	if !slices.Contains(c.Terms.Categories, w.Category) {
		return ErrWrap.Wrapf("%s is not in the consent", w.Category)
	}
	if w.Epoch > current {
		return ErrWrap.Wrapf("%s: epoch %d, current is %d", w.Category, w.Epoch, current)
	}
	if !bytes.Equal(w.DataKeyId, dataKeyID) {
		return ErrWrap.Wrapf("%s: data_key_id is not the grantee's current one", w.Category)
	}
	return nil
}

func hasWrap(c profilev1.Consent, category profilev1.Category, epoch uint32) bool {
	return slices.ContainsFunc(c.Wraps, func(w profilev1.WrapRef) bool {
		return w.Category == category && w.Epoch == epoch
	})
}
