package app

import (
	"bytes"
	"slices"
	"strings"

	errorsmod "cosmossdk.io/errors"
	"google.golang.org/grpc/codes"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/x/score"
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
	if g.Score.SrsKind != scorev1.SrsKind_SRS_KIND_CEREMONY || key.Development() {
		return ErrGenesis.Wrap("score.srs_key: the development SRS has a known secret; hold the members' ceremony")
	}
	if err := g.sealedByFounders(); err != nil {
		return err
	}
	switch {
	case g.Loan.Params.CompressedPeriodSeconds != 0:
		return ErrGenesis.Wrap("loan.params.compressed_period_seconds: periods of seconds are for demonstrations")
	case g.Loan.Params.TemplateLockSeconds < dayMinSeconds:
		return ErrGenesis.Wrapf("loan.params.template_lock_seconds: got %d, want at least %d", g.Loan.Params.TemplateLockSeconds, dayMinSeconds)
	case g.Org.Params.RecoveryDelaySeconds < dayMinSeconds:
		return ErrGenesis.Wrapf("org.params.recovery_delay_seconds: got %d, want at least %d", g.Org.Params.RecoveryDelaySeconds, dayMinSeconds)
	}
	for _, k := range g.Pledge.Keys {
		n := len(k.Shares)
		if n < holdersMin || int(k.Threshold) < 2*n/3+1 {
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

// sealedByFounders requires that the ceremony's seal is of the pinned key and
// signed by at least zk.SealSignaturesMin organisations of this genesis, no two
// of them under one control. It is an allow list: any key that is no ed25519
// device of an organisation here refuses the genesis, rather than not counting.
func (g *Genesis) sealedByFounders() error {
	if len(g.Score.SrsSeal) == 0 {
		return ErrGenesis.Wrap("score.srs_seal: there is none; a production network rests on the seal of its members' ceremony")
	}
	seal, err := score.Sealed(g.Score)
	if err != nil {
		return ErrGenesis.Wrapf("score.srs_seal: %s", err)
	}
	groups := map[uint64]uint64{}
	for _, o := range g.Org.Organisations {
		groups[o.Id] = o.ControlGroup
	}
	voices := map[uint64]bool{}
	for _, s := range seal.Signatures {
		i := slices.IndexFunc(g.Org.Devices, func(d orgv1.Device) bool {
			return d.Key.Type == orgv1.KeyType_KEY_TYPE_ED25519 && bytes.Equal(d.Key.Key, s.Key[:])
		})
		if i < 0 {
			return ErrGenesis.Wrapf("score.srs_seal: key %x is of no organisation in this genesis", s.Key)
		}
		voices[groups[g.Org.Devices[i].OrgId]] = true
	}
	if len(voices) < zk.SealSignaturesMin {
		return ErrGenesis.Wrapf("score.srs_seal: signed by %d independent organisations, want at least %d", len(voices), zk.SealSignaturesMin)
	}
	return nil
}
