package safety

import (
	"context"
	"errors"
	"slices"
	"strings"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/x/org"
)

// TypeURLBytesMax bounds a message type.
const TypeURLBytesMax = 128

// unstoppable lists what a stop would be needed to undo, by prefix. A stop of
// votes or of a suspension would disarm the council, a stop of freezing a
// person whose phone is being robbed.
var unstoppable = []string{
	"/xinlian.safety.v1.",
	"/cosmos.gov.v1.",
	"/xinlian.org.v1.MsgSuspendOrganisation",
	"/xinlian.org.v1.MsgFreezeDevice",
}

// IsAllowed tells whether messages of that type may be executed: true, or false
// with ErrStopped. It is the chain's circuit breaker. What the chain does by
// itself at the end of a block passes no breaker and asks here.
func (k *Keeper) IsAllowed(ctx context.Context, typeURL string) (bool, error) {
	if protected(typeURL) {
		return true, nil
	}
	s, err := k.stops.Get(ctx, typeURL)
	if errors.Is(err, collections.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	stands, err := k.stands(ctx, s)
	if err != nil || stands {
		return false, either(err, ErrStopped.Wrapf("%s, until %d", typeURL, s.ExpiresAt))
	}
	return true, nil
}

// stands tells whether the stop still holds: it has not expired, and whoever
// made it is still an active organisation.
func (k *Keeper) stands(ctx context.Context, s safetyv1.Stop) (bool, error) {
	if s.ExpiresAt <= now(ctx) {
		return false, nil
	}
	o, err := k.orgs.Organisation(ctx, s.ByOrgId)
	return err == nil && o.Status == orgv1.OrgStatus_ORG_STATUS_ACTIVE, err
}

func protected(typeURL string) bool {
	return slices.ContainsFunc(unstoppable, func(prefix string) bool { return strings.HasPrefix(typeURL, prefix) })
}

// typeURL refuses what is no message type. Whether the chain knows the type is
// not asked: a stop of an unknown one stops nothing.
func typeURL(s string) error {
	if len(s) > TypeURLBytesMax || len(s) < 2 || s[0] != '/' {
		return ErrField.Wrapf("type_url: got %d bytes, want / and a name, at most %d", len(s), TypeURLBytesMax)
	}
	for i := 1; i < len(s); i++ {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_') {
			return ErrField.Wrapf("type_url: byte %d is %q", i, c)
		}
	}
	return nil
}

// mayStop requires a regulator or a member bank.
func mayStop(o orgv1.Organisation, _ orgv1.Device) error {
	if o.Kind == orgv1.OrgKind_ORG_KIND_BANK || org.HasRole(o, orgv1.Role_ROLE_REGULATOR) {
		return nil
	}
	return ErrNotStopper.Wrapf("organisation %d is neither a bank nor a regulator", o.Id)
}

// bounded is nil when a stop made at that time may end then.
func bounded(at, expiresAt, secondsMax int64) error {
	if expiresAt <= at || expiresAt-at > secondsMax {
		return ErrField.Wrapf("expires_at: got %d, want within %d seconds after %d", expiresAt, secondsMax, at)
	}
	return nil
}

// either is the store's error where there is one, else the rule's.
func either(store, rule error) error {
	if store != nil {
		return store
	}
	return rule
}
