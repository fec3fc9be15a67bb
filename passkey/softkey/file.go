package softkey

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// fileBytesMax bounds a key file; a P-256 key in PEM has about 240 bytes.
const fileBytesMax = 4 << 10

const pemType = "PRIVATE KEY"

// ErrFile says that a file is not one P-256 private key in PKCS #8 PEM form.
var ErrFile = errors.New("softkey: not a P-256 private key file")

// ErrMode says that others than the owner may read or write a key file.
var ErrMode = errors.New("softkey: key file is open to others; chmod 600 it")

// Save writes the key, unencrypted, to a new file that only its owner may read,
// as PKCS #8 in PEM. It never overwrites: if path exists, the error is
// fs.ErrExist. The file is complete or absent, also after a crash.
func (k *Key) Save(path string) error {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return fmt.Errorf("encoding the key: %w", err)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".softkey-*") // created with mode 0600
	if err != nil {
		return fmt.Errorf("creating the key file: %w", err)
	}
	defer os.Remove(f.Name())
	if err := writeSynced(f, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})); err != nil {
		return fmt.Errorf("writing the key file: %w", err)
	}
	// A link fails where a rename would replace another key.
	if err := os.Link(f.Name(), path); err != nil {
		return fmt.Errorf("naming the key file: %w", err)
	}
	return syncDir(dir)
}

// Load reads a key that Save wrote. It returns ErrMode if the file is open to
// others, ErrFile if it holds anything else, and fs.ErrNotExist.
func Load(path string) (*Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s", ErrMode, path)
	}
	b, err := io.ReadAll(io.LimitReader(f, fileBytesMax))
	if err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	block, rest := pem.Decode(b)
	if block == nil || block.Type != pemType || len(bytes.TrimSpace(rest)) != 0 {
		return nil, fmt.Errorf("%w: %s", ErrFile, path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrFile, path) // the cause might quote the key
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: %s", ErrFile, path)
	}
	return newKey(private)
}

func writeSynced(f *os.File, b []byte) error {
	_, err := f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing the key's folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && runtime.GOOS != "windows" {
		return fmt.Errorf("syncing the key's folder: %w", err)
	}
	return nil
}
