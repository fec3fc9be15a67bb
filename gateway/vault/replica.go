package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// A second custodian keeps a replica: the same ciphertexts and wraps, and the
// category keys under a key ring of its own. It asks the first custodian's vault
// for what it lacks, with requests that a service device of it signs; the chain
// says whether the enterprise chose it. A category key travels encrypted to the
// second custodian's data key, and nothing of a replica is taken unless it is
// what the chain has an anchor for. Each answer ends with the signature of a service
// device of the first custodian over the request and all that was sent.

// ReplicaWhat says which part of an enterprise's data is asked for.
type ReplicaWhat uint8

// The parts of a replica.
const (
	ReplicaIndex    ReplicaWhat = 1 // what there is
	ReplicaKey      ReplicaWhat = 2 // one category key
	ReplicaBatch    ReplicaWhat = 3
	ReplicaDocument ReplicaWhat = 4
	ReplicaWraps    ReplicaWhat = 5 // of one consent
)

// ReplicaRequest is what the second custodian's service device signs.
type ReplicaRequest struct {
	ChainID    string
	Custodian  uint64 // the first, who is asked
	Second     uint64 // who asks
	Enterprise uint64
	Device     string // address
	What       ReplicaWhat
	Object     ID              // batch, document or consent
	Category   record.Category // of a key
	Epoch      uint32          // of a key
	Nonce      [NonceBytes]byte
	Expires    time.Time // whole seconds; at most RequestLifeMax after the chain's time
}

// Encoded is the request's canonical bytes, which the device signs.
func (r *ReplicaRequest) Encoded() ([]byte, error) {
	if len(r.ChainID) > ChainIDBytesMax || len(r.Device) > AddressBytesMax || r.Expires.Nanosecond() != 0 {
		return nil, fmt.Errorf("%w: chain id, device or expiry of a replica request", ErrBadRequest)
	}
	b, err := canon.New("replica").String(r.ChainID).Uint64(r.Custodian).Uint64(r.Second).Uint64(r.Enterprise).String(r.Device).
		Uint8(uint8(r.What)).Fixed(r.Object[:]).Uint8(uint8(r.Category)).Uint32(r.Epoch).Fixed(r.Nonce[:]).Int64(r.Expires.Unix()).Encoded()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	return b, nil
}

// DecodeReplicaRequest reads canonical bytes back.
func DecodeReplicaRequest(b []byte) (*ReplicaRequest, error) {
	rd := canon.Open("replica", b)
	r := &ReplicaRequest{
		ChainID: rd.String(), Custodian: rd.Uint64(), Second: rd.Uint64(), Enterprise: rd.Uint64(), Device: rd.String(), What: ReplicaWhat(rd.Uint8()),
	}
	copy(r.Object[:], rd.Fixed(IDBytes))
	r.Category, r.Epoch = record.Category(rd.Uint8()), rd.Uint32()
	copy(r.Nonce[:], rd.Fixed(NonceBytes))
	r.Expires = time.Unix(rd.Int64(), 0).UTC()
	if err := rd.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	if len(r.ChainID) > ChainIDBytesMax || len(r.Device) > AddressBytesMax {
		return nil, fmt.Errorf("%w: chain id or device too long", ErrBadRequest)
	}
	return r, nil
}

// keyInfo is what a category key on its way is bound to.
func (r *ReplicaRequest) keyInfo(s Suite, to ID) ([]byte, error) {
	return canon.New("replica-key").String(string(s)).String(r.ChainID).Uint64(r.Custodian).Uint64(r.Second).Uint64(r.Enterprise).
		Uint8(uint8(r.Category)).Uint32(r.Epoch).Fixed(to[:]).Fixed(r.Nonce[:]).Encoded()
}

// Replicable is what an enterprise has at its first custodian.
type Replicable struct {
	Keys      []ReplicaKeyRef
	Batches   []ID
	Documents []ID
	Wraps     []ReplicaWrapsRef
}

// ReplicaKeyRef names a category key.
type ReplicaKeyRef struct {
	Category record.Category
	Epoch    uint32
}

// ReplicaWrapsRef names the wraps of a consent in their present state.
type ReplicaWrapsRef struct {
	Consent ID
	Hash    [sha256.Size]byte
}

const (
	frameChunk       byte = 17 // bytes of an answer or a blob
	frameBlobEnd     byte = 18 // its end
	frameReplicaDone byte = 19

	replicaChunkBytes = 32 << 10
)

// Answerer is the service device that signs for a first custodian.
type Answerer struct {
	Device string // address
	Sign   func(message []byte) ([]byte, error)
}

// Replicate answers a second custodian. Nothing is sent unless the chain has it
// as the enterprise's second custodian and the device as one of its own.
func (v *Vault) Replicate(ctx context.Context, req ReplicaRequest, signature []byte, by Answerer, out io.Writer) error {
	leave, err := v.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := v.mayReplicate(ctx, &req, signature); err != nil {
		return err
	}
	sum := sha256.New()
	w := io.MultiWriter(out, sum)
	switch req.What {
	case ReplicaIndex:
		err = v.sendIndex(req.Enterprise, w)
	case ReplicaKey:
		err = v.sendKey(ctx, &req, w)
	case ReplicaBatch:
		err = v.sendWholeBatch(ctx, &req, w)
	case ReplicaDocument:
		err = v.sendWholeDocument(ctx, &req, w)
	case ReplicaWraps:
		err = v.sendWraps(&req, w)
	default:
		err = fmt.Errorf("%w: part %d of a replica", ErrBadRequest, req.What)
	}
	if err != nil {
		return err
	}
	message, err := replicaAnswer(&req, hash(sum.Sum(nil)))
	if err != nil {
		return err
	}
	s, err := by.Sign(message)
	if err != nil {
		return fmt.Errorf("signing an answer: %w", err)
	}
	return sendFrame(out, frameReplicaDone, canon.New("replica-end").String(by.Device).Bytes(s))
}

// replicaAnswer is what the first custodian signs: the request and the hash of
// all frames before the last.
func replicaAnswer(req *ReplicaRequest, sent hash) ([]byte, error) {
	raw, err := req.Encoded()
	if err != nil {
		return nil, err
	}
	asked := sha256.Sum256(raw)
	return canon.New("replica-answer").Fixed(asked[:]).Fixed(sent[:]).Encoded()
}

func (v *Vault) mayReplicate(ctx context.Context, req *ReplicaRequest, signature []byte) error {
	raw, err := req.Encoded()
	if err != nil {
		return err
	}
	if req.ChainID != v.cfg.ChainID || req.Custodian != v.cfg.Custodian {
		return ErrWrongVault
	}
	head, err := v.cfg.Chain.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the chain's head: %w", err)
	}
	if err := head.fresh(v.cfg.Now()); err != nil {
		return err
	}
	d, err := v.cfg.Chain.Device(ctx, req.Device)
	if err != nil {
		return fmt.Errorf("looking up the device: %w", err)
	}
	if d.Address != req.Device || !d.Active || d.Org != req.Second {
		return ErrDevice
	}
	if err := v.cfg.Signers.Check(d, raw, signature); err != nil {
		return err
	}
	if req.Expires.Before(head.Time) || req.Expires.Sub(head.Time) > RequestLifeMax {
		return ErrRequestExpired
	}
	_, second, err := v.cfg.Chain.Custodians(ctx, req.Enterprise)
	if err != nil {
		return fmt.Errorf("looking up the custodians: %w", err)
	}
	if second != req.Second || second == 0 {
		return fmt.Errorf("%w: organisation %d is not the second custodian", ErrGrantee, req.Second)
	}
	gone, err := v.keys.Erased(req.Enterprise)
	return errors.Join(err, erasedIf(gone, req.Enterprise))
}

func (v *Vault) sendIndex(enterprise uint64, w io.Writer) error {
	f := canon.New("replica-index")
	keys, err := v.keys.held(enterprise)
	if err != nil {
		return err
	}
	f.Uint32(uint32(len(keys)))
	for _, k := range keys {
		f.Uint8(uint8(k.Category)).Uint32(k.Epoch)
	}
	batches, documents := v.Batches(enterprise), v.Documents(enterprise)
	f.Uint32(uint32(len(batches)))
	for _, b := range batches {
		f.Fixed(b.ID[:])
	}
	f.Uint32(uint32(len(documents)))
	for _, d := range documents {
		f.Fixed(d.ID[:])
	}
	wraps, err := v.wrapsOf(enterprise)
	if err != nil {
		return err
	}
	f.Uint32(uint32(len(wraps)))
	for _, k := range wraps {
		f.Fixed(k.Consent[:]).Fixed(k.Hash[:])
	}
	b, err := f.Encoded()
	if err != nil {
		return err
	}
	return sendChunks(w, bytes.NewReader(b))
}

func (v *Vault) wrapsOf(enterprise uint64) ([]ReplicaWrapsRef, error) {
	v.wrapMu.Lock()
	defer v.wrapMu.Unlock()
	ids, err := v.wraps.consents()
	if err != nil {
		return nil, err
	}
	var out []ReplicaWrapsRef
	for _, id := range ids {
		wraps, err := v.wraps.load(id)
		if errors.Is(err, ErrNoWraps) || err == nil && wraps[0].Enterprise != enterprise {
			continue
		}
		if err != nil {
			return nil, err
		}
		b, err := encodeWraps(wraps)
		if err != nil {
			return nil, err
		}
		out = append(out, ReplicaWrapsRef{id, sha256.Sum256(b)})
	}
	return out, nil
}

func (v *Vault) sendKey(ctx context.Context, req *ReplicaRequest, w io.Writer) error {
	to, err := v.cfg.Chain.DataKey(ctx, req.Second)
	if err != nil {
		return fmt.Errorf("looking up the second custodian's data key: %w", err)
	}
	key, err := v.keys.categoryKey(req.Enterprise, req.Category, req.Epoch)
	if err != nil {
		return err
	}
	id := to.ID()
	info, err := req.keyInfo(v.cfg.Suite, id)
	if err != nil {
		return err
	}
	a, err := v.cfg.Suite.algorithms()
	if err != nil {
		return err
	}
	sealed, err := a.sealTo(to.Public, info, key[:])
	if err != nil {
		return fmt.Errorf("wrapping a category key: %w", err)
	}
	b, err := canon.New("replica-sealed-key").String(string(v.cfg.Suite)).Fixed(id[:]).Bytes(sealed).Encoded()
	if err != nil {
		return err
	}
	return sendChunks(w, bytes.NewReader(b))
}

func (v *Vault) sendWholeBatch(ctx context.Context, req *ReplicaRequest, w io.Writer) error {
	m, err := v.loadManifest(req.Enterprise, req.Object)
	if err != nil {
		return err
	}
	b, err := m.encoded()
	if err != nil {
		return err
	}
	if err := sendChunks(w, bytes.NewReader(b)); err != nil {
		return err
	}
	for i := range m.segments {
		if err := v.sendBlob(ctx, segmentKey(m.ID, i), w); err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) sendWholeDocument(ctx context.Context, req *ReplicaRequest, w io.Writer) error {
	d, err := v.loadDocumentInfo(req.Enterprise, req.Object)
	if err != nil {
		return err
	}
	b, err := d.encoded()
	if err != nil {
		return err
	}
	if err := sendChunks(w, bytes.NewReader(b)); err != nil {
		return err
	}
	return v.sendBlob(ctx, documentKey(d.ID), w)
}

func (v *Vault) sendWraps(req *ReplicaRequest, w io.Writer) error {
	wraps, err := v.Wraps(req.Object)
	if err != nil {
		return err
	}
	if wraps[0].Enterprise != req.Enterprise {
		return ErrNoWraps
	}
	b, err := encodeWraps(wraps)
	if err != nil {
		return err
	}
	return sendChunks(w, bytes.NewReader(b))
}

func (v *Vault) sendBlob(ctx context.Context, key string, w io.Writer) error {
	r, err := v.blobs.open(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	return errors.Join(sendChunks(w, r), r.Close())
}

// sendChunks sends bytes of any number and their end.
func sendChunks(w io.Writer, r io.Reader) error {
	buf := make([]byte, replicaChunkBytes)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if err := sendFrame(w, frameChunk, canon.New("replica-chunk").Bytes(buf[:n])); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return sendFrame(w, frameBlobEnd, canon.New("replica-blob-end"))
		}
		if err != nil {
			return err
		}
	}
}

// receiveChunks reads what sendChunks sent, up to the size of a file of the vault.
func receiveChunks(src io.Reader) ([]byte, error) {
	return io.ReadAll(&blobReader{src: src, left: fileBytesMax})
}

// blobReader reads the chunks of one blob as a stream, up to most bytes.
type blobReader struct {
	src  io.Reader
	rest []byte
	left int64
	done bool
}

func (b *blobReader) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.done {
			return 0, io.EOF
		}
		kind, raw, err := receiveFrame(b.src)
		if err != nil {
			return 0, err
		}
		switch kind {
		case frameBlobEnd:
			b.done = true
		case frameChunk:
			r := canon.Open("replica-chunk", raw)
			b.rest = r.Bytes()
			if err := r.Done(); err != nil {
				return 0, fmt.Errorf("%w: chunk: %w", ErrDamaged, err)
			}
			if b.left -= int64(len(b.rest)); b.left < 0 {
				return 0, fmt.Errorf("%w: blob is longer than its manifest says", ErrDamaged)
			}
		default:
			return 0, fmt.Errorf("%w: frame %d in a blob", ErrDamaged, kind)
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// held lists the category keys of an enterprise.
func (k *KeyRing) held(enterprise uint64) ([]ReplicaKeyRef, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	names, err := list(k.categoryDir(enterprise))
	if err != nil {
		return nil, err
	}
	var out []ReplicaKeyRef
	for _, n := range names {
		c, epoch, ok := parseCategoryFile(n)
		if !ok {
			return nil, fmt.Errorf("%w: key file %q", ErrDamaged, n)
		}
		out = append(out, ReplicaKeyRef{c, epoch})
	}
	return out, nil
}

// adopt stores a category key that another custodian made. The same key again
// changes nothing; another one in its place is refused.
func (k *KeyRing) adopt(enterprise uint64, ref ReplicaKeyRef, key Key) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	owners, err := k.enterpriseKeys(enterprise)
	if err == nil {
		there, err := exists(k.categoryFile(enterprise, ref.Category, ref.Epoch))
		if err != nil {
			return err
		}
		if there {
			have, err := k.openCategory(enterprise, ref.Category, ref.Epoch, owners)
			if err == nil && !bytes.Equal(have[:], key[:]) {
				err = fmt.Errorf("%w: enterprise %d has another %s key of epoch %d", ErrKey, enterprise, ref.Category, ref.Epoch)
			}
			return err
		}
	} else if errors.Is(err, ErrErased) {
		return err
	}
	return k.store(enterprise, ref.Category, ref.Epoch, key)
}
