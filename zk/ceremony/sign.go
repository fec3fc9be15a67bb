package ceremony

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/xinlian/xinlian/zk"
)

// Check verifies the transcript from the beginning to its end: every
// contribution and, when it is sealed, that beacon, reference string and seal
// follow from it and that only contributors signed. It writes nothing. The seal
// is zero while the transcript is open.
func (t *Transcript) Check() (zk.SignedSeal, error) {
	beacon, err := t.beacon()
	if errors.Is(err, fs.ErrNotExist) {
		return zk.SignedSeal{}, t.Verify()
	}
	if err != nil {
		return zk.SignedSeal{}, err
	}
	s, err := t.Signed()
	if err != nil {
		return s, err
	}
	srs, transcript, err := t.sealed(beacon)
	if err != nil {
		return s, err
	}
	t.Progress("checking the reference string")
	checked, err := zk.SealedSRS(srs)
	if err != nil {
		return s, err
	}
	_, file, err := zk.LoadSRS(filepath.Join(t.dir, SRSFile), checked.Key().Hash())
	if err != nil {
		return s, err
	}
	want := zk.Seal{
		Ceremony: t.Header.Name, Transcript: transcript, Key: checked.Key().Hash(), File: s.Seal.File,
		Powers: t.Header.Powers, Contributions: uint16(len(t.records)),
	}
	switch {
	case checked.Kind() != zk.Ceremony:
		return s, fmt.Errorf("%w: the result is the development string", ErrTranscript)
	case s.Seal != want:
		return s, fmt.Errorf("%w: the seal is of another transcript", ErrTranscript)
	case file != s.Seal.File:
		return s, fmt.Errorf("%w: the reference string's file is not the one of the seal", ErrTranscript)
	}
	for _, g := range s.Signatures {
		if err := t.contributed(g.Key[:]); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Sign adds an organisation's signature to the seal, after Check. Only an
// organisation whose own contribution is in the transcript can say that somebody
// destroyed a secret.
func (t *Transcript) Sign(key ed25519.PublicKey, signer Signer) (zk.SignedSeal, error) {
	if err := t.contributed(key); err != nil {
		return zk.SignedSeal{}, err
	}
	s, err := t.Check()
	if err != nil {
		return s, err
	}
	if s.Seal.Contributions == 0 {
		return s, fmt.Errorf("%w: it is not sealed", ErrTranscript)
	}
	encoded, err := s.Seal.Encode()
	if err != nil {
		return s, err
	}
	signature, err := signer.Sign(encoded)
	if err != nil {
		return s, fmt.Errorf("signing the seal: %w", err)
	}
	if !ed25519.Verify(key, encoded, signature) {
		return s, fmt.Errorf("%w: the signer signs with another key", ErrTranscript)
	}
	g := zk.SealSignature{Key: [ed25519.PublicKeySize]byte(key), Signature: [ed25519.SignatureSize]byte(signature)}
	i, found := slices.BinarySearchFunc(s.Signatures, g, func(a, b zk.SealSignature) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	if found {
		s.Signatures[i] = g
	} else {
		s.Signatures = slices.Insert(s.Signatures, i, g)
	}
	return s, t.writeSeal(s)
}

// contributed is nil when the key is of an organisation whose contribution is in
// the transcript.
func (t *Transcript) contributed(key []byte) error {
	place, err := t.Header.organisation(key)
	if err != nil {
		return err
	}
	for _, r := range t.records {
		if int(r.organisation) == place {
			return nil
		}
	}
	return fmt.Errorf("%w: %s did not contribute", ErrTranscript, t.Header.Organisations[place].Name)
}
