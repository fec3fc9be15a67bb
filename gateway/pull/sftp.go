package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/xinlian/xinlian/gateway/store"
)

// chunkBytes is read of a file at a time; each chunk must come within the
// request's timeout.
const chunkBytes = 32 << 10

// sftpPuller looks at a folder of an SFTP server. It never writes there.
type sftpPuller struct {
	source  *Source
	conn    net.Conn
	client  *sftp.Client
	timeout time.Duration
	late    atomic.Bool // the connection was cut because an answer did not come
	stop    func() bool
}

func newSFTPPuller(ctx context.Context, s *Source, allow AllowList) (*sftpPuller, error) {
	config, pinned, err := sshConfig(s)
	if err != nil {
		return nil, err
	}
	conn, err := allow.dial(ctx, "tcp", s.SFTP.Address)
	if err != nil {
		return nil, faultOf(err)
	}
	p := &sftpPuller{source: s, conn: conn, timeout: s.RequestTimeout.or(requestTimeout)}
	p.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = p.within(ctx, func() error {
		c, channels, requests, err := ssh.NewClientConn(conn, s.SFTP.Address, config)
		if err != nil {
			return err
		}
		p.client, err = sftp.NewClient(ssh.NewClient(c, channels, requests))
		return err
	})
	if err == nil {
		return p, nil
	}
	p.stop()
	_ = conn.Close()
	switch {
	case pinned.Load():
		return nil, fault(ReasonHostKey, "the server shows another key than the one in sftp.host_key_file", nil)
	case strings.Contains(err.Error(), "unable to authenticate"):
		return nil, fault(ReasonAuth, "the server refuses the key", nil)
	}
	return nil, err
}

// sshConfig takes the one key that is pinned. The flag tells that the server
// showed another.
func sshConfig(s *Source) (*ssh.ClientConfig, *atomic.Bool, error) {
	pem, err := readSecret(s.SFTP.KeyFile)
	if err != nil {
		return nil, nil, err
	}
	signer, err := ssh.ParsePrivateKey([]byte(pem + "\n"))
	if err != nil {
		return nil, nil, fault(ReasonDefinition, "sftp.key_file is no private key without passphrase", nil)
	}
	line, err := readSmall(s.SFTP.HostKeyFile)
	if err != nil {
		return nil, nil, fault(ReasonDefinition, "the server's pinned key cannot be read", err)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return nil, nil, fault(ReasonDefinition, "sftp.host_key_file holds no public key", err)
	}
	mismatch := &atomic.Bool{}
	fixed := ssh.FixedHostKey(key)
	algorithms := []string{key.Type()}
	if key.Type() == ssh.KeyAlgoRSA {
		algorithms = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return &ssh.ClientConfig{
		User: s.SFTP.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyAlgorithms: algorithms,
		HostKeyCallback: func(host string, a net.Addr, k ssh.PublicKey) error {
			err := fixed(host, a, k)
			if err != nil {
				mismatch.Store(true)
			}
			return err
		},
	}, mismatch, nil
}

// within cuts the connection when an operation takes longer than a request may.
// The protocol's own calls take no deadline.
func (p *sftpPuller) within(ctx context.Context, do func() error) error {
	t := time.AfterFunc(p.timeout, func() {
		p.late.Store(true)
		_ = p.conn.Close()
	})
	defer t.Stop()
	err := do()
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case p.late.Load():
		return fault(ReasonTimeout, fmt.Sprintf("no answer within %s", p.timeout), err)
	case ctx.Err() != nil:
		return faultOf(ctx.Err())
	}
	return err
}

func (p *sftpPuller) close() error {
	p.stop()
	_ = p.client.Close() // the server may be gone already
	_ = p.conn.Close()
	return nil
}

func (p *sftpPuller) pull(ctx context.Context, _ string, taken map[string]store.Taken, take take) error {
	return pullFiles(ctx, p, p.source.SFTP.Match, p.source.SFTP.Settle.or(settleDefault), taken, take)
}

func (p *sftpPuller) list(ctx context.Context) ([]entry, error) {
	var infos []fs.FileInfo
	err := p.within(ctx, func() (err error) {
		infos, err = p.client.ReadDirContext(ctx, p.source.SFTP.Path)
		return err
	})
	if err != nil {
		return nil, p.failed("listing the folder", err)
	}
	var all []entry
	for _, info := range infos {
		if info.Mode().IsRegular() && path.Base(info.Name()) == info.Name() {
			all = append(all, entryOf(info))
		}
	}
	return all, nil
}

// failed tells a refusal by the server from a failure of the connection.
func (p *sftpPuller) failed(what string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fault(ReasonAuth, what+": the server denies it", nil)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fault(ReasonRequest, what+": there is none", nil)
	}
	return faultOf(fmt.Errorf("%s: %w", what, err))
}

func (p *sftpPuller) stat(ctx context.Context, name string) (e entry, err error) {
	err = p.within(ctx, func() error {
		info, err := p.client.Lstat(path.Join(p.source.SFTP.Path, name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // moved away while it was read
		}
		if err == nil {
			e = entry{name: name, size: info.Size(), modified: info.ModTime().UnixNano()}
		}
		return err
	})
	if err != nil {
		err = p.failed("looking at a file", err)
	}
	return e, err
}

// read reads chunk by chunk. A connection that breaks in between leaves nothing:
// the next run reads the file from its start.
func (p *sftpPuller) read(ctx context.Context, name string, limit int64) ([]byte, error) {
	var f *sftp.File
	err := p.within(ctx, func() (err error) {
		f, err = p.client.Open(path.Join(p.source.SFTP.Path, name))
		return err
	})
	if err != nil {
		return nil, p.failed("opening a file", err)
	}
	defer f.Close()
	var body []byte
	chunk := make([]byte, chunkBytes)
	for int64(len(body)) < limit {
		var n int
		err := p.within(ctx, func() (err error) {
			n, err = f.Read(chunk[:min(int64(len(chunk)), limit-int64(len(body)))])
			return err
		})
		body = append(body, chunk[:n]...)
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, p.failed("reading a file", err)
		}
	}
	return body, nil
}
