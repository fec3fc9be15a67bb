package fund

import (
	"github.com/xinlian/xinlian/x/cash"
	"github.com/xinlian/xinlian/x/council"
	"github.com/xinlian/xinlian/x/loan"
	"github.com/xinlian/xinlian/x/org"
)

// The modules to the left are what this module asks for. x/safety stands apart
// in the import law and is checked where the chain is assembled.
var (
	_ Orgs    = (*org.Keeper)(nil)
	_ Council = (*council.Keeper)(nil)
	_ Cash    = (*cash.Keeper)(nil)
	_ Loans   = (*loan.Keeper)(nil)

	_ loan.Mandate = (*Keeper)(nil)
)
