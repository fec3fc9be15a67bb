package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/core/registry"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/xinlian/xinlian/internal/canon"
)

// MasterGuard protects the master keys while they lie in the key folder.
type MasterGuard interface {
	// Kind names the guard. It is the ending of the file that it protects.
	Kind() string
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}

// masterKinds are the endings that a master key file can have.
var masterKinds = []string{"key", "age", "kms"}

// FileGuard leaves the master keys in a file that only its owner may read: who
// has the file has the keys.
func FileGuard() MasterGuard { return fileGuard{} }

type fileGuard struct{}

func (fileGuard) Kind() string                       { return "key" }
func (fileGuard) Seal(plain []byte) ([]byte, error)  { return plain, nil }
func (fileGuard) Open(sealed []byte) ([]byte, error) { return sealed, nil }

type ageGuard struct {
	identities []age.Identity
	recipients []age.Recipient
}

// AgeIdentityGuard encrypts the master keys with age to the first identity in a
// file, such as age-keygen writes, and opens them with any in it. The file must
// be its owner's alone; it is read once and may then be taken away.
func AgeIdentityGuard(path string) (MasterGuard, error) {
	b, err := readSecret(path)
	if err != nil {
		return nil, fmt.Errorf("age identity: %w", err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: age identity %s: want lines AGE-SECRET-KEY-1…", ErrKey, path)
	}
	g := ageGuard{identities: ids}
	switch id := ids[0].(type) {
	case *age.X25519Identity:
		g.recipients = []age.Recipient{id.Recipient()}
	case *age.HybridIdentity:
		g.recipients = []age.Recipient{id.Recipient()}
	default:
		return nil, fmt.Errorf("%w: age identity %s: %T cannot encrypt", ErrKey, path, id)
	}
	return g, nil
}

// AgePassphraseGuard encrypts the master keys with age under the passphrase in
// the first line of a file, by scrypt.
func AgePassphraseGuard(path string) (MasterGuard, error) {
	b, err := readSecret(path)
	if err != nil {
		return nil, fmt.Errorf("passphrase: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	line = strings.TrimSuffix(line, "\r")
	if len(line) < passphraseBytesMin {
		return nil, fmt.Errorf("%w: the passphrase in %s has %d bytes, want %d at least", ErrKey, path, len(line), passphraseBytesMin)
	}
	to, err := age.NewScryptRecipient(line)
	if err != nil {
		return nil, fmt.Errorf("%w: passphrase: %w", ErrKey, err)
	}
	from, err := age.NewScryptIdentity(line)
	if err != nil {
		return nil, fmt.Errorf("%w: passphrase: %w", ErrKey, err)
	}
	return ageGuard{identities: []age.Identity{from}, recipients: []age.Recipient{to}}, nil
}

const passphraseBytesMin = 12

func (ageGuard) Kind() string { return "age" }

func (g ageGuard) Seal(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, g.recipients...)
	if err != nil {
		return nil, fmt.Errorf("encrypting the master key: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("encrypting the master key: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encrypting the master key: %w", err)
	}
	return out.Bytes(), nil
}

func (g ageGuard) Open(sealed []byte) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), g.identities...)
	if err != nil {
		return nil, fmt.Errorf("%w: the master key does not open with this age identity or passphrase", ErrKey)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%w: the master key: %w", ErrDamaged, err)
	}
	return b, nil
}

// kmsGuard is envelope encryption by Tink: a fresh AES-256-GCM key for each
// sealing, encrypted by a key that never leaves the KMS.
type kmsGuard struct{ aead tink.AEAD }

// KMSGuard encrypts the master keys under a key of a KMS. uri names the key for a
// client that is registered with Tink, such as gcp-kms://…, aws-kms://… or
// hcvault://…; LocalKeysetPrefix is always there.
func KMSGuard(uri string) (MasterGuard, error) {
	client, err := registry.GetKMSClient(uri)
	if err != nil {
		return nil, fmt.Errorf("%w: no KMS client for %q is linked into this program", ErrKey, uri)
	}
	remote, err := client.GetAEAD(uri)
	if err != nil {
		return nil, fmt.Errorf("opening KMS key %q: %w", uri, err)
	}
	return kmsGuard{aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), remote)}, nil
}

func (kmsGuard) Kind() string { return "kms" }

func (g kmsGuard) Seal(plain []byte) ([]byte, error) {
	b, err := g.aead.Encrypt(plain, kmsContext())
	if err != nil {
		return nil, fmt.Errorf("encrypting the master key by the KMS: %w", err)
	}
	return b, nil
}

func (g kmsGuard) Open(sealed []byte) ([]byte, error) {
	b, err := g.aead.Decrypt(sealed, kmsContext())
	if err != nil {
		return nil, fmt.Errorf("%w: the KMS does not open the master key: %w", ErrKey, err)
	}
	return b, nil
}

func kmsContext() []byte { return []byte(canon.Domain("kms-master")) }

// LocalKeysetPrefix begins the URI of a Tink keyset in a file of this machine. It
// is for an HSM's or a secret store's mounted file, and for trying a KMS out.
const LocalKeysetPrefix = "keyset-file://"

func init() { registry.RegisterKMSClient(localKeyset{}) }

type localKeyset struct{}

func (localKeyset) Supported(uri string) bool { return strings.HasPrefix(uri, LocalKeysetPrefix) }

func (localKeyset) GetAEAD(uri string) (tink.AEAD, error) {
	b, err := readSecret(strings.TrimPrefix(uri, LocalKeysetPrefix))
	if err != nil {
		return nil, err
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(b)))
	if err != nil {
		return nil, fmt.Errorf("%w: keyset file: %w", ErrKey, err)
	}
	return aead.New(h)
}

// NewLocalKeyset writes a new AES-256-GCM keyset for LocalKeysetPrefix. It never
// overwrites a file.
func NewLocalKeyset(path string) error {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("making a keyset: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, secretMode)
	if err != nil {
		return fmt.Errorf("making a keyset: %w", err)
	}
	err = insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(f))
	return errors.Join(err, f.Sync(), f.Close())
}

// readSecret reads a small file and refuses one that others may read.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s is open to others (mode %o): chmod 600 it", ErrKey, path, info.Mode().Perm())
	}
	return os.ReadFile(path)
}

func (k *KeyRing) masterFile(kind string) string { return filepath.Join(k.kms, "master."+kind) }

// otherMaster is the kind of a master key file that is not the guard's, if any.
func (k *KeyRing) otherMaster() (string, error) {
	for _, kind := range masterKinds {
		there, err := exists(k.masterFile(kind))
		if err != nil || there && kind != k.guard.Kind() {
			return kind, err
		}
	}
	return "", nil
}

// loadMaster reads the master keys, or makes one where the key folder is new.
func (k *KeyRing) loadMaster() error {
	other, err := k.otherMaster()
	if err != nil {
		return err
	}
	path := k.masterFile(k.guard.Kind())
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k.newMaster(other)
	}
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%w: the master key file is open to others (mode %o, want %o)", ErrKey, info.Mode().Perm(), secretMode)
	}
	b, err := readFile(path)
	if err != nil {
		return err
	}
	if b, err = k.guard.Open(b); err != nil {
		return err
	}
	if err := k.decodeMasters(b); err != nil {
		return err
	}
	if other != "" && len(k.masters) < 2 {
		return fmt.Errorf("%w: master.%s is beside master.%s: a change of guard is unfinished, configure the new guard to finish it", ErrKey, other, k.guard.Kind())
	}
	return nil
}

func (k *KeyRing) newMaster(other string) error {
	if other != "" {
		return fmt.Errorf("%w: the master key lies in master.%s, the configured guard wants master.%s: xinlian vault rotate --key master moves it", ErrKey, other, k.guard.Kind())
	}
	names, err := list(k.enterpriseDir())
	if err != nil {
		return err
	}
	if k.suite == "" {
		return fmt.Errorf("%w: there is no master key in %s", ErrKey, k.kms)
	}
	if len(names) > 0 {
		return fmt.Errorf("%w: the master key is missing but enterprise keys exist", ErrKey)
	}
	k.masters = []Key{randomKey()}
	return k.saveMaster(k.guard, k.masters)
}

func (k *KeyRing) decodeMasters(b []byte) error {
	r := canon.Open("kms-master", b)
	suite, n := Suite(r.String()), r.Uint8()
	for range min(n, 2) {
		if key := r.Fixed(KeyBytes); key != nil {
			k.masters = append(k.masters, Key(key))
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%w: master key file: %w", ErrDamaged, err)
	}
	if len(k.masters) == 0 {
		return fmt.Errorf("%w: master key file holds no key", ErrKey)
	}
	if k.suite == "" { // whoever looks after the folder need not know it
		k.suite = suite
		return suite.check()
	}
	if suite != k.suite {
		return fmt.Errorf("%w: master key is of suite %q", ErrSuite, suite)
	}
	return nil
}

func (k *KeyRing) saveMaster(guard MasterGuard, keys []Key) error {
	w := canon.New("kms-master").String(string(k.suite)).Uint8(uint8(len(keys)))
	for _, key := range keys {
		w.Fixed(key[:])
	}
	b, err := w.Encoded()
	if err != nil {
		return err
	}
	if b, err = guard.Seal(b); err != nil {
		return err
	}
	return k.catalogue.write(k.masterFile(guard.Kind()), b)
}
