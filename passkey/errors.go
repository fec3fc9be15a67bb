package passkey

import (
	"google.golang.org/grpc/codes"

	errorsmod "cosmossdk.io/errors"
)

// Codespace names this package's error codes on the wire.
const Codespace = "passkey"

// One error per rule, in the order the rules are checked. The codes are part of
// the wire format and never change meaning.
var (
	// ErrKey says that a key is not a compressed point of P-256, 33 bytes.
	ErrKey = errorsmod.RegisterWithGRPCCode(Codespace, 2, codes.InvalidArgument, "key is not a compressed P-256 point")
	// ErrSize says that the signature or one of its parts is too short or too long.
	ErrSize = errorsmod.RegisterWithGRPCCode(Codespace, 3, codes.InvalidArgument, "size of a signature part out of bounds")
	// ErrEncoding says that the signature is not in its canonical encoding.
	ErrEncoding = errorsmod.RegisterWithGRPCCode(Codespace, 4, codes.InvalidArgument, "signature is not canonically encoded")
	// ErrType says that clientDataJSON does not begin as an assertion's does.
	ErrType = errorsmod.RegisterWithGRPCCode(Codespace, 5, codes.Unauthenticated, "client data is not of type webauthn.get")
	// ErrChallenge says that other bytes, or the same under another domain, were signed.
	ErrChallenge = errorsmod.RegisterWithGRPCCode(Codespace, 6, codes.Unauthenticated, "challenge does not match the signed bytes")
	// ErrOriginText says that the origin is missing, too long or not plain ASCII.
	ErrOriginText = errorsmod.RegisterWithGRPCCode(Codespace, 7, codes.Unauthenticated, "client data has no well-formed origin")
	// ErrEnding says that clientDataJSON goes on in none of the three legal ways.
	ErrEnding = errorsmod.RegisterWithGRPCCode(Codespace, 8, codes.Unauthenticated, "client data ends in an unknown form")
	// ErrUserPresent says that the authenticator saw no user (flag UP).
	ErrUserPresent = errorsmod.RegisterWithGRPCCode(Codespace, 9, codes.Unauthenticated, "user was not present")
	// ErrUserVerified says that the device did not check fingerprint, face or PIN (flag UV).
	ErrUserVerified = errorsmod.RegisterWithGRPCCode(Codespace, 10, codes.Unauthenticated, "user was not verified")
	// ErrHighS says that s is above half the group order.
	ErrHighS = errorsmod.RegisterWithGRPCCode(Codespace, 11, codes.Unauthenticated, "signature has a high s")
	// ErrSignature says that the ECDSA equation does not hold.
	ErrSignature = errorsmod.RegisterWithGRPCCode(Codespace, 12, codes.Unauthenticated, "ECDSA signature is wrong")
	// ErrDisabled says that the network has switched this key type off.
	ErrDisabled = errorsmod.RegisterWithGRPCCode(Codespace, 13, codes.PermissionDenied, "passkeys are switched off")
	// ErrOrigin says that the page that asked for the signature is not allowed.
	ErrOrigin = errorsmod.RegisterWithGRPCCode(Codespace, 14, codes.PermissionDenied, "origin is not allowed")
	// ErrRPID says that the credential belongs to a relying party that is not allowed.
	ErrRPID = errorsmod.RegisterWithGRPCCode(Codespace, 15, codes.PermissionDenied, "rpId is not allowed")
	// ErrPolicy says that a Policy itself is malformed.
	ErrPolicy = errorsmod.RegisterWithGRPCCode(Codespace, 16, codes.InvalidArgument, "policy is malformed")
)
