package vault

import (
	"bytes"
	"crypto/ecdh"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"github.com/xinlian/xinlian/internal/record"
)

// openssl runs the other implementation. Its command line has no AEAD in any
// version: GCM is put together here from its block cipher and its CTR mode, and
// from a GHASH written for this test straight from the definition.
type openssl struct {
	t   *testing.T
	dir string
}

func newOpenSSL(t *testing.T) openssl {
	t.Helper()
	version, err := exec.Command("openssl", "version").Output()
	if err != nil {
		t.Skip("openssl is not installed: nothing to compare with (apt-get install openssl)")
	}
	if ciphers, err := exec.Command("openssl", "enc", "-list").Output(); err != nil || !strings.Contains(string(ciphers), "-sm4-ctr") {
		t.Skipf("%s was built without SM4: nothing to compare with", bytes.TrimSpace(version))
	}
	return openssl{t, t.TempDir()}
}

func (o openssl) run(input []byte, args ...string) []byte {
	o.t.Helper()
	c := exec.Command("openssl", args...)
	var out, complaint bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(input), &out, &complaint
	if err := c.Run(); err != nil {
		o.t.Fatalf("openssl %s: %v: %s", args[0], err, complaint.Bytes())
	}
	return out.Bytes()
}

func (o openssl) file(name string, content []byte) string {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	must(o.t, os.WriteFile(path, content, 0o600))
	return path
}

func (o openssl) pem(name, kind string, der []byte) string {
	o.t.Helper()
	return o.file(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// hkdf is HKDF in one of its modes.
func (o openssl) hkdf(digest, mode string, secret, salt, info []byte) []byte {
	o.t.Helper()
	args := []string{"kdf", "-keylen", "32", "-binary", "-kdfopt", "digest:" + digest, "-kdfopt", "mode:" + mode, "-kdfopt", "hexkey:" + hex.EncodeToString(secret)}
	if len(salt) > 0 {
		args = append(args, "-kdfopt", "hexsalt:"+hex.EncodeToString(salt))
	}
	if len(info) > 0 {
		args = append(args, "-kdfopt", "hexinfo:"+hex.EncodeToString(info))
	}
	return o.run(nil, append(args, "HKDF")...)
}

func (o openssl) gcmOpen(s Suite, key Key, nonce, aad, sealed []byte) []byte {
	o.t.Helper()
	name, k := "aes-256", key[:]
	if s == SuiteSM {
		name, k = "sm4", key[:16]
	}
	block := func(b [16]byte) []byte {
		return o.run(b[:], "enc", "-"+name+"-ecb", "-e", "-nopad", "-K", hex.EncodeToString(k))
	}
	var counter [16]byte
	copy(counter[:], nonce)
	counter[15] = 1
	mask := block(counter)
	counter[15] = 2
	ct, tag := sealed[:len(sealed)-16], sealed[len(sealed)-16:]
	plain := []byte{}
	if len(ct) > 0 {
		plain = o.run(ct, "enc", "-"+name+"-ctr", "-d", "-K", hex.EncodeToString(k), "-iv", hex.EncodeToString(counter[:]))
	}
	sum := ghash([16]byte(block([16]byte{})), aad, ct)
	for i := range sum {
		sum[i] ^= mask[i]
	}
	if !bytes.Equal(sum[:], tag) {
		o.t.Fatalf("%s: tag %x, want %x", s, tag, sum)
	}
	return plain
}

// ghash is the definition of NIST SP 800-38D, 6.3 and 6.4, bit by bit.
func ghash(h [16]byte, aad, ct []byte) (y [16]byte) {
	pad := func(b []byte) []byte { return append(bytes.Clone(b), make([]byte, (16-len(b)%16)%16)...) }
	all := append(pad(aad), pad(ct)...)
	all = binary.BigEndian.AppendUint64(all, uint64(len(aad))*8)
	all = binary.BigEndian.AppendUint64(all, uint64(len(ct))*8)
	for ; len(all) > 0; all = all[16:] {
		for i := range y {
			y[i] ^= all[i]
		}
		var z [16]byte
		v := h
		for i := range 128 {
			if y[i/8]>>(7-i%8)&1 == 1 {
				for j := range z {
					z[j] ^= v[j]
				}
			}
			lsb := v[15] & 1
			for j := 15; j > 0; j-- {
				v[j] = v[j]>>1 | v[j-1]<<7
			}
			v[0] = v[0]>>1 ^ lsb*0xe1
		}
		y = z
	}
	return y
}

// OpenSSL derives the keys and opens the records of the published vectors of
// both suites.
func TestRecordsAgainstOpenSSL(t *testing.T) {
	t.Parallel()
	o := newOpenSSL(t)
	digest := map[Suite]string{SuiteNIST: "SHA256", SuiteSM: "SM3"}
	for _, k := range readVectors(t) {
		if Mode(k.Mode) != ModeSingle {
			continue // the last of each suite differs in the mode's byte alone
		}
		s := Suite(k.Suite)
		period := o.hkdf(digest[s], "EXTRACT_AND_EXPAND", unhexed(t, k.CategoryKey), nil, periodInfo(t, k.Month))
		if hex.EncodeToString(period) != k.PeriodKey {
			t.Errorf("%s: period key %x, want %s", s, period, k.PeriodKey)
		}
		key := o.hkdf(digest[s], "EXTRACT_AND_EXPAND", period, nil, recordInfo(t, &k))
		if hex.EncodeToString(key) != k.RecordKey {
			t.Errorf("%s: record key %x, want %s", s, key, k.RecordKey)
		}
		plain := o.gcmOpen(s, Key(key), make([]byte, 12), unhexed(t, k.AAD), unhexed(t, k.Ciphertext))
		if hex.EncodeToString(plain) != k.Salt+k.Plaintext {
			t.Errorf("%s: plaintext %x", s, plain)
		}
	}
}

// OpenSSL opens a wrap of suite sm with nothing but its own SM2, SM3 and SM4, and
// we open what its SM2 encapsulated.
func TestSMWrapAgainstOpenSSL(t *testing.T) {
	t.Parallel()
	o := newOpenSSL(t)
	d, c, keys, w := testWrap(t, SuiteSM)
	der, err := smx509.MarshalPKCS8PrivateKey(d.private.(smKey).key)
	must(t, err)
	secret := o.pem("sm2.pem", "PRIVATE KEY", der)
	head, err := sm2.PlainCiphertext2ASN1(w.Sealed[:smHeadBytes], sm2.C1C3C2)
	must(t, err)
	fresh := o.run(nil, "pkeyutl", "-decrypt", "-inkey", secret, "-in", o.file("head", head))
	info, err := c.Info()
	must(t, err)
	key := o.hkdf("SM3", "EXTRACT_AND_EXPAND", fresh, nil, info)
	plain := o.gcmOpen(SuiteSM, Key(key), make([]byte, 12), info, w.Sealed[smHeadBytes:])
	for i, k := range keys {
		if !bytes.Equal(plain[i*KeyBytes:(i+1)*KeyBytes], k[:]) {
			t.Errorf("period key %d differs", i)
		}
	}

	theirs := randomKey()
	head = o.run(nil, "pkeyutl", "-encrypt", "-inkey", secret, "-in", o.file("key", theirs[:]))
	head, err = sm2.ASN1Ciphertext2Plain(head, nil)
	must(t, err)
	key = o.hkdf("SM3", "EXTRACT_AND_EXPAND", theirs[:], nil, info)
	a, err := SuiteSM.aead(Key(key))
	must(t, err)
	sealed := a.Seal(head, make([]byte, 12), []byte("period keys"), info)
	if got, err := d.private.open(info, sealed); err != nil || string(got) != "period keys" {
		t.Errorf("their encapsulation: %q, %v", got, err)
	}
}

// OpenSSL opens a wrap of suite nist by the key schedule of RFC 9180, made of
// its own ECDH, HKDF and AES.
func TestHPKEWrapAgainstOpenSSL(t *testing.T) {
	t.Parallel()
	o := newOpenSSL(t)
	d, c, keys, w := testWrap(t, SuiteNIST)
	raw, err := d.private.raw()
	must(t, err)
	mine, err := ecdh.P256().NewPrivateKey(raw)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(mine)
	must(t, err)
	enc := w.Sealed[:PublicKeyBytes]
	theirs, err := ecdh.P256().NewPublicKey(enc)
	must(t, err)
	peer, err := x509.MarshalPKIXPublicKey(theirs)
	must(t, err)
	dh := o.run(nil, "pkeyutl", "-derive", "-inkey", o.pem("p256.pem", "PRIVATE KEY", der), "-peerkey", o.pem("peer.pem", "PUBLIC KEY", peer))

	extract := func(suite, salt []byte, label string, ikm []byte) []byte {
		return o.hkdf("SHA256", "EXTRACT_ONLY", bytes.Join([][]byte{[]byte("HPKE-v1"), suite, []byte(label), ikm}, nil), salt, nil)
	}
	expand := func(suite, prk []byte, label string, info []byte, n byte) []byte {
		all := bytes.Join([][]byte{{0, n}, []byte("HPKE-v1"), suite, []byte(label), info}, nil)
		return o.hkdf("SHA256", "EXPAND_ONLY", prk, nil, all)[:n]
	}
	kem, suite := []byte("KEM\x00\x10"), []byte("HPKE\x00\x10\x00\x01\x00\x02")
	shared := expand(kem, extract(kem, nil, "eae_prk", dh), "shared_secret", bytes.Join([][]byte{enc, d.private.public()}, nil), 32)
	info, err := c.Info()
	must(t, err)
	context := bytes.Join([][]byte{{0}, extract(suite, nil, "psk_id_hash", nil), extract(suite, nil, "info_hash", info)}, nil)
	secret := extract(suite, shared, "secret", nil)
	key, nonce := expand(suite, secret, "key", context, 32), expand(suite, secret, "base_nonce", context, 12)
	plain := o.gcmOpen(SuiteNIST, Key(key), nonce, nil, w.Sealed[PublicKeyBytes:])
	for i, k := range keys {
		if !bytes.Equal(plain[i*KeyBytes:(i+1)*KeyBytes], k[:]) {
			t.Errorf("period key %d differs", i)
		}
	}
}

// OpenSSL finds the same salted leaf material in a sealed batch of a whole vault
// under suite sm: what lies on disk is SM4-GCM and nothing else.
func TestStoredSegmentAgainstOpenSSL(t *testing.T) {
	t.Parallel()
	o := newOpenSSL(t)
	w := newWorldOf(t, SuiteSM)
	records := bank(202503, 3)
	b := w.seal(records...)
	m, err := w.vault.loadManifest(testEnterprise, b.ID)
	must(t, err)
	s, err := loadIndex(t.Context(), w.vault.blobs, m, 0)
	must(t, err)
	parts, err := loadBody(t.Context(), w.vault.blobs, m, s)
	must(t, err)
	period, err := w.vault.keys.periodKey(testEnterprise, record.CategoryBank, 1, 202503)
	must(t, err)
	for i, r := range records {
		place := b.Place(uint64(i))
		key, err := RecordKey(SuiteSM, []Key{period}, ModeSingle, b.ID, uint64(i))
		must(t, err)
		aad, err := place.AAD()
		must(t, err)
		want, err := r.Canonical()
		must(t, err)
		if got := o.gcmOpen(SuiteSM, key, make([]byte, 12), aad, parts[i]); !bytes.Equal(got[record.SaltBytes:], want) {
			t.Errorf("record %d differs", i)
		}
	}
}
