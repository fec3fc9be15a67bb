package fund

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// Codes are part of the wire: clients branch on them, and none is ever given a
// second meaning.
var (
	ErrInvalid      = errorsmod.RegisterWithGRPCCode(Name, 2, codes.InvalidArgument, "field is out of bounds")
	ErrAmount       = errorsmod.RegisterWithGRPCCode(Name, 3, codes.InvalidArgument, "amount is out of bounds")
	ErrTerms        = errorsmod.RegisterWithGRPCCode(Name, 4, codes.InvalidArgument, "terms are out of bounds")
	ErrParams       = errorsmod.RegisterWithGRPCCode(Name, 5, codes.InvalidArgument, "parameters are out of bounds")
	ErrGenesis      = errorsmod.RegisterWithGRPCCode(Name, 6, codes.InvalidArgument, "state does not hold together")
	ErrNotFound     = errorsmod.RegisterWithGRPCCode(Name, 7, codes.NotFound, "not found")
	ErrUnauthorised = errorsmod.RegisterWithGRPCCode(Name, 8, codes.PermissionDenied, "organisation may not do this")
	ErrState        = errorsmod.RegisterWithGRPCCode(Name, 9, codes.FailedPrecondition, "state of the fund does not allow this")
	ErrSettling     = errorsmod.RegisterWithGRPCCode(Name, 10, codes.Unavailable, "the round is being settled, try again in the next block")
	ErrNotAdmitted  = errorsmod.RegisterWithGRPCCode(Name, 11, codes.PermissionDenied, "fund does not admit the investor")
	ErrLimit        = errorsmod.RegisterWithGRPCCode(Name, 12, codes.FailedPrecondition, "beyond the investor's limit")
	ErrShares       = errorsmod.RegisterWithGRPCCode(Name, 13, codes.FailedPrecondition, "not enough shares")
	ErrNothing      = errorsmod.RegisterWithGRPCCode(Name, 14, codes.FailedPrecondition, "there is nothing to pay")
	ErrInvariant    = errorsmod.RegisterWithGRPCCode(Name, 15, codes.Internal, "state is not what it must be")
)
