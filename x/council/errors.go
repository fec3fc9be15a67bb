package council

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// The codes of the module. They are never renumbered.
var (
	ErrAuthority = errorsmod.RegisterWithGRPCCode(Name, 2, codes.PermissionDenied, "only the council may send this message")
	ErrMember    = errorsmod.RegisterWithGRPCCode(Name, 3, codes.FailedPrecondition, "the organisation is not a member")
	ErrKnown     = errorsmod.RegisterWithGRPCCode(Name, 4, codes.AlreadyExists, "the organisation is a member already")
	ErrKey       = errorsmod.RegisterWithGRPCCode(Name, 5, codes.InvalidArgument, "the consensus key is malformed or in use")
	ErrPower     = errorsmod.RegisterWithGRPCCode(Name, 6, codes.InvalidArgument, "the voting power is out of bounds")
	ErrNode      = errorsmod.RegisterWithGRPCCode(Name, 7, codes.InvalidArgument, "a node id is malformed")
	ErrFull      = errorsmod.RegisterWithGRPCCode(Name, 8, codes.ResourceExhausted, "no place is left")
	ErrParams    = errorsmod.RegisterWithGRPCCode(Name, 9, codes.InvalidArgument, "the parameters are out of bounds")
	ErrVote      = errorsmod.RegisterWithGRPCCode(Name, 10, codes.PermissionDenied, "the vote or proposal is not allowed")
	ErrNotFound  = errorsmod.RegisterWithGRPCCode(Name, 11, codes.NotFound, "there is no such row")
	ErrBusy      = errorsmod.RegisterWithGRPCCode(Name, 12, codes.Aborted, "the validator has an update waiting in this block")
	ErrGenesis   = errorsmod.RegisterWithGRPCCode(Name, 13, codes.InvalidArgument, "the genesis contradicts itself")
)
