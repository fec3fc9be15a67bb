package custody

import (
	"context"
	"fmt"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Suite is what the chain's genesis chose to encrypt with.
func Suite(ctx context.Context, client *chain.Client) (vault.Suite, error) {
	r, err := client.Org.Params(ctx, &orgv1.QueryParamsRequest{})
	if err != nil {
		return "", fmt.Errorf("reading the chain's suite: %w", err)
	}
	switch r.Params.Suite {
	case orgv1.Suite_SUITE_NIST:
		return vault.SuiteNIST, nil
	case orgv1.Suite_SUITE_SM:
		return vault.SuiteSM, nil
	}
	return "", fmt.Errorf("%w: the chain's is %s", vault.ErrSuite, r.Params.Suite)
}

// onChain is the suite as an anchor names it.
func onChain(s vault.Suite) orgv1.Suite {
	if s == vault.SuiteSM {
		return orgv1.Suite_SUITE_SM
	}
	return orgv1.Suite_SUITE_NIST
}
