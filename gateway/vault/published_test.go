package vault

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha3"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
)

// The ciphers of both suites are those of published vectors: SM4-GCM of RFC 8998
// A.1, AES-256-GCM of test cases 14 and 16 of the GCM specification that NIST
// published with SP 800-38D.
func TestPublishedAEAD(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		suite                              Suite
		key, nonce, aad, plain, ct, tagged string
	}{
		{
			SuiteSM, "0123456789abcdeffedcba9876543210", "00001234567800000000abcd", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
			"aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd" + "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
			"17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735" + "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
			"83de3541e4c2b58177e065a9bf7b62ec",
		},
		{SuiteNIST, strings.Repeat("00", 32), strings.Repeat("00", 12), "", strings.Repeat("00", 16), "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
		{
			SuiteNIST, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
			"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
			"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
			"76fc6ece0f4e1768cddf8853bb2d551b",
		},
	} {
		var key Key
		copy(key[:], unhexed(t, c.key)) // of 16 bytes the rest is not used
		a, err := c.suite.aead(key)
		must(t, err)
		got := a.Seal(nil, unhexed(t, c.nonce), unhexed(t, c.plain), unhexed(t, c.aad))
		if hex.EncodeToString(got) != c.ct+c.tagged {
			t.Errorf("%s: got %x", c.suite, got)
		}
	}
}

// Key derivation of suite nist is that of RFC 5869, test case 3; SM3 is that of
// GB/T 32905-2016, example 1. HKDF-SM3 has no published vector: it is compared
// with OpenSSL below.
func TestPublishedHash(t *testing.T) {
	t.Parallel()
	k, err := SuiteNIST.derive(bytes.Repeat([]byte{0x0b}, 22), nil)
	must(t, err)
	if got := hex.EncodeToString(k[:]); got != "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d" {
		t.Errorf("HKDF-SHA256: %s", got)
	}
	if got := sm3.Sum([]byte("abc")); hex.EncodeToString(got[:]) != "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" {
		t.Errorf("SM3: %x", got)
	}
}

// SM2 encryption opens the worked example of GB/T 32918.5-2017, annex C, in the
// order C1, C3, C2 that wraps use.
func TestPublishedSM2(t *testing.T) {
	t.Parallel()
	k, err := sm{}.parse(unhexed(t, "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"))
	must(t, err)
	if got := hex.EncodeToString(k.public()); got != "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"+
		"ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13" {
		t.Errorf("public key %s", got)
	}
	c1 := "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73" + "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
	c3 := "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
	c2 := "21886ca989ca9c7d58087307ca93092d651efa"
	plain, err := sm2.Decrypt(k.(smKey).key, unhexed(t, c1+c3+c2))
	if err != nil || string(plain) != "encryption standard" {
		t.Errorf("got %q, %v", plain, err)
	}
}

// HPKE of suite nist is that of RFC 9180: the working group's vector for base
// mode, KEM 0x10, KDF 1, AEAD 2, of which the values are accumulated with
// SHAKE128 as crypto/hpke does for want of space.
func TestPublishedHPKE(t *testing.T) {
	t.Parallel()
	k, err := nist{}.parse(unhexed(t, "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2"))
	must(t, err)
	if got := hex.EncodeToString(k.public()); got != "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f"+
		"853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c" {
		t.Errorf("public key %s", got)
	}
	enc := unhexed(t, "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e"+"0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0")
	r, err := hpke.NewRecipient(enc, k.(nistKey).key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte("Ode on a Grecian Urn"))
	must(t, err)
	source, sink := sha3.NewSHAKE128(), sha3.NewSHAKE128()
	for l := range 1000 {
		value, err := r.Export(string(draw(t, source)), l)
		must(t, err)
		_, err = sink.Write(value)
		must(t, err)
	}
	sum := make([]byte, 16)
	_, err = sink.Read(sum)
	must(t, err)
	if got := hex.EncodeToString(sum); got != "038af0baa5ce3c4c5f371c3823b15217" {
		t.Errorf("accumulated exports %s", got)
	}
	if id := hpke.DHKEM(ecdh.P256()).ID(); id != 0x10 {
		t.Errorf("KEM %#x", id)
	}
}

func draw(t *testing.T, r io.Reader) []byte {
	t.Helper()
	var n [1]byte
	_, err := io.ReadFull(r, n[:])
	must(t, err)
	b := make([]byte, n[0])
	_, err = io.ReadFull(r, b)
	must(t, err)
	return b
}
