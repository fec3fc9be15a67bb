package profile

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// The module's refusals. Codes are part of the wire contract and never change.
var (
	ErrUnauthorised  = errorsmod.RegisterWithGRPCCode(Name, 2, codes.PermissionDenied, "sender may not do this")
	ErrField         = errorsmod.RegisterWithGRPCCode(Name, 3, codes.InvalidArgument, "field breaks its bound")
	ErrTerms         = errorsmod.RegisterWithGRPCCode(Name, 4, codes.InvalidArgument, "consent terms break a rule")
	ErrSchema        = errorsmod.RegisterWithGRPCCode(Name, 5, codes.FailedPrecondition, "schema is not pinned")
	ErrSchemaExists  = errorsmod.RegisterWithGRPCCode(Name, 6, codes.AlreadyExists, "schema version is pinned already")
	ErrEnterprise    = errorsmod.RegisterWithGRPCCode(Name, 7, codes.FailedPrecondition, "not an active enterprise")
	ErrBatchExists   = errorsmod.RegisterWithGRPCCode(Name, 8, codes.AlreadyExists, "batch id was used before")
	ErrSequence      = errorsmod.RegisterWithGRPCCode(Name, 9, codes.FailedPrecondition, "batch is out of sequence")
	ErrOverlap       = errorsmod.RegisterWithGRPCCode(Name, 10, codes.FailedPrecondition, "period is covered already")
	ErrPeriod        = errorsmod.RegisterWithGRPCCode(Name, 11, codes.InvalidArgument, "period is out of bounds")
	ErrEpoch         = errorsmod.RegisterWithGRPCCode(Name, 12, codes.FailedPrecondition, "not the current key epoch")
	ErrSource        = errorsmod.RegisterWithGRPCCode(Name, 13, codes.FailedPrecondition, "source does not vouch for the batch")
	ErrSupersede     = errorsmod.RegisterWithGRPCCode(Name, 14, codes.FailedPrecondition, "batch may not be replaced so")
	ErrNotFound      = errorsmod.RegisterWithGRPCCode(Name, 15, codes.NotFound, "no such row")
	ErrConsentExists = errorsmod.RegisterWithGRPCCode(Name, 16, codes.AlreadyExists, "consent was requested before")
	ErrTransition    = errorsmod.RegisterWithGRPCCode(Name, 17, codes.FailedPrecondition, "consent may not change so")
	ErrNotLive       = errorsmod.RegisterWithGRPCCode(Name, 18, codes.FailedPrecondition, "consent does not cover this time")
	ErrTooMany       = errorsmod.RegisterWithGRPCCode(Name, 19, codes.ResourceExhausted, "too many rows of one kind")
	ErrWrap          = errorsmod.RegisterWithGRPCCode(Name, 20, codes.InvalidArgument, "wrap does not belong to the consent")
	ErrLogGap        = errorsmod.RegisterWithGRPCCode(Name, 21, codes.FailedPrecondition, "access log does not continue the anchored one")
	ErrReceipt       = errorsmod.RegisterWithGRPCCode(Name, 22, codes.FailedPrecondition, "no deletion receipt is due")
	ErrParams        = errorsmod.RegisterWithGRPCCode(Name, 23, codes.InvalidArgument, "parameter out of bounds")
	ErrGenesis       = errorsmod.RegisterWithGRPCCode(Name, 24, codes.InvalidArgument, "genesis does not hold together")
	ErrInvariant     = errorsmod.RegisterWithGRPCCode(Name, 25, codes.Internal, "state breaks an invariant")
	ErrCeiling       = errorsmod.RegisterWithGRPCCode(Name, 26, codes.FailedPrecondition, "terms exceed the fair use of their purpose")
	ErrNarrow        = errorsmod.RegisterWithGRPCCode(Name, 27, codes.InvalidArgument, "amendment allows more than what it amends")
	ErrErased        = errorsmod.RegisterWithGRPCCode(Name, 28, codes.FailedPrecondition, "enterprise has ordered the erasure of its records")
	ErrLegalHold     = errorsmod.RegisterWithGRPCCode(Name, 29, codes.FailedPrecondition, "records must be kept for now")
	ErrErasure       = errorsmod.RegisterWithGRPCCode(Name, 30, codes.FailedPrecondition, "no erasure receipt is due")
)
