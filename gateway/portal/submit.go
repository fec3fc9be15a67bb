package portal

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"golang.org/x/text/unicode/norm"

	gogoproto "github.com/cosmos/gogoproto/proto"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/wire"
)

// kindSalted is what the gateway keeps of a text that the chain knows by its
// salted hash only, under that hash.
const kindSalted = "salted"

// intent is what a page wants to sign.
type intent struct {
	Kind   string                `json:"kind"`
	Fields map[string]string     `json:"fields"`
	Salted map[string]saltedText `json:"salted"`
}

// saltedText is a text and the salt of its hash, 32 bytes in hexadecimal.
type saltedText struct {
	Text string `json:"text"`
	Salt string `json:"salt"`
}

// hash is the salted hash as the page computes it.
func (s saltedText) hash() ([]byte, error) {
	salt, err := hex.DecodeString(s.Salt)
	if err != nil || len(salt) != 32 {
		return nil, refuse(http.StatusUnprocessableEntity, "error.request")
	}
	h, err := canon.New("salted-text").Fixed(salt).String(s.Text).Sum()
	return h[:], err
}

// visitor is the session of a request to the signing interface.
func (p *Portal) visitor(r *http.Request) (store.Session, error) {
	s, err := p.session(r)
	if errors.Is(err, store.ErrNotFound) {
		return s, refuse(http.StatusUnauthorized, "error.session")
	}
	return s, err
}

// prepare makes the sign bytes of an allowed message for the session's device.
func (p *Portal) prepare(_ http.ResponseWriter, r *http.Request) (any, error) {
	s, err := p.visitor(r)
	if err != nil {
		return nil, err
	}
	var in intent
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	ctx := r.Context()
	m, err := p.build(ctx, s, in.Kind, in.Fields)
	if err != nil {
		return nil, err
	}
	if err := p.keepSalted(ctx, in); err != nil {
		return nil, err
	}
	support, err := p.support(ctx, m)
	if err != nil {
		return nil, err
	}
	made, err := p.Client.Prepare(ctx, s.Device, m)
	if err != nil {
		return nil, err
	}
	err = p.Store.SavePrepared(ctx, token(r), store.Prepared{Kind: in.Kind, SignBytes: made.SignBytes, Body: made.BodyBytes, AuthInfo: made.AuthInfoBytes})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"sign_bytes": base64.StdEncoding.EncodeToString(made.SignBytes), "chain_id": p.Client.ChainID(), "support": support,
	}, nil
}

// keepSalted keeps texts sealed: without text and salt nobody could ever say
// what a hash on chain stands for.
func (p *Portal) keepSalted(ctx context.Context, in intent) error {
	for field, s := range in.Salted {
		h, err := s.hash()
		if err != nil {
			return err
		}
		if hex.EncodeToString(h) != in.Fields[field] {
			return refuse(http.StatusUnprocessableEntity, "error.field", field)
		}
		if err := p.Store.Save(ctx, kindSalted, in.Fields[field], s); err != nil {
			return err
		}
	}
	return nil
}

// submit takes the signature of sign bytes that were prepared for this session,
// and answers when the transaction is in a block.
func (p *Portal) submit(_ http.ResponseWriter, r *http.Request) (any, error) {
	if _, err := p.visitor(r); err != nil {
		return nil, err
	}
	var in struct {
		SignBytes string `json:"sign_bytes"`
		Signature string `json:"signature"`
	}
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	signBytes, err := base64.StdEncoding.DecodeString(in.SignBytes)
	if err != nil {
		return nil, problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	signature, err := base64.StdEncoding.DecodeString(in.Signature)
	if err != nil {
		return nil, problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	made, err := p.Store.Prepared(r.Context(), token(r), signBytes)
	if errors.Is(err, store.ErrNotFound) {
		return nil, refuse(http.StatusGone, "error.expired")
	}
	if err != nil {
		return nil, err
	}
	raw, err := wire.Prepared{SignBytes: signBytes, BodyBytes: made.Body, AuthInfoBytes: made.AuthInfo}.Signed(signature)
	if err != nil {
		return nil, err
	}
	// What is signed is on its way, also when its page is closed meanwhile.
	res, err := p.Client.Broadcast(context.WithoutCancel(r.Context()), raw)
	if err != nil {
		return nil, err
	}
	return map[string]any{"hash": hex.EncodeToString(res.Hash), "height": res.Height, "took_ms": res.Took.Milliseconds()}, nil
}

// hostedSign signs a form with the software key of a hosted organisation. It
// stands in for the page's script and the passkey in a demonstration.
func (p *Portal) hostedSign(w http.ResponseWriter, r *http.Request) {
	if err := p.signHosted(r); err != nil {
		p.fail(w, r, err)
		return
	}
	next := r.PostFormValue("next")
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, "\\") {
		next = "/"
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (p *Portal) signHosted(r *http.Request) error {
	s, err := p.visitor(r)
	if err != nil {
		return err
	}
	device := p.hosted(s.OrgID)
	if !s.Hosted || device == nil || wire.Address(device) != s.Device {
		return refuse(http.StatusForbidden, "error.hosted")
	}
	if err := r.ParseForm(); err != nil {
		return problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	in, err := hostedIntent(r)
	if err != nil {
		return err
	}
	m, err := p.build(r.Context(), s, in.Kind, in.Fields)
	if err != nil {
		return err
	}
	if err := p.keepSalted(r.Context(), in); err != nil {
		return err
	}
	_, err = p.Client.Send(context.WithoutCancel(r.Context()), device, m)
	return err
}

// hostedIntent reads a form as the page's script would: yuan fields, marked by
// a prefix, become fen, and texts that must not be on chain become salted hashes.
func hostedIntent(r *http.Request) (intent, error) {
	in := intent{Kind: r.PostForm.Get("kind"), Fields: map[string]string{}, Salted: map[string]saltedText{}}
	for name, values := range r.PostForm {
		value := strings.TrimSpace(strings.Join(values, ",")) // several boxes of a name make a list
		switch {
		case name == "kind" || name == "next":
		case strings.HasPrefix(name, "yuan."):
			fen, err := ParseMoney(value)
			if err != nil {
				return in, refuse(http.StatusUnprocessableEntity, "error.field", name)
			}
			in.Fields[strings.TrimPrefix(name, "yuan.")] = num(fen)
		case strings.HasPrefix(name, "salted."):
			if value == "" {
				continue
			}
			salt := make([]byte, 32)
			if _, err := rand.Read(salt); err != nil {
				return in, err
			}
			s := saltedText{Text: norm.NFC.String(value), Salt: hex.EncodeToString(salt)}
			h, err := s.hash()
			if err != nil {
				return in, err
			}
			field := strings.TrimPrefix(name, "salted.")
			in.Salted[field], in.Fields[field] = s, hex.EncodeToString(h)
		default:
			in.Fields[name] = value
		}
	}
	return in, nil
}

// protoJSON is a message in proto JSON, as the page's decoder wants it.
func (p *Portal) protoJSON(m gogoproto.Message) (json.RawMessage, error) {
	b, err := p.Client.Codec().Proto.MarshalJSON(m)
	return json.RawMessage(bytes.TrimSpace(b)), err
}
