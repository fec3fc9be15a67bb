package portal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/store"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
)

// useLogin is what a nonce is good for: it proves a key for a session. What is
// signed for it can never be a transaction, by the domain of its challenge.
const useLogin = "login"

// kindCredential is what the gateway remembers of a credential: its public key.
// A browser that forgot it can still log in.
const kindCredential = "credential"

// policy gives the chain's rules for passkeys at the moment of asking.
type policy func() passkey.Policy

// nonce gives 32 bytes that a device signs to prove its key.
func (p *Portal) nonce(w http.ResponseWriter, r *http.Request) {
	n, err := p.Store.Nonce(r.Context(), useLogin)
	if err != nil {
		p.failAPI(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"nonce": base64.StdEncoding.EncodeToString(n)})
}

// proof is what a page posts to prove a key.
type proof struct {
	PublicKey    string `json:"public_key"`
	CredentialID string `json:"credential_id"`
	Assertion    string `json:"assertion"`
	Nonce        string `json:"nonce"`
}

// enrolment is a proof with the form of a firm.
type enrolment struct {
	proof
	Name      string `json:"firm_name"`
	TaxNumber string `json:"tax_number"`
	Account   string `json:"account"`
	Agreed    string `json:"agreed"`
}

// enrol registers a firm with its owner's new passkey.
func (p *Portal) enrol(w http.ResponseWriter, r *http.Request) (any, error) {
	if p.Registrar == nil {
		return nil, refuse(http.StatusServiceUnavailable, "error.noregistrar")
	}
	var in enrolment
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	if in.Agreed != "true" {
		return nil, refuse(http.StatusUnprocessableEntity, "error.agree")
	}
	firm, err := registry.Firm{Name: in.Name, TaxNumber: in.TaxNumber, Account: in.Account}.Normalised()
	if err != nil {
		return nil, err
	}
	key, err := p.prove(r.Context(), in.proof)
	if err != nil {
		return nil, err
	}
	id, err := p.Registrar.Register(r.Context(), firm, orgv1.DeviceKey{Type: orgv1.KeyType_KEY_TYPE_PASSKEY, Key: key.Bytes()})
	if err != nil {
		return nil, err
	}
	if err := p.rememberCredential(r.Context(), in.proof); err != nil {
		return nil, err
	}
	s := store.Session{Device: wire.AddressText(key.Address()), OrgID: id}
	return map[string]string{"location": "/owner"}, p.begin(w, r, s)
}

// login begins a session for a device that proves its key.
func (p *Portal) login(w http.ResponseWriter, r *http.Request) (any, error) {
	var in proof
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	if in.PublicKey == "" {
		if err := p.Store.Load(r.Context(), kindCredential, credentialName(in.CredentialID), &in.PublicKey); err != nil {
			if errors.Is(err, store.ErrNotFound) {
				return nil, refuse(http.StatusUnauthorized, "error.credential")
			}
			return nil, err
		}
	}
	key, err := p.prove(r.Context(), in)
	if err != nil {
		return nil, err
	}
	device := wire.AddressText(key.Address())
	d, err := p.Client.Org.Device(r.Context(), &orgv1.QueryDeviceRequest{Address: device})
	if status.Code(err) == codes.NotFound {
		return nil, refuse(http.StatusUnauthorized, "error.device")
	}
	if err != nil {
		return nil, err
	}
	if stopped(d.Device.Status) {
		return nil, refuse(http.StatusForbidden, "error.frozen")
	}
	o, err := p.org(r.Context(), d.Device.OrgId)
	if err != nil {
		return nil, err
	}
	if err := p.rememberCredential(r.Context(), in); err != nil {
		return nil, err
	}
	return map[string]string{"location": homeOf(o.Kind)}, p.begin(w, r, store.Session{Device: device, OrgID: d.Device.OrgId})
}

func homeOf(kind orgv1.OrgKind) string {
	if kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE {
		return "/owner"
	}
	if kind == kindRegulator {
		return "/regulator"
	}
	return "/officer"
}

// prove checks that the visitor holds the key: a fresh nonce, signed under the
// domain of logins, by a page that the chain allows.
func (p *Portal) prove(ctx context.Context, in proof) (*passkey.PubKey, error) {
	raw, err := base64.StdEncoding.DecodeString(in.PublicKey)
	if err != nil {
		return nil, problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	nonce, err := base64.StdEncoding.DecodeString(in.Nonce)
	if err != nil {
		return nil, problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	assertion, err := base64.StdEncoding.DecodeString(in.Assertion)
	if err != nil {
		return nil, problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	key, err := passkey.NewPubKey(raw)
	if err != nil {
		return nil, passkeyProblem(err)
	}
	if err := p.Store.TakeNonce(ctx, useLogin, nonce); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return nil, refuse(http.StatusUnauthorized, "error.nonce")
		}
		return nil, err
	}
	made, err := passkey.Verify(key, passkey.DomainLogin, nonce, assertion)
	if err != nil {
		return nil, passkeyProblem(err)
	}
	if err := p.policy().Check(made); err != nil {
		return nil, passkeyProblem(err)
	}
	return key, nil
}

func (p *Portal) rememberCredential(ctx context.Context, in proof) error {
	if in.CredentialID == "" {
		return nil
	}
	return p.Store.Save(ctx, kindCredential, credentialName(in.CredentialID), in.PublicKey)
}

func credentialName(id string) string {
	h := sha256.Sum256([]byte(id))
	return hex.EncodeToString(h[:])
}

// begin starts a session under a token of its own; an earlier one ends.
func (p *Portal) begin(w http.ResponseWriter, r *http.Request, s store.Session) error {
	if old := token(r); old != "" {
		if err := p.Store.EndSession(r.Context(), old); err != nil {
			return err
		}
	}
	t, err := p.Store.NewSession(r.Context(), s)
	if err != nil {
		return err
	}
	http.SetCookie(w, p.cookie(sessionCookie, t, int(store.SessionLife.Seconds())))
	return nil
}

func (p *Portal) logout(w http.ResponseWriter, r *http.Request) {
	if t := token(r); t != "" {
		p.readings.drop(t)
		p.exported.drop(t)
		if err := p.Store.EndSession(r.Context(), t); err != nil {
			p.fail(w, r, err)
			return
		}
	}
	http.SetCookie(w, p.cookie(sessionCookie, "", -1))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// hostedLogin begins a session with the software key of an organisation that is
// hosted here. There is none outside a demonstration.
func (p *Portal) hostedLogin(w http.ResponseWriter, r *http.Request) {
	id, err := parseID(r.FormValue("org"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	device := p.hosted(id)
	if device == nil {
		p.fail(w, r, refuse(http.StatusNotFound, "error.hosted"))
		return
	}
	o, err := p.org(r.Context(), id)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if err := p.begin(w, r, store.Session{Device: wire.Address(device), OrgID: id, Hosted: true}); err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, homeOf(o.Kind), http.StatusSeeOther)
}
