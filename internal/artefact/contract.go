package artefact

import (
	"github.com/xinlian/xinlian/internal/canon"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// ContractBytes returns the canonical bytes of a loan contract, kind
// `contract`: chain id, offer, application, enterprise, lender, product,
// template hash, principal in fen, yearly rate in basis points, term in periods
// and the second at which the offer ends. The template hash stands for all terms
// that the template fixes. Status and the hash itself are not part of it.
//
// Chain id and offer id make the signature good for one contract on one network.
func ContractBytes(chainID string, o loanv1.Offer) ([]byte, error) {
	return contract(chainID, o).Encoded()
}

// ContractHash is what the borrower signs: the SHA-256 of ContractBytes.
func ContractHash(chainID string, o loanv1.Offer) ([32]byte, error) {
	return contract(chainID, o).Sum()
}

func contract(chainID string, o loanv1.Offer) *canon.Writer {
	return canon.New("contract").
		String(chainID).
		Uint64(o.Id).
		Uint64(o.ApplicationId).
		Uint64(o.EnterpriseId).
		Uint64(o.LenderOrgId).
		Uint64(o.ProductId).
		Bytes(o.TemplateHash).
		Int64(o.PrincipalFen).
		Uint32(o.RateBps).
		Uint32(o.Periods).
		Int64(o.ExpiresAt)
}
