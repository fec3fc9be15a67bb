package pull

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// sshKey makes a key pair in the forms of their files.
func sshKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

// fileServer is an SFTP server over a map of files.
type fileServer struct {
	net.Listener

	host ssh.Signer
	user ssh.PublicKey

	mu     sync.Mutex
	files  map[string]*served
	reads  int
	onRead func(conn net.Conn) // before each read of a file
	conns  []net.Conn
}

// served is a file as the server shows it; it may lie about its size.
type served struct {
	name string
	data []byte
	size int64
	at   time.Time
}

func (f *served) Name() string       { return f.name }
func (f *served) Size() int64        { return f.size }
func (f *served) Mode() fs.FileMode  { return 0o600 }
func (f *served) ModTime() time.Time { return f.at }
func (f *served) IsDir() bool        { return false }
func (f *served) Sys() any           { return nil }

func newFileServer(t *testing.T) (*fileServer, string) {
	t.Helper()
	host, _ := sshKey(t)
	user, private := sshKey(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fileServer{Listener: l, host: host, user: user.PublicKey(), files: map[string]*served{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			all.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		all.Wait()
	})
	return s, private
}

func (s *fileServer) put(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = &served{name: name, data: []byte(text), size: int64(len(text)), at: time.Now().Truncate(time.Second)}
}

func (s *fileServer) serve(conn net.Conn) {
	defer conn.Close()
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(k.Marshal(), s.user.Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	config.AddHostKey(s.host)
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for open := range channels {
		channel, in, err := open.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range in {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		h := handlers{s, conn}
		_ = sftp.NewRequestServer(channel, sftp.Handlers{FileGet: h, FilePut: h, FileCmd: h, FileList: h}).Serve()
		_ = channel.Close()
	}
}

type handlers struct {
	server *fileServer
	conn   net.Conn
}

func (h handlers) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	f, ok := h.server.files[filepath.Base(r.Filepath)]
	if !ok {
		return nil, os.ErrNotExist
	}
	return readerAt{h, bytes.NewReader(f.data)}, nil
}

func (handlers) Filewrite(*sftp.Request) (io.WriterAt, error) { return nil, os.ErrPermission }
func (handlers) Filecmd(*sftp.Request) error                  { return os.ErrPermission }

func (h handlers) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	if r.Method == "List" {
		var all lister
		for _, f := range h.server.files {
			all = append(all, f)
		}
		return all, nil
	}
	f, ok := h.server.files[filepath.Base(r.Filepath)]
	if !ok {
		return nil, os.ErrNotExist
	}
	return lister{f}, nil
}

// Lstat is what a client asks of one file.
func (h handlers) Lstat(r *sftp.Request) (sftp.ListerAt, error) { return h.Filelist(r) }

type lister []os.FileInfo

func (l lister) ListAt(into []os.FileInfo, offset int64) (int, error) {
	if offset >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(into, l[offset:])
	if n < len(into) {
		return n, io.EOF
	}
	return n, nil
}

type readerAt struct {
	handlers
	*bytes.Reader
}

func (r readerAt) ReadAt(b []byte, offset int64) (int, error) {
	r.server.mu.Lock()
	r.server.reads++
	on := r.server.onRead
	r.server.mu.Unlock()
	if on != nil {
		on(r.conn)
	}
	return r.Reader.ReadAt(b, offset)
}

func (s *fileServer) on(read func(net.Conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onRead = read
}

func (b *bench) defineSFTP(s *fileServer, private string) {
	b.t.Helper()
	b.allow = append(b.allow, s.Addr().String())
	b.schedule()
	b.write("id", private, 0o600)
	b.write("host.pub", string(ssh.MarshalAuthorizedKey(s.host.PublicKey())), 0o600)
	b.write("bank.source.toml", fmt.Sprintf(`version = 1
enterprise = %d
kind = "sftp"
daily = "03:30"
request_timeout = "400ms"
[sftp]
address = %q
user = "gateway"
key_file = "id"
host_key_file = "host.pub"
path = "/out"
settle = "20ms"
`, enterprise, s.Addr().String()), 0o600)
}

// TestSFTP proves that files are taken from a server once, changed ones again,
// and that a server that shows another key or refuses ours is denied.
func TestSFTP(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s, private := newFileServer(t)
	s.put("a.csv", table("A", "BB"))
	s.put("b.csv.filepart", table("X"))
	b.defineSFTP(s, private)
	b.want(b.step(0), Delivered, "")
	b.profileIs("A", "BB")
	reads := s.reads
	b.want(b.step(24*time.Hour), Delivered, "")
	if s.reads != reads {
		t.Error("a file that did not change was read again")
	}
	s.put("a.csv", table("A", "BB", "CCC"))
	s.put("d.csv", table("DDDD"))
	b.want(b.step(24*time.Hour), Delivered, "")
	b.profileIs("A", "BB", "CCC", "DDDD")

	other, otherPrivate := sshKey(t)
	b.write("host.pub", string(ssh.MarshalAuthorizedKey(other.PublicKey())), 0o600)
	b.want(b.step(24*time.Hour), Denied, ReasonHostKey)
	b.write("host.pub", string(ssh.MarshalAuthorizedKey(s.host.PublicKey())), 0o600)
	b.write("id", otherPrivate, 0o600)
	b.want(b.step(24*time.Hour), Denied, ReasonAuth)
	if err := os.Remove(filepath.Join(b.dir, "host.pub")); err != nil {
		t.Fatal(err)
	}
	b.want(b.step(24*time.Hour), Denied, ReasonDefinition)
}

// TestSFTPFaults proves that a server that stalls or breaks off in the middle of
// a file, or lies about its length, leaves nothing behind, and that the file is
// read whole the next time.
func TestSFTPFaults(t *testing.T) {
	t.Parallel()
	large := make([]string, 2000) // more than one chunk
	for i := range large {
		large[i] = fmt.Sprintf("N-%04d", i)
	}
	for _, c := range []struct {
		name   string
		arm    func(*fileServer)
		heal   func(*fileServer)
		status Status
		reason Reason
	}{
		{"stall", func(s *fileServer) { s.on(afterSome(func(net.Conn) { <-time.After(700 * time.Millisecond) })) }, func(s *fileServer) { s.on(nil) }, Timeout, ReasonTimeout},
		{"break", func(s *fileServer) { s.on(afterSome(func(c net.Conn) { _ = c.Close() })) }, func(s *fileServer) { s.on(nil) }, Pending, ReasonConnection},
		{"short", func(s *fileServer) { s.files["a.csv"].size += 10 }, func(s *fileServer) { s.files["a.csv"].size -= 10 }, Pending, ReasonLength},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			s, private := newFileServer(t)
			s.put("a.csv", table(large...))
			c.arm(s)
			b.defineSFTP(s, private)
			b.want(b.step(0), c.status, c.reason)
			b.profileIs()
			if taken, err := b.Book.TakenFiles(t.Context(), "bank"); err != nil || len(taken) != 0 {
				t.Errorf("got %v, %v", taken, err)
			}
			c.heal(s)
			b.want(b.step(24*time.Hour), Delivered, "")
			b.profileIs(large...)
		})
	}
}

// afterSome does its work from the third read of a file on.
func afterSome(do func(net.Conn)) func(net.Conn) {
	var mu sync.Mutex
	n := 0
	return func(c net.Conn) {
		mu.Lock()
		n++
		now := n > 2
		mu.Unlock()
		if now {
			do(c)
		}
	}
}

// TestSFTPUnreachable proves that a server that is not there, or says nothing,
// is tried again.
func TestSFTPUnreachable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s, private := newFileServer(t)
	b.defineSFTP(s, private)
	definition, err := os.ReadFile(filepath.Join(b.dir, "bank.source.toml"))
	if err != nil {
		t.Fatal(err)
	}
	move := func(to string) {
		b.allow = append(b.allow, to)
		b.schedule()
		b.write("bank.source.toml", strings.Replace(string(definition), s.Addr().String(), to, 1), 0o600)
	}
	move(closedPort(t))
	b.want(b.step(0), Pending, ReasonConnection)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	move(silent.Addr().String())
	b.want(b.step(time.Second), Timeout, ReasonTimeout)
}
