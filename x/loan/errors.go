package loan

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// The refusals of the module. Codes are part of the wire contract: a code is
// never given a second meaning, and testdata/errors.golden holds them fixed.
var (
	ErrInvalid      = errorsmod.RegisterWithGRPCCode(Name, 2, codes.InvalidArgument, "invalid field")
	ErrUnauthorised = errorsmod.RegisterWithGRPCCode(Name, 3, codes.PermissionDenied, "not allowed to do this")
	ErrNotFound     = errorsmod.RegisterWithGRPCCode(Name, 4, codes.NotFound, "not found")
	ErrAmount       = errorsmod.RegisterWithGRPCCode(Name, 5, codes.InvalidArgument, "amount out of range")
	ErrTemplate     = errorsmod.RegisterWithGRPCCode(Name, 6, codes.InvalidArgument, "template refused")
	ErrExpression   = errorsmod.RegisterWithGRPCCode(Name, 7, codes.InvalidArgument, "expression refused")
	ErrTestCase     = errorsmod.RegisterWithGRPCCode(Name, 8, codes.InvalidArgument, "test case of the template fails")
	ErrDuplicate    = errorsmod.RegisterWithGRPCCode(Name, 9, codes.AlreadyExists, "already exists")
	ErrState        = errorsmod.RegisterWithGRPCCode(Name, 10, codes.FailedPrecondition, "not possible in this state")
	ErrTimeLock     = errorsmod.RegisterWithGRPCCode(Name, 11, codes.FailedPrecondition, "time lock still runs")
	ErrAudit        = errorsmod.RegisterWithGRPCCode(Name, 12, codes.FailedPrecondition, "audits are not complete")
	ErrPoolFree     = errorsmod.RegisterWithGRPCCode(Name, 13, codes.FailedPrecondition, "pool has not enough free money")
	ErrProduct      = errorsmod.RegisterWithGRPCCode(Name, 14, codes.FailedPrecondition, "product does not allow this")
	ErrConsent      = errorsmod.RegisterWithGRPCCode(Name, 15, codes.FailedPrecondition, "consent does not cover this")
	ErrScore        = errorsmod.RegisterWithGRPCCode(Name, 16, codes.FailedPrecondition, "score does not fit")
	ErrOpen         = errorsmod.RegisterWithGRPCCode(Name, 17, codes.AlreadyExists, "an application or offer for this product is open")
	ErrLimit        = errorsmod.RegisterWithGRPCCode(Name, 18, codes.FailedPrecondition, "amount over the limit")
	ErrExpired      = errorsmod.RegisterWithGRPCCode(Name, 19, codes.FailedPrecondition, "expired")
	ErrContract     = errorsmod.RegisterWithGRPCCode(Name, 20, codes.FailedPrecondition, "terms differ from the offer")
	ErrFrozen       = errorsmod.RegisterWithGRPCCode(Name, 21, codes.FailedPrecondition, "money is frozen")
	ErrNothingDue   = errorsmod.RegisterWithGRPCCode(Name, 22, codes.FailedPrecondition, "amount pays nothing")
	ErrParams       = errorsmod.RegisterWithGRPCCode(Name, 23, codes.InvalidArgument, "parameters refused")
	ErrGenesis      = errorsmod.RegisterWithGRPCCode(Name, 24, codes.InvalidArgument, "genesis refused")
	ErrInvariant    = errorsmod.RegisterWithGRPCCode(Name, 25, codes.Internal, "invariant broken")
	ErrAppeal       = errorsmod.RegisterWithGRPCCode(Name, 26, codes.FailedPrecondition, "decision cannot be appealed")
	ErrDrafts       = errorsmod.RegisterWithGRPCCode(Name, 60, codes.ResourceExhausted, "too many drafts")
)
