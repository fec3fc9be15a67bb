package ofd

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"github.com/xinlian/xinlian/gateway/connector"
)

// signature is one verified entry of the document's list of signatures.
type signature struct {
	parts     []string // files that the signature itself is made of
	covers    []string // files whose digests it holds
	trusted   bool
	authority string
}

// verifySignature checks the signature whose description is the file name: the
// seal over the description, then the digest of every file in it.
func verifySignature(a *archive, name string, trust Authorities) (*signature, error) {
	n, err := a.xml(name, "Signature")
	if err != nil {
		return nil, err
	}
	info := n.Child("SignedInfo")
	s := &signature{parts: []string{name}}
	value := resolve(name, n.Value("SignedValue"))
	b, ok := a.files[value]
	if !ok || n.Value("SignedValue") == "" {
		return nil, sealFault(name, "there is no signed value")
	}
	s.parts = append(s.parts, value)
	ses, err := parseSES(b)
	if err != nil {
		return nil, sealFault(value, err.Error())
	}
	if ref := info.Value("Seal", "BaseLoc"); ref != "" {
		file := resolve(name, ref)
		if !bytes.Equal(a.files[file], ses.seal.raw) {
			return nil, sealFault(file, "the seal beside the document is not the one in the signature")
		}
		s.parts = append(s.parts, file)
	}
	if ses.at.IsZero() { // the old form has no time of its own; the description is signed
		if ses.at, err = signingTime(info.Value("SignatureDateTime")); err != nil {
			return nil, sealFault(name, err.Error())
		}
	}
	if err := ses.verify(a.files[name], name); err != nil {
		return nil, sealFault(value, err.Error())
	}
	s.trusted = trust.certified(ses)
	s.authority = ses.signer.Issuer.CommonName
	s.covers, err = digests(a, name, info.Child("References"))
	return s, err
}

// digests checks the digest of every file that refs names.
func digests(a *archive, name string, refs *connector.Node) ([]string, error) {
	sum, err := digestMethod(refs.Attr("CheckMethod"))
	if err != nil {
		return nil, digestFault(name, err.Error())
	}
	var covers []string
	for _, ref := range refs.All("Reference") {
		file := resolve(name, ref.Attr("FileRef"))
		b, ok := a.files[file]
		if !ok {
			return nil, digestFault(file, "the sealed file is missing")
		}
		want, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(ref.Value("CheckValue")), ""))
		if err != nil || !bytes.Equal(want, sum(b)) {
			return nil, digestFault(file, "the file is not the one that was sealed")
		}
		covers = append(covers, file)
	}
	if len(covers) == 0 {
		return nil, digestFault(name, "the seal covers no file")
	}
	return covers, nil
}

// digestMethod takes SM3 and SHA-256. OFD also knows MD5 and SHA-1, under which
// two files can be made to have one digest.
func digestMethod(name string) (func([]byte) []byte, error) {
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "1.2.156.10197.1.401", "SM3":
		return func(b []byte) []byte { h := sm3.Sum(b); return h[:] }, nil
	case "2.16.840.1.101.3.4.2.1", "SHA256", "SHA-256":
		return func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }, nil
	}
	return nil, fmt.Errorf("digest %.32q is not taken: want SM3 or SHA-256", name)
}

var signingLayouts = []string{"20060102150405Z", "20060102150405Z0700", "2006-01-02T15:04:05Z07:00"}

// signingLocal are layouts without zone, which are China's time.
var signingLocal = []string{"20060102150405", "2006-01-02 15:04:05", "2006-01-02T15:04:05"}

var china = time.FixedZone("CST", 8*60*60)

func signingTime(s string) (time.Time, error) {
	for _, layout := range signingLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	for _, layout := range signingLocal {
		if t, err := time.ParseInLocation(layout, s, china); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("the time of signing %.32q cannot be read", s)
}

func sealFault(file, detail string) error {
	return connector.Fault(connector.RuleSeal, 0, fmt.Sprintf("%.128s: %s", file, detail))
}

func digestFault(file, detail string) error {
	return connector.Fault(connector.RuleDigest, 0, fmt.Sprintf("%.128s: %s", file, detail))
}
