package tagging

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/internal/durable"
	"github.com/xinlian/xinlian/oprf"
)

// ErrFolder says that a ceremony's folders do not allow the next step.
var ErrFolder = errors.New("tagging: the ceremony is not at this step")

// Folder is one member's side of a ceremony that is held over files. Exchange is
// public: whatever lies there reaches every member, each of whom has the same files
// before it goes on. Keys is the gateway's folder, where secrets lie sealed.
//
// A new key: Init, Plan by one member, Deal, Verify, Verify again when there are
// complaints, Seal. A new sharing is the same with a plan that names the key.
type Folder struct {
	OrgID    uint64
	Keys     string
	Exchange string
}

// Places are a member's in a ceremony; 0 where it has none.
type Places struct {
	Receiver uint16 // in the key to come
	Dealer   uint16 // in the key to reshare
}

// Init draws the member's keys for this ceremony and publishes its cards.
func (f Folder) Init(p Places) error {
	return withSealer(f.Keys, func(sealer *store.Sealer) error { return f.init(sealer, p) })
}

func (f Folder) init(sealer *store.Sealer, p Places) error {
	if _, err := os.Stat(f.secret("identity")); err == nil {
		return fmt.Errorf("%w: organisation %d has a ceremony open; seal it, or delete %s", ErrFolder, f.OrgID, f.secret("identity"))
	}
	id, err := oprf.NewIdentity()
	if err != nil {
		return err
	}
	b, err := id.Encoded()
	if err != nil {
		return err
	}
	if err := f.hide(sealer, "identity", b); err != nil {
		return err
	}
	for name, index := range map[string]uint16{"receiver": p.Receiver, "dealer": p.Dealer} {
		if index == 0 {
			continue
		}
		if err := f.publish(fmt.Sprintf("%s-%d", name, index), id.Participant(index, f.OrgID).Encoded()); err != nil {
			return err
		}
	}
	return nil
}

// Plan draws up the plan from the cards that lie in the exchange folder. previous
// is the key to reshare, nil for a new one.
func (f Folder) Plan(chainID string, previous *oprf.Key) (oprf.Plan, error) {
	p := oprf.Plan{ChainID: chainID, Previous: previous}
	rand.Read(p.Nonce[:])
	var err error
	if p.Receivers, err = read(f, "receiver-*", oprf.DecodeParticipant); err != nil {
		return p, err
	}
	p.Dealers = p.Receivers
	if previous != nil {
		if p.Dealers, err = read(f, "dealer-*", oprf.DecodeParticipant); err != nil {
			return p, err
		}
	}
	for _, list := range [][]oprf.Participant{p.Receivers, p.Dealers} {
		slices.SortFunc(list, func(a, b oprf.Participant) int { return int(a.Index) - int(b.Index) })
	}
	p.Threshold = uint16(oprf.ThresholdMin(len(p.Receivers)))
	if err := p.Validate(); err != nil {
		return p, err
	}
	return p, f.publish("plan", p.Encoded())
}

// ReadPlan is the plan in the exchange folder. Members compare its id by voice.
func (f Folder) ReadPlan() (oprf.Plan, error) {
	list, err := read(f, "plan", oprf.DecodePlan)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%w: there is no plan in %s", ErrFolder, f.Exchange)
	}
	if err != nil {
		return oprf.Plan{}, err
	}
	return list[0], nil
}

// Deal publishes the member's deal. In a new sharing it deals its share of the key,
// which must lie in the keys folder. A member that is no dealer has nothing to do.
func (f Folder) Deal() error { return withSealer(f.Keys, f.deal) }

func (f Folder) deal(sealer *store.Sealer) error {
	p, id, err := f.open(sealer)
	if err != nil {
		return err
	}
	me, deals := of(p.Dealers, f.OrgID)
	if !deals {
		return nil
	}
	if _, err := os.Stat(f.secret("polynomial")); err == nil {
		return fmt.Errorf("%w: organisation %d has dealt; a second deal would put it out", ErrFolder, f.OrgID)
	}
	var previous *oprf.Share
	if p.Previous != nil {
		if previous, err = f.held(sealer, *p.Previous, me.Index); err != nil {
			return err
		}
	}
	d, s, err := p.Deal(id, me.Index, previous)
	if err != nil {
		return err
	}
	if err := f.hide(sealer, "polynomial", s.Encoded()); err != nil {
		return err
	}
	return f.publish(fmt.Sprintf("deal-%d", me.Index), d.Encoded())
}

// Verify opens what was dealt to the member and publishes a complaint about each
// unfit deal, and an answer to each complaint about its own. It tells about whom
// the member complains. Run it when all deals are there, and again when all
// complaints are.
func (f Folder) Verify() (complaints []uint16, err error) {
	err = withSealer(f.Keys, func(sealer *store.Sealer) (err error) {
		complaints, err = f.verify(sealer)
		return err
	})
	return complaints, err
}

func (f Folder) verify(sealer *store.Sealer) (complaints []uint16, err error) {
	p, id, err := f.open(sealer)
	if err != nil {
		return nil, err
	}
	all, err := f.published()
	if err != nil {
		return nil, err
	}
	if me, receives := of(p.Receivers, f.OrgID); receives {
		list, err := p.Inspect(id, me.Index, all.Deals)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			complaints = append(complaints, c.Dealer)
			if err := f.publish(fmt.Sprintf("complaint-%d-by-%d", c.Dealer, c.Receiver), c.Encoded()); err != nil {
				return complaints, err
			}
		}
	}
	me, deals := of(p.Dealers, f.OrgID)
	if !deals {
		return complaints, nil
	}
	for _, c := range all.Complaints {
		if c.Dealer != me.Index {
			continue
		}
		b, err := f.reveal(sealer, "polynomial")
		if err != nil {
			return complaints, err
		}
		s, err := oprf.DecodeSecret(b)
		if err != nil {
			return complaints, err
		}
		a, err := p.Answer(id, s, c)
		if err != nil {
			return complaints, err
		}
		if err := f.publish(fmt.Sprintf("answer-%d-to-%d", a.Dealer, a.Receiver), a.Encoded()); err != nil {
			return complaints, err
		}
	}
	return complaints, nil
}

// Seal concludes the ceremony, seals the member's share under the epoch into the
// keys folder, publishes the key and destroys the ceremony's secrets. The outcome
// names the dealers that are out.
func (f Folder) Seal(epoch uint64) (c Ceremony, err error) {
	err = withSealer(f.Keys, func(sealer *store.Sealer) (err error) {
		c, err = f.seal(sealer, epoch)
		return err
	})
	return c, err
}

func (f Folder) seal(sealer *store.Sealer, epoch uint64) (Ceremony, error) {
	c, id, err := f.conclude(sealer)
	if err != nil {
		return c, err
	}
	if me, receives := of(c.Plan.Receivers, f.OrgID); receives {
		share, err := c.Outcome.Share(id, me.Index)
		if err != nil {
			return c, err
		}
		if err := SaveShare(f.Keys, sealer, f.OrgID, HeldShare{Epoch: epoch, Share: share}); err != nil {
			return c, err
		}
	}
	if err := f.publish("key", c.Outcome.Key.Encoded()); err != nil {
		return c, err
	}
	for _, name := range []string{"identity", "polynomial"} {
		if err := os.Remove(f.secret(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return c, fmt.Errorf("destroying a secret of the ceremony: %w", err)
		}
	}
	return c, nil
}

func (f Folder) conclude(sealer *store.Sealer) (Ceremony, oprf.Identity, error) {
	p, id, err := f.open(sealer)
	if err != nil {
		return Ceremony{}, id, err
	}
	all, err := f.published()
	if err != nil {
		return Ceremony{}, id, err
	}
	c := Ceremony{Plan: p}
	c.Outcome, err = p.Conclude(all)
	return c, id, err
}

// open reads what every step begins with.
func (f Folder) open(sealer *store.Sealer) (oprf.Plan, oprf.Identity, error) {
	p, err := f.ReadPlan()
	if err != nil {
		return p, oprf.Identity{}, err
	}
	b, err := f.reveal(sealer, "identity")
	if err != nil {
		return p, oprf.Identity{}, err
	}
	id, err := oprf.DecodeIdentity(b)
	return p, id, err
}

// published is everything that lies in the exchange folder.
func (f Folder) published() (all oprf.Published, err error) {
	if all.Deals, err = read(f, "deal-*", oprf.DecodeDeal); err != nil {
		return all, err
	}
	if all.Complaints, err = read(f, "complaint-*", oprf.DecodeComplaint); err != nil {
		return all, err
	}
	all.Answers, err = read(f, "answer-*", oprf.DecodeAnswer)
	return all, err
}

// held is the member's share of a key, at a place.
func (f Folder) held(sealer *store.Sealer, k oprf.Key, index uint16) (*oprf.Share, error) {
	list, err := LoadShares(f.Keys, sealer, f.OrgID)
	if err != nil {
		return nil, err
	}
	public, _ := k.Share(index)
	for _, h := range list {
		if h.Share.Public() == public {
			return &h.Share, nil
		}
	}
	return nil, fmt.Errorf("%w: the share of place %d is not in %s", ErrFolder, index, f.Keys)
}

func (f Folder) label(name string) string { return fmt.Sprintf("oprf-ceremony-%d-%s", f.OrgID, name) }

func (f Folder) secret(name string) string { return filepath.Join(f.Keys, f.label(name)) }

func (f Folder) hide(sealer *store.Sealer, name string, b []byte) error {
	if err := durable.WriteFile(f.secret(name), sealer.Seal(f.label(name), b), 0o600); err != nil {
		return fmt.Errorf("sealing a secret of the ceremony: %w", err)
	}
	return nil
}

func (f Folder) reveal(sealer *store.Sealer, name string) ([]byte, error) {
	b, err := os.ReadFile(f.secret(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: organisation %d has no %s in %s; begin with init", ErrFolder, f.OrgID, name, f.Keys)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a secret of the ceremony: %w", err)
	}
	return sealer.Open(f.label(name), b)
}

// publish writes a file into the exchange folder. What is there must not change
// under the others' eyes.
func (f Folder) publish(name string, b []byte) error {
	path := filepath.Join(f.Exchange, name)
	was, err := os.ReadFile(path)
	if err == nil && bytes.Equal(was, b) {
		return nil
	}
	if err == nil {
		return fmt.Errorf("%w: %s is there and differs", ErrFolder, path)
	}
	if err := os.MkdirAll(f.Exchange, 0o755); err != nil {
		return fmt.Errorf("making the exchange folder: %w", err)
	}
	if err := durable.WriteFile(path, b, 0o644); err != nil {
		return fmt.Errorf("publishing %s: %w", name, err)
	}
	return nil
}

func of(list []oprf.Participant, org uint64) (oprf.Participant, bool) {
	i := slices.IndexFunc(list, func(p oprf.Participant) bool { return p.OrgID == org })
	if i < 0 {
		return oprf.Participant{}, false
	}
	return list[i], true
}

// fileBytesMax bounds what a member reads of another's file.
const fileBytesMax = 1 << 20

// read decodes the files of a pattern in the exchange folder.
func read[T any](f Folder, pattern string, decode func([]byte) (T, error)) ([]T, error) {
	paths, err := filepath.Glob(filepath.Join(f.Exchange, pattern))
	if err != nil {
		return nil, err
	}
	var list []T
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.Size() > fileBytesMax {
			err = fmt.Errorf("%w: %d bytes", oprf.ErrSize, info.Size())
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		v, err := decode(b)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		list = append(list, v)
	}
	return list, nil
}
