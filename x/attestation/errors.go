package attestation

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// Codes are part of the wire: testdata/errors.golden holds them, clients branch
// on them, and none is ever given a second meaning.
var (
	ErrField              = errorsmod.RegisterWithGRPCCode(Name, 2, codes.InvalidArgument, "field is out of bounds")
	ErrParams             = errorsmod.RegisterWithGRPCCode(Name, 3, codes.InvalidArgument, "parameters are out of bounds")
	ErrGenesis            = errorsmod.RegisterWithGRPCCode(Name, 4, codes.InvalidArgument, "state does not hold together")
	ErrUnknownAttestation = errorsmod.RegisterWithGRPCCode(Name, 5, codes.NotFound, "attestation is unknown")
	ErrUnknownDispute     = errorsmod.RegisterWithGRPCCode(Name, 6, codes.NotFound, "dispute is unknown")
	ErrAccreditation      = errorsmod.RegisterWithGRPCCode(Name, 7, codes.PermissionDenied, "attestor is not accredited for the category")
	ErrIndependence       = errorsmod.RegisterWithGRPCCode(Name, 8, codes.PermissionDenied, "organisation is not independent of the matter")
	ErrBatchOwner         = errorsmod.RegisterWithGRPCCode(Name, 9, codes.InvalidArgument, "batch is of another enterprise")
	ErrBatchStatus        = errorsmod.RegisterWithGRPCCode(Name, 10, codes.FailedPrecondition, "state of the batch does not allow this")
	ErrDigest             = errorsmod.RegisterWithGRPCCode(Name, 11, codes.InvalidArgument, "data digest is not that of the batches")
	ErrAsOf               = errorsmod.RegisterWithGRPCCode(Name, 12, codes.InvalidArgument, "as-of day is out of bounds")
	ErrOlder              = errorsmod.RegisterWithGRPCCode(Name, 13, codes.FailedPrecondition, "attestor stands by a newer feature set")
	ErrNotLive            = errorsmod.RegisterWithGRPCCode(Name, 14, codes.FailedPrecondition, "attestation is not live")
	ErrNotAttestor        = errorsmod.RegisterWithGRPCCode(Name, 15, codes.PermissionDenied, "attestation is another organisation's")
	ErrMayNotDispute      = errorsmod.RegisterWithGRPCCode(Name, 16, codes.PermissionDenied, "organisation may not contest this")
	ErrDisputeOpen        = errorsmod.RegisterWithGRPCCode(Name, 17, codes.AlreadyExists, "a dispute about it is open")
	ErrDisputeClosed      = errorsmod.RegisterWithGRPCCode(Name, 18, codes.FailedPrecondition, "dispute is decided")
	ErrTooMany            = errorsmod.RegisterWithGRPCCode(Name, 19, codes.ResourceExhausted, "more rows than one message may walk")
	ErrSequence           = errorsmod.RegisterWithGRPCCode(Name, 20, codes.Internal, "stream has a hole in its numbers")
)
