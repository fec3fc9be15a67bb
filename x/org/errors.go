package org

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// Codes are part of the wire: testdata/errors.golden holds them, clients branch
// on them, and none is ever given a second meaning.
var (
	ErrAddress               = errorsmod.RegisterWithGRPCCode(Name, 2, codes.InvalidArgument, "address is not one of this chain")
	ErrField                 = errorsmod.RegisterWithGRPCCode(Name, 3, codes.InvalidArgument, "field is out of bounds")
	ErrKey                   = errorsmod.RegisterWithGRPCCode(Name, 4, codes.InvalidArgument, "public key is not usable")
	ErrParams                = errorsmod.RegisterWithGRPCCode(Name, 5, codes.InvalidArgument, "parameters are out of bounds")
	ErrGenesis               = errorsmod.RegisterWithGRPCCode(Name, 6, codes.InvalidArgument, "state does not hold together")
	ErrAuthority             = errorsmod.RegisterWithGRPCCode(Name, 7, codes.PermissionDenied, "signer is not the council")
	ErrUnknownOrganisation   = errorsmod.RegisterWithGRPCCode(Name, 8, codes.NotFound, "organisation is unknown")
	ErrUnknownDevice         = errorsmod.RegisterWithGRPCCode(Name, 9, codes.NotFound, "device is unknown")
	ErrUnknownRecovery       = errorsmod.RegisterWithGRPCCode(Name, 10, codes.NotFound, "no recovery is waiting")
	ErrUnknownAccreditation  = errorsmod.RegisterWithGRPCCode(Name, 11, codes.NotFound, "accreditation is unknown")
	ErrNotActing             = errorsmod.RegisterWithGRPCCode(Name, 12, codes.PermissionDenied, "device does not act for this organisation")
	ErrDevicePending         = errorsmod.RegisterWithGRPCCode(Name, 13, codes.FailedPrecondition, "device has not been activated")
	ErrDeviceFrozen          = errorsmod.RegisterWithGRPCCode(Name, 14, codes.FailedPrecondition, "device is frozen")
	ErrDeviceRevoked         = errorsmod.RegisterWithGRPCCode(Name, 15, codes.FailedPrecondition, "device is revoked")
	ErrDeviceExpired         = errorsmod.RegisterWithGRPCCode(Name, 16, codes.FailedPrecondition, "device has expired")
	ErrOrganisationPending   = errorsmod.RegisterWithGRPCCode(Name, 17, codes.FailedPrecondition, "organisation awaits further verification")
	ErrOrganisationSuspended = errorsmod.RegisterWithGRPCCode(Name, 18, codes.FailedPrecondition, "organisation is suspended")
	ErrRole                  = errorsmod.RegisterWithGRPCCode(Name, 19, codes.PermissionDenied, "organisation lacks the role")
	ErrKind                  = errorsmod.RegisterWithGRPCCode(Name, 20, codes.PermissionDenied, "organisation is of another kind")
	ErrDeviceRole            = errorsmod.RegisterWithGRPCCode(Name, 21, codes.PermissionDenied, "device lacks the role")
	ErrLimit                 = errorsmod.RegisterWithGRPCCode(Name, 22, codes.PermissionDenied, "amount is above the device's limit")
	ErrQuota                 = errorsmod.RegisterWithGRPCCode(Name, 23, codes.ResourceExhausted, "organisation has used its transactions of this window")
	ErrTagTaken              = errorsmod.RegisterWithGRPCCode(Name, 24, codes.AlreadyExists, "identity tag is taken")
	ErrTag                   = errorsmod.RegisterWithGRPCCode(Name, 25, codes.FailedPrecondition, "identity tag differs from the one on the row")
	ErrDeviceTaken           = errorsmod.RegisterWithGRPCCode(Name, 26, codes.AlreadyExists, "key belongs to a device already")
	ErrDevicesFull           = errorsmod.RegisterWithGRPCCode(Name, 27, codes.ResourceExhausted, "organisation has as many devices as it may")
	ErrLastAdmin             = errorsmod.RegisterWithGRPCCode(Name, 28, codes.FailedPrecondition, "no other active admin device would remain")
	ErrStatus                = errorsmod.RegisterWithGRPCCode(Name, 29, codes.FailedPrecondition, "state does not allow this change")
	ErrControl               = errorsmod.RegisterWithGRPCCode(Name, 30, codes.FailedPrecondition, "organisations are under common control")
	ErrVerifier              = errorsmod.RegisterWithGRPCCode(Name, 31, codes.PermissionDenied, "organisation is none of the enterprise's verifiers")
	ErrRecoveryWaiting       = errorsmod.RegisterWithGRPCCode(Name, 32, codes.AlreadyExists, "a recovery by another verifier is waiting")
	ErrRecoveryEarly         = errorsmod.RegisterWithGRPCCode(Name, 33, codes.FailedPrecondition, "delay of the recovery has not passed")
	ErrSignature             = errorsmod.RegisterWithGRPCCode(Name, 34, codes.Unauthenticated, "source signature does not verify")
	ErrTagEpoch              = errorsmod.RegisterWithGRPCCode(Name, 35, codes.FailedPrecondition, "identity tag is not of an epoch that is asked for")
	ErrTagsLeft              = errorsmod.RegisterWithGRPCCode(Name, 36, codes.FailedPrecondition, "enterprises have no tag of the newer epoch yet")
)
