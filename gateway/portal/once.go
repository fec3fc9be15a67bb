package portal

import (
	"context"
	"errors"
	"net/http"

	"github.com/xinlian/xinlian/gateway/store"
)

// once does what a form asks for the first time that its key is seen, and gives
// the first answer again after that. A failure gives the key back.
func (p *Portal) once(w http.ResponseWriter, r *http.Request, request []byte, do func() (store.Reply, error)) error {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		key = r.FormValue("idempotency_key")
	}
	if key == "" || len(key) > store.KeyBytesMax {
		return refuse(http.StatusBadRequest, "error.key")
	}
	ctx := context.WithoutCancel(r.Context()) // what has begun is remembered, also when the visitor goes
	owner := store.TokenHash(token(r))
	reply, answered, err := p.Store.Begin(ctx, owner, key, request)
	if err != nil {
		return err
	}
	if !answered {
		if reply, err = do(); err != nil {
			return errors.Join(err, p.Store.Abandon(ctx, owner, key))
		}
		if err := p.Store.Answer(ctx, owner, key, reply); err != nil {
			return err
		}
	}
	http.Redirect(w, r, reply.Location, reply.Status)
	return nil
}
