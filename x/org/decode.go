package org

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Bounds of fields. Longer input is refused before anything is read for it.
const (
	HashBytes       = 32
	NameBytesMax    = 64
	RolesMax        = 9
	AddressBytesMax = 90 // text of a 32-byte address, with room to spare
	// AmountLimitFenMax is the limit of a device that may move any amount.
	AmountLimitFenMax = math.MaxInt64
)

// address is the bytes of an account address, or ErrAddress.
func address(text string) ([]byte, error) {
	if text == "" || len(text) > AddressBytesMax {
		return nil, ErrAddress.Wrapf("got %d characters", len(text))
	}
	b, err := wire.Addresses.StringToBytes(text)
	if err != nil {
		return nil, ErrAddress.Wrap(err.Error())
	}
	return b, nil
}

func hash(field string, b []byte) error {
	if len(b) != HashBytes {
		return ErrField.Wrapf("%s: got %d bytes, want %d", field, len(b), HashBytes)
	}
	return nil
}

// earlier refuses an earlier tag that is neither missing nor one.
func earlier(tag []byte) error {
	if len(tag) == 0 {
		return nil
	}
	return hash("earlier_tag", tag)
}

func amountLimit(fen int64) error {
	if fen < 0 {
		return ErrField.Wrapf("amount_limit_fen: got %d", fen)
	}
	return nil
}

// publicName refuses what a portal could not show on one line as it stands.
func publicName(s string) error {
	if s == "" || len(s) > NameBytesMax {
		return ErrField.Wrapf("name: got %d bytes, want 1 to %d", len(s), NameBytesMax)
	}
	if !utf8.ValidString(s) || strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ErrField.Wrap("name: not printable text without surrounding spaces")
	}
	return nil
}

func category(c uint32) error {
	if _, known := profilev1.Category_name[int32(c)]; !known || c == 0 {
		return ErrField.Wrapf("category: got %d", c)
	}
	return nil
}

func deviceRole(r orgv1.DeviceRole) error {
	if _, known := orgv1.DeviceRole_name[int32(r)]; !known || r == 0 {
		return ErrField.Wrapf("role: got %d", r)
	}
	return nil
}

// roles refuses roles out of order, unknown, or not of that kind: an enterprise
// borrows and does nothing else, and supervision is a regulator's alone.
func roles(kind orgv1.OrgKind, list []orgv1.Role) error {
	if len(list) > RolesMax {
		return ErrField.Wrapf("roles: got %d, want at most %d", len(list), RolesMax)
	}
	enterprise := kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE
	if enterprise && len(list) != 1 {
		return ErrField.Wrap("roles: an enterprise is a borrower and nothing else")
	}
	last := orgv1.Role_ROLE_UNSPECIFIED
	for _, r := range list {
		_, known := orgv1.Role_name[int32(r)]
		if !known || r <= last {
			return ErrField.Wrapf("roles: %d is unknown or out of order", r)
		}
		if enterprise != (r == orgv1.Role_ROLE_BORROWER) {
			return ErrField.Wrapf("roles: %s does not suit %s", r, kind)
		}
		if r == orgv1.Role_ROLE_REGULATOR && kind != orgv1.OrgKind_ORG_KIND_REGULATOR {
			return ErrField.Wrapf("roles: %s does not suit %s", r, kind)
		}
		last = r
	}
	return nil
}

func orgKind(kind orgv1.OrgKind) error {
	if _, known := orgv1.OrgKind_name[int32(kind)]; !known || kind == 0 {
		return ErrField.Wrapf("kind: got %d", kind)
	}
	return nil
}
