package cash

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// The module's refusals. Codes are part of the wire contract and never change.
var (
	ErrUnauthorised = errorsmod.RegisterWithGRPCCode(Name, 2, codes.PermissionDenied, "sender may not do this")
	ErrField        = errorsmod.RegisterWithGRPCCode(Name, 3, codes.InvalidArgument, "field breaks its bound")
	ErrAmount       = errorsmod.RegisterWithGRPCCode(Name, 4, codes.InvalidArgument, "amount out of bounds")
	ErrLimit        = errorsmod.RegisterWithGRPCCode(Name, 5, codes.PermissionDenied, "amount above the device's limit")
	ErrReference    = errorsmod.RegisterWithGRPCCode(Name, 6, codes.AlreadyExists, "bank reference used for another issuance")
	ErrHolder       = errorsmod.RegisterWithGRPCCode(Name, 7, codes.FailedPrecondition, "account may not hold deposits")
	ErrFrozen       = errorsmod.RegisterWithGRPCCode(Name, 8, codes.FailedPrecondition, "account is frozen")
	ErrFunds        = errorsmod.RegisterWithGRPCCode(Name, 9, codes.FailedPrecondition, "balance too small")
	ErrIssuer       = errorsmod.RegisterWithGRPCCode(Name, 10, codes.FailedPrecondition, "more than the issuer has outstanding")
	ErrNotFound     = errorsmod.RegisterWithGRPCCode(Name, 11, codes.NotFound, "no such row")
	ErrStatus       = errorsmod.RegisterWithGRPCCode(Name, 12, codes.FailedPrecondition, "not allowed in this state")
	ErrTooMany      = errorsmod.RegisterWithGRPCCode(Name, 13, codes.ResourceExhausted, "too many freezes of one organisation")
	ErrParams       = errorsmod.RegisterWithGRPCCode(Name, 14, codes.InvalidArgument, "parameter out of bounds")
	ErrGenesis      = errorsmod.RegisterWithGRPCCode(Name, 15, codes.InvalidArgument, "genesis does not hold together")
	ErrInvariant    = errorsmod.RegisterWithGRPCCode(Name, 16, codes.Internal, "state breaks an invariant")
	ErrEnded        = errorsmod.RegisterWithGRPCCode(Name, 17, codes.FailedPrecondition, "mandate is not in force")
	ErrMandate      = errorsmod.RegisterWithGRPCCode(Name, 18, codes.PermissionDenied, "debit above the mandate's limits")
	ErrNumber       = errorsmod.RegisterWithGRPCCode(Name, 19, codes.AlreadyExists, "debit or refund is not the next")
	ErrReturn       = errorsmod.RegisterWithGRPCCode(Name, 20, codes.FailedPrecondition, "more than is left to return")
	ErrWindow       = errorsmod.RegisterWithGRPCCode(Name, 21, codes.FailedPrecondition, "time for this has passed")
	ErrDebt         = errorsmod.RegisterWithGRPCCode(Name, 22, codes.FailedPrecondition, "an upheld chargeback is owed")
	ErrDay          = errorsmod.RegisterWithGRPCCode(Name, 23, codes.FailedPrecondition, "day may not be reported")
	ErrUnreconciled = errorsmod.RegisterWithGRPCCode(Name, 24, codes.FailedPrecondition, "issuer's bank balance is not reconciled")
)
