package app

import (
	"strings"

	errorsmod "cosmossdk.io/errors"
	"google.golang.org/grpc/codes"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/oprf"
	"github.com/xinlian/xinlian/zk"
)

// ErrGenesis says that a genesis is not fit for its kind of network.
var ErrGenesis = errorsmod.RegisterWithGRPCCode(Name, 8, codes.InvalidArgument, "the genesis is not fit for its network")

// dayMinSeconds is the shortest waiting time that a production network may set
// where people must have time to react.
const dayMinSeconds = 24 * 60 * 60

// holdersMin is how many members of a production network must share the key of
// tags. Of fewer, one that leaves or is broken into decides alone.
const holdersMin = 3

// refuseDemonstration lists, by name, what a production network must not have:
// a reference string whose secret is known, a key of tags that one or two hold,
// compressed time, pages served from localhost, and waits too short for people.
func (g *Genesis) refuseDemonstration() error {
	key, err := zk.DecodeSRSKey(g.Score.SrsKey)
	if err != nil {
		return err
	}
	switch {
	case g.Score.SrsKind != scorev1.SrsKind_SRS_KIND_CEREMONY || key.Development():
		return ErrGenesis.Wrap("score.srs_key: the development SRS has a known secret; hold the members' ceremony")
	case g.Loan.Params.CompressedPeriodSeconds != 0:
		return ErrGenesis.Wrap("loan.params.compressed_period_seconds: periods of seconds are for demonstrations")
	case g.Loan.Params.TemplateLockSeconds < dayMinSeconds:
		return ErrGenesis.Wrapf("loan.params.template_lock_seconds: got %d, want at least %d", g.Loan.Params.TemplateLockSeconds, dayMinSeconds)
	case g.Org.Params.RecoveryDelaySeconds < dayMinSeconds:
		return ErrGenesis.Wrapf("org.params.recovery_delay_seconds: got %d, want at least %d", g.Org.Params.RecoveryDelaySeconds, dayMinSeconds)
	}
	for _, k := range g.Pledge.Keys {
		n := len(k.Shares)
		if n < holdersMin || int(k.Threshold) < oprf.ThresholdMin(n) {
			return ErrGenesis.Wrapf("pledge.keys: epoch %d has %d holders and threshold %d, want at least %d holders and more than two thirds of them; hold the ceremony among the members",
				k.Epoch, n, k.Threshold, holdersMin)
		}
	}
	for _, o := range g.Org.Params.Origins {
		if !strings.HasPrefix(o, "https://") || strings.Contains(o, "://localhost") {
			return ErrGenesis.Wrapf("org.params.origins: %q is not a public https origin", o)
		}
	}
	return nil
}
