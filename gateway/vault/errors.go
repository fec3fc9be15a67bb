package vault

import "errors"

// Every refusal is one of these errors; callers branch with errors.Is and the
// receipt of a refused read carries its Outcome.
var (
	// ErrBadRequest says that a request breaks a limit or is not canonical.
	ErrBadRequest = errors.New("vault: bad request")
	// ErrWrongVault says that a request was signed for another chain or custodian.
	ErrWrongVault = errors.New("vault: request is for another chain or custodian")
	// ErrSignature says that the reader's device did not sign these bytes.
	ErrSignature = errors.New("vault: signature does not hold")
	// ErrDevice says that the chain does not know the device or has it inactive.
	ErrDevice = errors.New("vault: device unknown or inactive")
	// ErrHeadStale says that the vault's view of the chain is too old to decide on.
	ErrHeadStale = errors.New("vault: chain head is stale")
	// ErrNonceUsed says that the request was presented before.
	ErrNonceUsed = errors.New("vault: nonce used")
	// ErrRequestExpired says that the request's own short life is over, or is too long.
	ErrRequestExpired = errors.New("vault: request expired")
	// ErrConsentUnknown says that the chain has no such consent.
	ErrConsentUnknown = errors.New("vault: consent unknown")
	// ErrConsentPending says that the owner has not granted the consent.
	ErrConsentPending = errors.New("vault: consent not granted")
	// ErrConsentPaused says that the owner has paused the consent.
	ErrConsentPaused = errors.New("vault: consent paused")
	// ErrConsentRevoked says that the consent was revoked.
	ErrConsentRevoked = errors.New("vault: consent revoked")
	// ErrConsentRefused says that the owner refused the request for consent.
	ErrConsentRefused = errors.New("vault: consent refused")
	// ErrConsentExpired says that the consent's time is over.
	ErrConsentExpired = errors.New("vault: consent expired")
	// ErrConsentAmended says that the owner replaced the consent by a narrower one.
	ErrConsentAmended = errors.New("vault: consent amended")
	// ErrConsentEarly says that the consent's time has not begun.
	ErrConsentEarly = errors.New("vault: consent not yet in force")
	// ErrGrantee says that the device belongs to another organisation.
	ErrGrantee = errors.New("vault: device is not of the grantee")
	// ErrPurpose says that the purpose differs from the consented one.
	ErrPurpose = errors.New("vault: purpose differs from the consent")
	// ErrMode says that the consent allows viewing only.
	ErrMode = errors.New("vault: mode not allowed by the consent")
	// ErrOutOfRange says that a category, month, source or record is not covered.
	ErrOutOfRange = errors.New("vault: not covered by the consent")
	// ErrFetchLimit says that the consent's number of fetches is used up.
	ErrFetchLimit = errors.New("vault: fetches used up")
	// ErrFrequency says that the consent's fetches per period are used up for now.
	ErrFrequency = errors.New("vault: too many fetches in this period")
	// ErrNoWraps says that no keys are wrapped for the consent, or not for an epoch
	// that the read needs.
	ErrNoWraps = errors.New("vault: no wraps for this consent")
	// ErrNotFound says that the vault has no such batch, record or document.
	ErrNotFound = errors.New("vault: not found")
	// ErrNotAnchored says that the chain has no live anchor for a batch asked for by id.
	ErrNotAnchored = errors.New("vault: batch not anchored")
	// ErrErased says that the enterprise's key was destroyed.
	ErrErased = errors.New("vault: enterprise erased")
	// ErrDamaged says that stored bytes are not those that were written.
	ErrDamaged = errors.New("vault: damaged")
	// ErrSuite says that an object names a suite that this build does not have.
	ErrSuite = errors.New("vault: unknown suite")
	// ErrKey says that a key is missing, has the wrong form or does not open.
	ErrKey = errors.New("vault: key")
	// ErrEpoch says that a batch names an epoch other than the current one.
	ErrEpoch = errors.New("vault: not the current epoch")
	// ErrBatch says that a batch cannot be sealed: empty, too large, mixed or undated.
	ErrBatch = errors.New("vault: bad batch")
	// ErrLocked says that another process has the vault open.
	ErrLocked = errors.New("vault: open elsewhere")
	// ErrClosed says that the vault is closed.
	ErrClosed = errors.New("vault: closed")
	// ErrLogBroken says that the receipt log failed to reach the disk; nothing is
	// served until the vault is opened again.
	ErrLogBroken = errors.New("vault: receipt log cannot be written")
)

// Outcome is how a read ended, as its receipt states it. Values are stable.
type Outcome uint16

// OutcomeAllowed is the outcome of a read whose data was released.
const OutcomeAllowed Outcome = 0

// OutcomeFailed is the outcome of a read refused for a reason that is the
// vault's own, such as an unreachable chain.
const OutcomeFailed Outcome = 99

// outcomes ties each refusal to its stable number. Numbers are never reused.
var outcomes = []struct {
	outcome Outcome
	err     error
}{
	{1, ErrBadRequest},
	{2, ErrWrongVault},
	{3, ErrSignature},
	{4, ErrDevice},
	{5, ErrHeadStale},
	{6, ErrNonceUsed},
	{7, ErrRequestExpired},
	{8, ErrConsentUnknown},
	{9, ErrConsentPending},
	{10, ErrConsentPaused},
	{11, ErrConsentRevoked},
	{12, ErrConsentRefused},
	{13, ErrConsentExpired},
	{14, ErrConsentEarly},
	{15, ErrGrantee},
	{16, ErrPurpose},
	{17, ErrMode},
	{18, ErrOutOfRange},
	{19, ErrFetchLimit},
	{20, ErrFrequency},
	{21, ErrNoWraps},
	{22, ErrNotFound},
	{23, ErrNotAnchored},
	{24, ErrErased},
	{25, ErrDamaged},
	{26, ErrConsentAmended},
}

// OutcomeOf is the outcome that a receipt states for err; nil is OutcomeAllowed.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeAllowed
	}
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.outcome
		}
	}
	return OutcomeFailed
}

// Err is the refusal that an outcome stands for, nil for OutcomeAllowed and for
// OutcomeFailed, which has no single cause.
func (o Outcome) Err() error {
	for _, k := range outcomes {
		if k.outcome == o {
			return k.err
		}
	}
	return nil
}
