package ofd

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
)

// Electronic seals have two forms: GB/T 38540-2020 (version 4) and the earlier
// GM/T 0031-2014 (version 1). Both are DER; they differ in where certificates
// and signatures stand. Optional parts and extensions are not read, and are
// under the signatures all the same: what is signed are the bytes as they are.

var oidSM2WithSM3 = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501}

// sesBytesMax bounds a signed value: a seal carries a picture.
const sesBytesMax = 4 << 20

// ses is an electronic seal's signature of one document (SES_Signature).
type ses struct {
	tbs       []byte // what the signer signed
	signature []byte
	signer    *smx509.Certificate
	at        time.Time // of signing; zero where the old form does not say
	hash      []byte    // of the description
	property  string
	seal      seal
}

// seal is the electronic seal itself (SESeal).
type seal struct {
	raw        []byte
	signed     [][]byte // what the maker may have signed: see makerSigned
	signature  []byte
	maker      *smx509.Certificate
	certs      [][]byte // signers that may use it, as certificates
	digests    [][]byte // or as their digests
	created    time.Time
	start, end time.Time
}

// parseSES reads either form.
func parseSES(b []byte) (*ses, error) {
	if len(b) > sesBytesMax {
		return nil, fmt.Errorf("a signature of %d bytes, at most %d", len(b), sesBytesMax)
	}
	top, err := sequence(b)
	if err != nil || len(top) < 2 {
		return nil, errors.New("not a signature of an electronic seal")
	}
	tbs, err := sequence(top[0].FullBytes)
	if err != nil || len(tbs) < 5 {
		return nil, errors.New("what is signed cannot be read")
	}
	s := &ses{tbs: top[0].FullBytes}
	var certificate, algorithm, signed asn1.RawValue
	switch {
	case len(top) >= 4: // version 4: certificate, algorithm and signature follow
		certificate, algorithm, signed = top[1], top[2], top[3]
		if s.at, err = timeOf(tbs[2]); err != nil {
			return nil, err
		}
	case len(tbs) >= 7: // version 1: certificate and algorithm are signed too
		certificate, algorithm, signed = tbs[5], tbs[6], top[1]
	default:
		return nil, errors.New("neither GB/T 38540 nor GM/T 0031")
	}
	if s.signer, s.signature, err = signed3(certificate, algorithm, signed); err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	if s.hash, err = bits(tbs[3]); err != nil {
		return nil, fmt.Errorf("digest of the description: %w", err)
	}
	s.property = string(tbs[4].Bytes)
	s.seal, err = parseSeal(tbs[1])
	return s, err
}

// parseSeal reads SESeal: the information, then certificate, algorithm and
// signature of the maker, in version 1 as a sequence of their own.
func parseSeal(v asn1.RawValue) (seal, error) {
	s := seal{raw: v.FullBytes}
	parts, err := sequence(v.FullBytes)
	if err != nil || len(parts) < 2 {
		return s, errors.New("the seal cannot be read")
	}
	info, rest := parts[0], parts[1:]
	old := len(rest) == 1
	if old {
		if rest, err = sequence(rest[0].FullBytes); err != nil {
			return s, errors.New("the maker's signature cannot be read")
		}
	}
	if len(rest) < 3 {
		return s, errors.New("the maker's signature is incomplete")
	}
	if s.maker, s.signature, err = signed3(rest[0], rest[1], rest[2]); err != nil {
		return s, fmt.Errorf("maker of the seal: %w", err)
	}
	if s.signed, err = makerSigned(info, rest, old); err != nil {
		return s, err
	}
	fields, err := sequence(info.FullBytes)
	if err != nil || len(fields) < 4 {
		return s, errors.New("the seal's information cannot be read")
	}
	return s, s.properties(fields[2])
}

// makerSigned is what the maker signs: the information; in version 1 together
// with certificate and algorithm, though some makers sign the information alone.
func makerSigned(info asn1.RawValue, rest []asn1.RawValue, old bool) ([][]byte, error) {
	out := [][]byte{info.FullBytes}
	if !old {
		return out, nil
	}
	all, err := asn1.Marshal(asn1.RawValue{
		Class: asn1.ClassUniversal, Tag: asn1.TagSequence, IsCompound: true,
		Bytes: bytes.Join([][]byte{info.FullBytes, rest[0].FullBytes, rest[1].FullBytes}, nil),
	})
	if err != nil {
		return nil, err
	}
	return append(out, all), nil
}

// properties reads SES_ESPropertyInfo: type, name, kind of the list of signers
// (version 4 only), the list, and three times.
func (s *seal) properties(v asn1.RawValue) error {
	f, err := sequence(v.FullBytes)
	if err != nil || len(f) < 6 {
		return errors.New("the seal's properties cannot be read")
	}
	list := f[2]
	if list.Tag == asn1.TagInteger && len(f) >= 7 {
		list, f = f[3], f[1:]
	}
	signers, err := sequence(list.FullBytes)
	if err != nil {
		return errors.New("the seal's list of signers cannot be read")
	}
	for _, one := range signers {
		if one.Tag == asn1.TagOctetString {
			s.certs = append(s.certs, one.Bytes)
		} else if pair, err := sequence(one.FullBytes); err == nil && len(pair) == 2 {
			s.digests = append(s.digests, pair[1].Bytes)
		}
	}
	for i, at := range []*time.Time{&s.created, &s.start, &s.end} {
		if *at, err = timeOf(f[3+i]); err != nil {
			return fmt.Errorf("the seal's times: %w", err)
		}
	}
	return nil
}

// verify checks everything that s says about the description of that name.
func (s *ses) verify(description []byte, name string) error {
	if sum := sm3.Sum(description); !bytes.Equal(sum[:], s.hash) {
		return errors.New("the signed list of files was changed after sealing")
	}
	if p := strings.TrimPrefix(s.property, "/"); strings.HasSuffix(p, ".xml") && p != name {
		return fmt.Errorf("the signature is that of %.128q", s.property)
	}
	if !signs(s.signer, s.tbs, s.signature) {
		return errors.New("the signer's signature does not verify")
	}
	made := false
	for _, b := range s.seal.signed {
		made = made || signs(s.seal.maker, b, s.seal.signature)
	}
	if !made {
		return errors.New("the maker's signature of the seal does not verify")
	}
	if !s.seal.lists(s.signer.Raw) {
		return errors.New("the signer is not among those who may use the seal")
	}
	for _, c := range []struct {
		what       string
		at         time.Time
		start, end time.Time
	}{
		{"the signer's certificate", s.at, s.signer.NotBefore, s.signer.NotAfter},
		{"the seal", s.at, s.seal.start, s.seal.end},
		{"the seal maker's certificate", s.seal.created, s.seal.maker.NotBefore, s.seal.maker.NotAfter},
	} {
		if c.at.Before(c.start) || c.at.After(c.end) {
			return fmt.Errorf("%s was not valid on %s, only from %s to %s", c.what,
				c.at.UTC().Format(time.DateOnly), c.start.UTC().Format(time.DateOnly), c.end.UTC().Format(time.DateOnly))
		}
	}
	return nil
}

// lists reports whether the signer's certificate may use the seal.
func (s *seal) lists(signer []byte) bool {
	for _, c := range s.certs {
		if bytes.Equal(c, signer) {
			return true
		}
	}
	sum := sm3.Sum(signer)
	for _, d := range s.digests {
		if bytes.Equal(d, sum[:]) {
			return true
		}
	}
	return false
}

func signs(c *smx509.Certificate, message, signature []byte) bool {
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	return ok && sm2.IsSM2PublicKey(key) && sm2.VerifyASN1WithSM2(key, nil, message, signature)
}

// signed3 reads certificate, algorithm and signature.
func signed3(certificate, algorithm, signature asn1.RawValue) (*smx509.Certificate, []byte, error) {
	var oid asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(algorithm.FullBytes, &oid); err != nil || len(rest) > 0 || !oid.Equal(oidSM2WithSM3) {
		return nil, nil, errors.New("the algorithm is not SM2 with SM3")
	}
	if certificate.Tag != asn1.TagOctetString {
		return nil, nil, errors.New("there is no certificate")
	}
	c, err := smx509.ParseCertificate(certificate.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate: %w", err)
	}
	b, err := bits(signature)
	return c, b, err
}

// sequence is the elements of the one SEQUENCE that b is.
func sequence(b []byte) ([]asn1.RawValue, error) {
	var out []asn1.RawValue
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(b, &outer)
	if err != nil || len(rest) > 0 || outer.Tag != asn1.TagSequence || outer.Class != asn1.ClassUniversal {
		return nil, errors.New("not one sequence")
	}
	for rest = outer.Bytes; len(rest) > 0; {
		var v asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func bits(v asn1.RawValue) ([]byte, error) {
	if v.Tag == asn1.TagOctetString { // as some write it
		return v.Bytes, nil
	}
	var b asn1.BitString
	if rest, err := asn1.Unmarshal(v.FullBytes, &b); err != nil || len(rest) > 0 || b.BitLength%8 != 0 {
		return nil, errors.New("not a string of whole bytes")
	}
	return b.Bytes, nil
}

func timeOf(v asn1.RawValue) (time.Time, error) {
	var t time.Time
	if rest, err := asn1.Unmarshal(v.FullBytes, &t); err != nil || len(rest) > 0 {
		return t, errors.New("a time cannot be read")
	}
	return t, nil
}

// Authorities are certificates of issuers whose seals are trusted.
type Authorities []*smx509.Certificate

// ParseAuthorities reads certificates in PEM, one after the other.
func ParseAuthorities(text []byte) (Authorities, error) {
	var out Authorities
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		c, err := smx509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading trusted authority %d: %w", len(out)+1, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("reading trusted authorities: no certificate in PEM")
	}
	return out, nil
}

// LoadAuthorities is ParseAuthorities of a file.
func LoadAuthorities(path string) (Authorities, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading trusted authorities: %w", err)
	}
	out, err := ParseAuthorities(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// certified reports whether both signer and maker are certified by an
// authority that was valid then.
func (a Authorities) certified(s *ses) bool {
	return a.certify(s.signer, s.at) && a.certify(s.seal.maker, s.seal.created)
}

func (a Authorities) certify(c *smx509.Certificate, at time.Time) bool {
	for _, ca := range a {
		if bytes.Equal(c.RawIssuer, ca.RawSubject) && !at.Before(ca.NotBefore) && !at.After(ca.NotAfter) && c.CheckSignatureFrom(ca) == nil {
			return true
		}
	}
	return false
}
