package safety

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// Codes are part of the wire: testdata/errors.golden holds them, clients branch
// on them, and none is ever given a second meaning.
var (
	ErrField           = errorsmod.RegisterWithGRPCCode(Name, 2, codes.InvalidArgument, "field is out of bounds")
	ErrParams          = errorsmod.RegisterWithGRPCCode(Name, 3, codes.InvalidArgument, "parameters are out of bounds")
	ErrGenesis         = errorsmod.RegisterWithGRPCCode(Name, 4, codes.InvalidArgument, "state does not hold together")
	ErrStopped         = errorsmod.RegisterWithGRPCCode(Name, 5, codes.Unavailable, "messages of this type are stopped")
	ErrUnstoppable     = errorsmod.RegisterWithGRPCCode(Name, 6, codes.PermissionDenied, "messages of this type cannot be stopped")
	ErrStopStands      = errorsmod.RegisterWithGRPCCode(Name, 7, codes.AlreadyExists, "a stop stands already")
	ErrUnknownStop     = errorsmod.RegisterWithGRPCCode(Name, 8, codes.NotFound, "no stop stands")
	ErrNotStopper      = errorsmod.RegisterWithGRPCCode(Name, 9, codes.PermissionDenied, "organisation may not stop or resume this message type")
	ErrAuditsFull      = errorsmod.RegisterWithGRPCCode(Name, 10, codes.ResourceExhausted, "subject has as many audits as it may")
	ErrUnknownIncident = errorsmod.RegisterWithGRPCCode(Name, 11, codes.NotFound, "incident is unknown")
	ErrIncidentClosed  = errorsmod.RegisterWithGRPCCode(Name, 12, codes.FailedPrecondition, "incident is closed")
	ErrNotHandler      = errorsmod.RegisterWithGRPCCode(Name, 13, codes.PermissionDenied, "organisation may not close this incident")
)
