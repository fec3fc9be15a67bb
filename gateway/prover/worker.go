package prover

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/xinlian/xinlian/zk"
)

// ErrReferenceString says that the chain's reference string is not one that this
// program holds, so that no score can be proven.
var ErrReferenceString = errors.New("prover: the chain's reference string is not at hand")

// ReferenceString is the string with a key of this hash.
func ReferenceString(hash [32]byte) (*zk.SRS, error) {
	if srs := zk.UnsafeDevelopmentSRS(); srs.Key().Hash() == hash {
		return srs, nil
	}
	return nil, fmt.Errorf("%w: want the one with key %x", ErrReferenceString, hash)
}

// Serve answers requests until the input ends, which it notices while it proves
// too: whoever closes the pipe need not wait. It returns an error for input that
// is no frame; a frame that is no request is answered with a refusal.
func Serve(in io.Reader, out io.Writer) error {
	frames, ended := make(chan []byte), make(chan error, 1)
	go func() {
		for {
			frame, err := readFrame(in)
			if err != nil {
				ended <- err
				return
			}
			frames <- frame
		}
	}()
	s := &server{provers: map[[32]byte]*zk.Prover{}}
	for {
		select {
		case err := <-ended:
			return atEnd(err)
		case frame := <-frames:
			answers := make(chan []byte, 1)
			go func() { answers <- encodeAnswer(s.answer(frame)) }()
			select {
			case answer := <-answers:
				if err := writeFrame(out, answer); err != nil {
					return fmt.Errorf("writing an answer: %w", err)
				}
			case err := <-ended:
				return atEnd(err)
			}
		}
	}
}

func atEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("reading a request: %w", err)
}

// server keeps a prover, and in it the keys of models, by reference string.
type server struct {
	provers map[[32]byte]*zk.Prover
}

func (s *server) answer(frame []byte) ([]byte, error) {
	q, err := decodeRequest(frame)
	if err != nil {
		return nil, err
	}
	p, ok := s.provers[q.srs]
	if !ok {
		srs, err := ReferenceString(q.srs)
		if err != nil {
			return nil, err
		}
		if p, err = zk.NewProver(srs, nil); err != nil {
			return nil, err
		}
		s.provers[q.srs] = p
	}
	return p.Prove(context.Background(), q.model, q.witness)
}
