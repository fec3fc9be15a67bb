package loan

import (
	"github.com/xinlian/xinlian/x/attestation"
	"github.com/xinlian/xinlian/x/cash"
	"github.com/xinlian/xinlian/x/council"
	"github.com/xinlian/xinlian/x/org"
	"github.com/xinlian/xinlian/x/profile"
	"github.com/xinlian/xinlian/x/score"
)

// The modules to the left are what this module asks for. x/safety stands apart
// in the import law and is checked where the chain is assembled.
var (
	_ Orgs        = (*org.Keeper)(nil)
	_ Council     = (*council.Keeper)(nil)
	_ Cash        = (*cash.Keeper)(nil)
	_ Profile     = (*profile.Keeper)(nil)
	_ Attestation = (*attestation.Keeper)(nil)
	_ Scores      = (*score.Keeper)(nil)

	_ profile.Debts = (*Keeper)(nil)
)
