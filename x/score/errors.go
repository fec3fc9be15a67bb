package score

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// Codes are part of the wire: testdata/errors.golden holds them, clients branch
// on them, and none is ever given a second meaning.
var (
	ErrField             = errorsmod.RegisterWithGRPCCode(Name, 2, codes.InvalidArgument, "field is out of bounds")
	ErrParams            = errorsmod.RegisterWithGRPCCode(Name, 3, codes.InvalidArgument, "parameters are out of bounds")
	ErrGenesis           = errorsmod.RegisterWithGRPCCode(Name, 4, codes.InvalidArgument, "state does not hold together")
	ErrSRS               = errorsmod.RegisterWithGRPCCode(Name, 5, codes.InvalidArgument, "key of the reference string is not usable")
	ErrModel             = errorsmod.RegisterWithGRPCCode(Name, 6, codes.InvalidArgument, "model is malformed")
	ErrKey               = errorsmod.RegisterWithGRPCCode(Name, 7, codes.InvalidArgument, "verifying key is malformed")
	ErrBands             = errorsmod.RegisterWithGRPCCode(Name, 8, codes.InvalidArgument, "bands are malformed")
	ErrUnknownModel      = errorsmod.RegisterWithGRPCCode(Name, 9, codes.NotFound, "model is unknown")
	ErrUnknownScore      = errorsmod.RegisterWithGRPCCode(Name, 10, codes.NotFound, "score is unknown")
	ErrModelTaken        = errorsmod.RegisterWithGRPCCode(Name, 11, codes.AlreadyExists, "model was registered before")
	ErrNotMember         = errorsmod.RegisterWithGRPCCode(Name, 12, codes.PermissionDenied, "organisation is not a member of the council")
	ErrModelStatus       = errorsmod.RegisterWithGRPCCode(Name, 13, codes.FailedPrecondition, "state of the model does not allow this")
	ErrSender            = errorsmod.RegisterWithGRPCCode(Name, 14, codes.PermissionDenied, "sender is neither the enterprise, its custodian nor the lender")
	ErrLender            = errorsmod.RegisterWithGRPCCode(Name, 15, codes.FailedPrecondition, "lender is not an active lender")
	ErrIssueHeight       = errorsmod.RegisterWithGRPCCode(Name, 16, codes.FailedPrecondition, "issue height is outside the window")
	ErrConsent           = errorsmod.RegisterWithGRPCCode(Name, 17, codes.FailedPrecondition, "consent is not live")
	ErrConsentEnterprise = errorsmod.RegisterWithGRPCCode(Name, 18, codes.PermissionDenied, "consent is another enterprise's")
	ErrConsentGrantee    = errorsmod.RegisterWithGRPCCode(Name, 19, codes.PermissionDenied, "consent is for another organisation than the lender")
	ErrConsentPurpose    = errorsmod.RegisterWithGRPCCode(Name, 20, codes.PermissionDenied, "consent is for another purpose")
	ErrAttestors         = errorsmod.RegisterWithGRPCCode(Name, 21, codes.FailedPrecondition, "too few independent organisations attest the feature set")
	ErrFeatureSet        = errorsmod.RegisterWithGRPCCode(Name, 22, codes.FailedPrecondition, "feature set is of another version than the model's")
	ErrAsOf              = errorsmod.RegisterWithGRPCCode(Name, 23, codes.FailedPrecondition, "as-of day is in the future or too old")
	ErrSuperseded        = errorsmod.RegisterWithGRPCCode(Name, 24, codes.FailedPrecondition, "a newer feature set is attested")
	ErrBatchOwner        = errorsmod.RegisterWithGRPCCode(Name, 25, codes.FailedPrecondition, "batch is of another enterprise")
	ErrBatchStatus       = errorsmod.RegisterWithGRPCCode(Name, 26, codes.FailedPrecondition, "batch was replaced or is contested")
	ErrBatchRefused      = errorsmod.RegisterWithGRPCCode(Name, 27, codes.FailedPrecondition, "batch is refused by an attestor")
	ErrDigest            = errorsmod.RegisterWithGRPCCode(Name, 28, codes.FailedPrecondition, "data digest is not that of the batches")
	ErrLeftOut           = errorsmod.RegisterWithGRPCCode(Name, 29, codes.FailedPrecondition, "a batch of the window is left out")
	ErrReplay            = errorsmod.RegisterWithGRPCCode(Name, 30, codes.AlreadyExists, "score was accepted before")
	ErrStatement         = errorsmod.RegisterWithGRPCCode(Name, 31, codes.InvalidArgument, "statement is malformed")
	ErrProof             = errorsmod.RegisterWithGRPCCode(Name, 32, codes.InvalidArgument, "proof does not hold")
	ErrRefusals          = errorsmod.RegisterWithGRPCCode(Name, 33, codes.ResourceExhausted, "organisation sent too many refused proofs")
	ErrExpired           = errorsmod.RegisterWithGRPCCode(Name, 34, codes.FailedPrecondition, "score has expired")
	ErrAttestationEnded  = errorsmod.RegisterWithGRPCCode(Name, 35, codes.FailedPrecondition, "an attestation behind the score is not live")
	ErrQuoteDay          = errorsmod.RegisterWithGRPCCode(Name, 36, codes.FailedPrecondition, "day of the quote is in the future or behind the publisher's last")
	ErrTooMany           = errorsmod.RegisterWithGRPCCode(Name, 37, codes.ResourceExhausted, "publisher has as many indices as it may")
	ErrRole              = errorsmod.RegisterWithGRPCCode(Name, 38, codes.InvalidArgument, "role of the model is not usable")
	ErrShadow            = errorsmod.RegisterWithGRPCCode(Name, 39, codes.FailedPrecondition, "score is of a challenger, which decides nothing")
	ErrRefreshed         = errorsmod.RegisterWithGRPCCode(Name, 40, codes.FailedPrecondition, "a newer score replaces this one")
	ErrSuspension        = errorsmod.RegisterWithGRPCCode(Name, 41, codes.FailedPrecondition, "no suspension to decide on")
	ErrSeal              = errorsmod.RegisterWithGRPCCode(Name, 42, codes.InvalidArgument, "seal of the ceremony does not hold")
)
