package custody

import (
	"context"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/passkey"
)

// policyWait bounds the question for the allowed origins.
const policyWait = 5 * time.Second

// Policy asks the chain which origins a passkey's assertion may come from. When
// the chain does not answer, none may.
func Policy(client *chain.Client) func() passkey.Policy {
	return func() passkey.Policy {
		ctx, cancel := context.WithTimeout(context.Background(), policyWait)
		defer cancel()
		r, err := client.Org.Params(ctx, &orgv1.QueryParamsRequest{})
		if err != nil {
			return passkey.Policy{}
		}
		return passkey.Policy{Enabled: r.Params.PasskeyEnabled, Origins: r.Params.Origins, RPIDs: r.Params.RpIds}
	}
}
