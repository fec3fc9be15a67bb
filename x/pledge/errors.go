package pledge

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// Codes are part of the wire: clients branch on them, and none is ever given a
// second meaning. No text of a refusal says who holds a receivable.
var (
	ErrField            = errorsmod.RegisterWithGRPCCode(Name, 2, codes.InvalidArgument, "field is out of bounds")
	ErrParams           = errorsmod.RegisterWithGRPCCode(Name, 3, codes.InvalidArgument, "parameters are out of bounds")
	ErrGenesis          = errorsmod.RegisterWithGRPCCode(Name, 4, codes.InvalidArgument, "state does not hold together")
	ErrNoKey            = errorsmod.RegisterWithGRPCCode(Name, 5, codes.FailedPrecondition, "the members share no key yet")
	ErrKeyShape         = errorsmod.RegisterWithGRPCCode(Name, 6, codes.InvalidArgument, "key is not of the form that members share")
	ErrHolder           = errorsmod.RegisterWithGRPCCode(Name, 7, codes.PermissionDenied, "organisation holds no share of the proposed key")
	ErrRetiring         = errorsmod.RegisterWithGRPCCode(Name, 8, codes.FailedPrecondition, "an earlier key is still checked")
	ErrNoProposal       = errorsmod.RegisterWithGRPCCode(Name, 9, codes.NotFound, "no key is proposed")
	ErrTranscript       = errorsmod.RegisterWithGRPCCode(Name, 10, codes.InvalidArgument, "transcript is not the proposed key's")
	ErrConfirmed        = errorsmod.RegisterWithGRPCCode(Name, 11, codes.AlreadyExists, "organisation has confirmed already")
	ErrUnknownStatement = errorsmod.RegisterWithGRPCCode(Name, 12, codes.NotFound, "statement is unknown")
	ErrUnknownPledge    = errorsmod.RegisterWithGRPCCode(Name, 13, codes.NotFound, "pledge is unknown")
	ErrBatch            = errorsmod.RegisterWithGRPCCode(Name, 14, codes.FailedPrecondition, "batch is another enterprise's or does not count")
	ErrAccreditation    = errorsmod.RegisterWithGRPCCode(Name, 15, codes.PermissionDenied, "organisation is not accredited for the batch's category")
	ErrIndependence     = errorsmod.RegisterWithGRPCCode(Name, 16, codes.PermissionDenied, "verifier is a party or under common control with one")
	ErrTags             = errorsmod.RegisterWithGRPCCode(Name, 17, codes.InvalidArgument, "tags are not those of the keys that are checked")
	ErrStatementStatus  = errorsmod.RegisterWithGRPCCode(Name, 18, codes.FailedPrecondition, "statement's status does not allow it")
	ErrNotAttestor      = errorsmod.RegisterWithGRPCCode(Name, 19, codes.PermissionDenied, "statement is another organisation's")
	ErrLender           = errorsmod.RegisterWithGRPCCode(Name, 20, codes.PermissionDenied, "sender is not the lender of the statement and carries no signature of its")
	ErrConsent          = errorsmod.RegisterWithGRPCCode(Name, 21, codes.PermissionDenied, "consent is not the lender's over these records")
	ErrPledged          = errorsmod.RegisterWithGRPCCode(Name, 22, codes.AlreadyExists, "the receivable is pledged already")
	ErrShare            = errorsmod.RegisterWithGRPCCode(Name, 23, codes.FailedPrecondition, "the shares would exceed the face amount")
	ErrPledgesFull      = errorsmod.RegisterWithGRPCCode(Name, 24, codes.ResourceExhausted, "the statement has as many live pledges as it may")
	ErrPledgeEnded      = errorsmod.RegisterWithGRPCCode(Name, 25, codes.FailedPrecondition, "the pledge has ended")
	ErrNotJudge         = errorsmod.RegisterWithGRPCCode(Name, 26, codes.PermissionDenied, "organisation may neither contest nor decide this statement")
)
