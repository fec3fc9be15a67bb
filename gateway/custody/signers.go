package custody

import (
	"context"
	"fmt"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/passkey"
)

// Signers checks who signed a read request: services and command-line keys, and
// passkeys under the domain for reads, from the origins that the chain allows.
func Signers(client *chain.Client) vault.Signers {
	s := vault.ServiceSigners()
	s[vault.KeyPasskey] = vault.SignerFunc(func(d vault.Device, message, signature []byte) error {
		key, err := passkey.NewPubKey(d.Public)
		if err != nil {
			return fmt.Errorf("%w: %w", vault.ErrSignature, err)
		}
		a, err := passkey.Verify(key, passkey.DomainRead, message, signature)
		if err != nil {
			return fmt.Errorf("%w: %w", vault.ErrSignature, err)
		}
		r, err := client.Org.Params(context.Background(), &orgv1.QueryParamsRequest{})
		if err != nil {
			return fmt.Errorf("reading the allowed origins: %w", err)
		}
		policy := passkey.Policy{Enabled: r.Params.PasskeyEnabled, Origins: r.Params.Origins, RPIDs: r.Params.RpIds}
		if err := policy.Check(a); err != nil {
			return fmt.Errorf("%w: %w", vault.ErrSignature, err)
		}
		return nil
	})
	return s
}
