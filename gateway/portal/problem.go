package portal

import (
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/pledging"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/tagging"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/oprf"
	"github.com/xinlian/xinlian/passkey"
)

// problem is a refusal by the portal itself: a status, the key of its text, what
// the text is about, and a cause that only the log sees.
type problem struct {
	status int
	key    string
	args   []any
	cause  error
}

// Error is for the log.
func (p problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %v", p.key, p.cause)
	}
	return p.key
}

// Unwrap is the cause.
func (p problem) Unwrap() error { return p.cause }

func refuse(status int, key string, args ...any) error {
	return problem{status: status, key: key, args: args}
}

// answer is an error as a reader sees it.
type answer struct {
	Status int    `json:"status"`
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
	Code   uint32 `json:"code,omitempty"`
	Space  string `json:"space,omitempty"`
	unsure bool   // an error of ours, to be logged
}

// causes maps errors of other packages to a status and a text.
var causes = []struct {
	err    error
	status int
	key    string
}{
	{registry.ErrName, http.StatusUnprocessableEntity, "error.firm.name"},
	{registry.ErrTaxNumber, http.StatusUnprocessableEntity, "error.firm.tax"},
	{registry.ErrAccount, http.StatusUnprocessableEntity, "error.firm.account"},
	{registry.ErrKnown, http.StatusConflict, "error.firm.known"},
	{custody.ErrNothing, http.StatusUnprocessableEntity, "error.upload.nothing"},
	{line.ErrNoData, http.StatusConflict, "error.nodata"},
	{line.ErrLender, http.StatusNotFound, "error.lender"},
	{line.ErrOpen, http.StatusConflict, "error.file.open"},
	{store.ErrBusy, http.StatusConflict, "error.busy"},
	{store.ErrReused, http.StatusConflict, "error.reused"},
	{vault.ErrBadRequest, http.StatusBadRequest, "error.request"},
	{vault.ErrWrongVault, http.StatusConflict, "error.read.vault"},
	{vault.ErrSignature, http.StatusUnauthorized, "error.signature"},
	{vault.ErrDevice, http.StatusForbidden, "error.device"},
	{vault.ErrHeadStale, http.StatusServiceUnavailable, "error.node"},
	{vault.ErrNonceUsed, http.StatusConflict, "error.read.nonce"},
	{vault.ErrRequestExpired, http.StatusGone, "error.expired"},
	{vault.ErrConsentUnknown, http.StatusNotFound, "error.missing"},
	{vault.ErrConsentPending, http.StatusForbidden, "error.read.pending"},
	{vault.ErrConsentPaused, http.StatusForbidden, "error.read.paused"},
	{vault.ErrConsentRevoked, http.StatusForbidden, "error.read.revoked"},
	{vault.ErrConsentRefused, http.StatusForbidden, "error.read.refused"},
	{vault.ErrConsentExpired, http.StatusForbidden, "error.read.expired"},
	{vault.ErrConsentEarly, http.StatusForbidden, "error.read.early"},
	{vault.ErrConsentAmended, http.StatusForbidden, "error.read.amended"},
	{vault.ErrGrantee, http.StatusForbidden, "error.read.grantee"},
	{vault.ErrPurpose, http.StatusForbidden, "error.read.purpose"},
	{vault.ErrMode, http.StatusForbidden, "error.read.mode"},
	{vault.ErrOutOfRange, http.StatusForbidden, "error.read.range"},
	{vault.ErrFetchLimit, http.StatusForbidden, "error.read.limit"},
	{vault.ErrFrequency, http.StatusTooManyRequests, "error.read.often"},
	{vault.ErrNoWraps, http.StatusConflict, "error.read.wraps"},
	{vault.ErrNotAnchored, http.StatusConflict, "error.anchor.wait"},
	{vault.ErrErased, http.StatusGone, "error.read.erased"},
	{vault.ErrDamaged, http.StatusInternalServerError, "error.read.damaged"},
	{vault.ErrNotFound, http.StatusNotFound, "error.missing"},
	{store.ErrNotFound, http.StatusNotFound, "error.missing"},
	{pledging.ErrUnknown, http.StatusNotFound, "error.missing"},
	{pledging.ErrReceivable, http.StatusUnprocessableEntity, "error.pledge.receivable"},
	{pledging.ErrRecord, http.StatusConflict, "error.pledge.record"},
	{pledging.ErrConsent, http.StatusForbidden, "error.pledge.consent"},
	{pledging.ErrOrder, http.StatusConflict, "error.pledge.order"},
	{pledging.ErrState, http.StatusConflict, "error.pledge.state"},
	{pledging.ErrAmount, http.StatusUnprocessableEntity, "error.pledge.amount"},
	{pledging.ErrSeller, http.StatusUnprocessableEntity, "error.pledge.seller"},
	{pledging.ErrVerifier, http.StatusUnprocessableEntity, "error.pledge.verifier"},
	{pledging.ErrFull, http.StatusTooManyRequests, "error.pledge.full"},
	{pledging.ErrUnreachable, http.StatusServiceUnavailable, "error.pledge.unreachable"},
	{tagging.ErrQuota, http.StatusTooManyRequests, "error.tag.quota"},
	{tagging.ErrConsent, http.StatusForbidden, "error.tag.consent"},
	{oprf.ErrFew, http.StatusServiceUnavailable, "error.tag.few"}, // the last: it comes with the members' refusals
}

// explain turns any error into words. An unknown one is a 500 whose cause stays
// in the log.
func explain(l Lang, err error) answer {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return answer{Status: http.StatusRequestEntityTooLarge, Type: "about:blank", Title: text(l, "error.size", tooLarge.Limit>>20)}
	}
	var pr problem
	if errors.As(err, &pr) {
		return answer{Status: pr.status, Type: "about:blank", Title: text(l, pr.key, pr.args...), unsure: pr.status >= http.StatusInternalServerError}
	}
	var refused *chain.Refused
	if errors.As(err, &refused) {
		return answer{
			Status: http.StatusUnprocessableEntity, Type: "about:blank", Title: text(l, "refused.title"),
			Detail: refusalText(l, refused.Space, refused.Code, refused.Log), Code: refused.Code, Space: refused.Space,
		}
	}
	for _, k := range causes {
		if errors.Is(err, k.err) {
			return answer{Status: k.status, Type: "about:blank", Title: text(l, k.key), unsure: k.status >= http.StatusInternalServerError}
		}
	}
	switch status.Code(err) {
	case codes.NotFound:
		return answer{Status: http.StatusNotFound, Type: "about:blank", Title: text(l, "error.missing")}
	case codes.Unavailable, codes.DeadlineExceeded:
		return answer{Status: http.StatusServiceUnavailable, Type: "about:blank", Title: text(l, "error.node"), unsure: true}
	}
	return answer{Status: http.StatusInternalServerError, Type: "about:blank", Title: text(l, "error.internal"), unsure: true}
}

// failAPI answers a script with a problem document.
func (p *Portal) failAPI(w http.ResponseWriter, r *http.Request, err error) {
	a := explain(langOf(r), err)
	p.log(r, a, err)
	writeAs(w, "application/problem+json", a.Status, a)
}

// fail answers a reader with a page.
func (p *Portal) fail(w http.ResponseWriter, r *http.Request, err error) {
	a := explain(langOf(r), err)
	p.log(r, a, err)
	g, pageErr := p.newPage(w, r)
	if pageErr != nil { // the node is away: the page must stand without it
		g = &Page{Lang: langOf(r), Path: r.URL.Path, ChainID: p.Client.ChainID(), RPID: p.rpID, p: p}
	}
	p.render(w, r, a.Status, errorPage(g, a))
}

// log notes errors of ours once, without anything that a visitor entered.
func (p *Portal) log(r *http.Request, a answer, err error) {
	if a.unsure && r.Context().Err() == nil {
		p.Log.Error("request failed", "method", r.Method, "path", r.Pattern, "status", a.Status, "err", err)
	}
}

// passkeyProblem words a refusal by the verifier of passkeys.
func passkeyProblem(err error) error {
	switch {
	case errors.Is(err, passkey.ErrUserVerified), errors.Is(err, passkey.ErrUserPresent):
		return problem{status: http.StatusUnauthorized, key: "error.unverified", cause: err}
	case errors.Is(err, passkey.ErrOrigin), errors.Is(err, passkey.ErrRPID):
		return problem{status: http.StatusUnauthorized, key: "error.site", cause: err}
	}
	return problem{status: http.StatusUnauthorized, key: "error.signature", cause: err}
}
