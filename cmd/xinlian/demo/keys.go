package demo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey/softkey"
)

// keys makes and finds the key files of the demonstration's actors. Each file is
// readable by its owner only and never overwritten.
type keys struct {
	dir    string
	origin string
}

const rpID = "localhost"

// person is the software passkey of a person.
func (k keys) person(name string) (wire.SoftDevice, error) {
	path := filepath.Join(k.dir, name+".passkey")
	key, err := softkey.Load(path)
	if errors.Is(err, os.ErrNotExist) {
		if key, err = softkey.New(); err == nil {
			err = key.Save(path)
		}
	}
	if err != nil {
		return wire.SoftDevice{}, fmt.Errorf("passkey of %s: %w", name, err)
	}
	return wire.SoftDevice{Key: key, Origin: k.origin, RPID: rpID}, nil
}

// service is the ed25519 key of an organisation's service.
func (k keys) service(name string) (*wire.ServiceKey, error) {
	return wire.LoadOrNewServiceKey(filepath.Join(k.dir, name+".service"))
}

// data is the HPKE key of an organisation.
func (k keys) data(name string) (*vault.DataKey, error) {
	path := filepath.Join(k.dir, name+".datakey")
	key, err := vault.LoadDataKey(path)
	if errors.Is(err, os.ErrNotExist) {
		if key, err = vault.GenerateDataKey(vault.SuiteNIST); err == nil {
			err = key.Save(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("data key of %s: %w", name, err)
	}
	return key, nil
}
