package pledging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/xinlian/xinlian/internal/canon"
)

// Path is below which a gateway takes letters.
const Path = "/pledge/"

const (
	sendTimeout    = 10 * time.Second
	answerBytesMax = 1 << 10
)

// ErrUnreachable says that the gateway of an organisation did not take a letter,
// or that no address of it is known. It is sent again.
var ErrUnreachable = errors.New("pledging: the other gateway cannot be reached: check its address in the configuration")

var paths = map[Kind]string{KindOrder: Path + "order", KindNotice: Path + "notice"}

// statuses are the answers to refusals.
var statuses = []struct {
	err    error
	status int
}{
	{ErrLetter, http.StatusBadRequest},
	{ErrAddressee, http.StatusMisdirectedRequest},
	{ErrExpired, http.StatusForbidden},
	{ErrSender, http.StatusForbidden},
	{ErrConsent, http.StatusForbidden},
	{ErrPledge, http.StatusConflict},
	{ErrOrder, http.StatusConflict},
	{ErrFull, http.StatusTooManyRequests},
	{ErrStale, http.StatusServiceUnavailable},
}

// Handler takes letters of lenders elsewhere. Who may send is decided on the
// letter's own signature.
func Handler(inbox *Inbox, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	for kind, path := range paths {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			answer, err := take(w, r, inbox, kind)
			if err != nil {
				refuse(w, err, log)
				return
			}
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write(answer)
		})
	}
	return mux
}

func take(w http.ResponseWriter, r *http.Request, inbox *Inbox, k Kind) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, letterBytesMax+signatureMax))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLetter, err)
	}
	c := canon.Open("pledge-letter", body)
	raw, signature := c.Bytes(), c.Bytes()
	if err := c.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLetter, err)
	}
	a, err := inbox.Take(r.Context(), k, raw, signature)
	if err != nil {
		return nil, err
	}
	return canon.New("pledge-answer").String(string(a.State)).Uint64(a.StatementID).Encoded()
}

// refuse tells the kind of a refusal and no more; other failures are logged here.
func refuse(w http.ResponseWriter, err error, log *slog.Logger) {
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			http.Error(w, s.err.Error(), s.status)
			return
		}
	}
	log.Error("taking a letter", "err", err)
	http.Error(w, "pledging: the gateway cannot take the letter now", http.StatusInternalServerError)
}

// Post carries letters to gateways elsewhere.
type Post struct {
	gateways map[uint64]*url.URL
	client   *http.Client
}

// NewPost knows organisations by the addresses of their gateways.
func NewPost(gateways ...map[uint64]string) (*Post, error) {
	p := &Post{gateways: map[uint64]*url.URL{}, client: &http.Client{
		Timeout: sendTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("a gateway does not redirect letters")
		},
	}}
	all := map[uint64]string{}
	for _, g := range gateways {
		maps.Copy(all, g)
	}
	for id, text := range all {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("configuration: members: %q is no address of a gateway, want https://host", text)
		}
		p.gateways[id] = u
	}
	return p, nil
}

// Reaches tells whether the address of an organisation's gateway is known.
func (p *Post) Reaches(org uint64) bool { return p.gateways[org] != nil }

// Send carries a signed letter. A refusal comes back as the error that the other
// side gave; everything else is ErrUnreachable.
func (p *Post) Send(ctx context.Context, k Kind, to uint64, raw, signature []byte) (Answer, error) {
	base := p.gateways[to]
	if base == nil {
		return Answer{}, fmt.Errorf("%w: organisation %d", ErrUnreachable, to)
	}
	body, err := canon.New("pledge-letter").Bytes(raw).Bytes(signature).Encoded()
	if err != nil {
		return Answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath(paths[k]).String(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	res, err := p.client.Do(r)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, answerBytesMax))
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if res.StatusCode != http.StatusOK {
		for _, s := range statuses {
			if s.status == res.StatusCode && string(bytes.TrimSpace(answer)) == s.err.Error() {
				return Answer{}, s.err
			}
		}
		return Answer{}, fmt.Errorf("%w: status %d", ErrUnreachable, res.StatusCode)
	}
	c := canon.Open("pledge-answer", answer)
	a := Answer{State: State(c.String()), StatementID: c.Uint64()}
	if err := c.Done(); err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return a, nil
}
