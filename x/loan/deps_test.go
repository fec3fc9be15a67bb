package loan

import (
	"github.com/xinlian/xinlian/x/attestation"
	"github.com/xinlian/xinlian/x/cash"
	"github.com/xinlian/xinlian/x/council"
	"github.com/xinlian/xinlian/x/org"
	"github.com/xinlian/xinlian/x/profile"
)

// The modules to the left are what this module asks for. x/safety stands apart
// in the import law, and x/score is checked where the chain is assembled.
var (
	_ Orgs         = (*org.Keeper)(nil)
	_ Council      = (*council.Keeper)(nil)
	_ Cash         = (*cash.Keeper)(nil)
	_ Profiles     = (*profile.Keeper)(nil)
	_ Attestations = (*attestation.Keeper)(nil)
)
