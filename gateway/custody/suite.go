package custody

import (
	"context"
	"fmt"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
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

// onChain is the suite as an anchor names it. Both modules number suites alike.
func onChain(s vault.Suite) profilev1.Suite {
	if s == vault.SuiteSM {
		return profilev1.Suite(orgv1.Suite_SUITE_SM)
	}
	return profilev1.Suite_SUITE_NIST
}
