//go:build s3

package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/xinlian/xinlian/internal/record"
)

// These tests run a whole vault on a real S3 server, versitygw over a folder,
// which make test-s3 builds and names in XINLIAN_S3_SERVER.

const s3Key, s3Secret = "test-access", "test-secret-of-the-loopback"

// s3Server starts a server with one empty bucket and returns where it is and the
// folder that it keeps objects in.
func s3Server(t *testing.T) (config S3, objects string) {
	t.Helper()
	binary := os.Getenv("XINLIAN_S3_SERVER")
	if binary == "" {
		t.Fatal("XINLIAN_S3_SERVER does not name the server: run make test-s3")
	}
	dir := t.TempDir()
	objects = filepath.Join(dir, "objects")
	sidecar := filepath.Join(dir, "sidecar")
	must(t, os.Mkdir(objects, 0o700))
	must(t, os.Mkdir(sidecar, 0o700))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	// Attributes beside the objects: a temporary folder may be on a file system
	// without extended attributes.
	c := exec.Command(binary, "--quiet", "--port", address, "--access", s3Key, "--secret", s3Secret, "posix", "--sidecar", sidecar, objects)
	var complaint bytes.Buffer
	c.Stderr = &complaint
	must(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() && complaint.Len() > 0 {
			t.Logf("server: %s", complaint.Bytes())
		}
	})
	keys := filepath.Join(dir, "s3.key")
	must(t, os.WriteFile(keys, []byte(s3Key+"\n"+s3Secret+"\n"), secretMode))
	config = S3{Endpoint: "http://" + address, Region: "us-east-1", Bucket: "vault", Prefix: "custodian-3/", PathStyle: true, KeyFile: keys}
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(config.Endpoint), Region: config.Region, UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: s3Key, SecretAccessKey: s3Secret}, nil
		}),
	})
	for deadline := time.Now().Add(20 * time.Second); ; {
		_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(config.Bucket)})
		if err == nil {
			return config, filepath.Join(objects, config.Bucket, "custodian-3")
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server does not start: %v: %s", err, complaint.Bytes())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func s3World(t *testing.T, config S3) *world {
	t.Helper()
	return newWorldOn(t, t.TempDir(), SuiteNIST, func() *Blobs {
		b, err := S3Blobs(context.Background(), config)
		must(t, err)
		return b
	})
}

// The model of reads holds on S3 as on files.
func TestReadsAgainstModelOnS3(t *testing.T) {
	config, _ := s3Server(t)
	modelReads(t, func(t testing.TB) *world {
		config := config
		config.Prefix = fmt.Sprintf("run-%s/", randomID())
		return newWorldOn(t, t.TempDir(), SuiteNIST, func() *Blobs {
			b, err := S3Blobs(context.Background(), config)
			must(t, err)
			return b
		})
	})
}

// A vault on S3 seals, reads, restarts, lists what it stored as soon as it is
// stored, scrubs, finds damage done behind its back, and erases everything.
func TestVaultOnS3(t *testing.T) {
	config, objects := s3Server(t)
	w := s3World(t, config)
	b := w.seal(bank(202503, 2*SegmentRecords+5)...)
	doc, err := w.vault.StoreDocument(t.Context(), testDocument(Months{202501, 202501}), bytes.NewReader(bytes.Repeat([]byte("page"), 3<<20)))
	must(t, err)
	consent := w.consent(nil)
	got, err := w.read(w.request(consent))
	if err != nil || len(got) != 2*SegmentRecords+5 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	w.reopen()
	_, body, err := w.vault.OpenDocument(t.Context(), doc.ID)
	must(t, err)
	n, err := io.Copy(io.Discard, body)
	if err = errors.Join(err, body.Close()); err != nil || n != 12<<20 {
		t.Errorf("document of %d bytes, %v", n, err)
	}
	for i := range 20 { // listing sees every write and every deletion at once
		key := fmt.Sprintf("probe/%d", i)
		must(t, w.vault.blobs.put(t.Context(), key, []byte("x")))
		if !listed(t, w.vault.blobs, key) {
			t.Errorf("%s is not listed after it was written", key)
		}
		must(t, w.vault.blobs.clear(t.Context(), key))
		if listed(t, w.vault.blobs, key) {
			t.Errorf("%s is listed after it was deleted", key)
		}
	}
	if r, err := w.vault.Scrub(t.Context(), ScrubOptions{}); err != nil || len(r.Findings) != 0 || r.Segments != 3 {
		t.Fatalf("sound vault: %+v, %v", r, err)
	}
	for _, key := range []string{segmentKey(b.ID, 0), segmentKey(b.ID, 2), documentKey(doc.ID)} {
		path := filepath.Join(objects, filepath.FromSlash(key))
		good, err := os.ReadFile(path)
		must(t, err)
		for what, bad := range map[string][]byte{"flipped": flipped(good, len(good)/2), "cut": good[:len(good)/2], "removed": nil} {
			must(t, os.Remove(path))
			if bad != nil {
				must(t, os.WriteFile(path, bad, 0o600))
			}
			if r, err := w.vault.Scrub(t.Context(), ScrubOptions{}); err != nil || len(r.Findings) != 1 {
				t.Errorf("%s %s: %+v, %v", key, what, r, err)
			}
			must(t, os.WriteFile(path, good, 0o600))
		}
	}
	_, err = w.vault.Erase(t.Context(), testEnterprise)
	must(t, err)
	if _, err := os.Stat(objects); !errors.Is(err, os.ErrNotExist) { // the server removes empty folders
		t.Errorf("objects left after the erasure: %v, %v", files(t, objects), err)
	}
}

func listed(t *testing.T, b *Blobs, key string) bool {
	t.Helper()
	found := false
	must(t, b.keys(t.Context(), key, func(k string) error {
		found = found || k == key
		return nil
	}))
	return found
}

// flaky stands before the server and spoils requests.
type flaky struct {
	mu     sync.Mutex
	spoil  func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	behind *httputil.ReverseProxy
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	spoil := f.spoil
	f.mu.Unlock()
	if spoil == nil || !spoil(w, r) {
		f.behind.ServeHTTP(w, r)
	}
}

func (f *flaky) set(spoil func(http.ResponseWriter, *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spoil = spoil
}

// A store that fails now and then is asked again; one that fails for good, is
// slow, or breaks an upload off in the middle gives a clear error, after which
// nothing half-written is referenced, and the vault goes on when it is back.
func TestFaultsOfS3(t *testing.T) {
	config, objects := s3Server(t)
	target, err := url.Parse(config.Endpoint)
	must(t, err)
	f := &flaky{behind: &httputil.ReverseProxy{
		Rewrite:      func(p *httputil.ProxyRequest) { p.SetURL(target); p.Out.Host = p.In.Host },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}}
	front := httptest.NewServer(f)
	defer front.Close()
	config.Endpoint = front.URL
	w := s3World(t, config)
	sealing := func(ctx context.Context) (BatchInfo, error) {
		return w.vault.Seal(ctx, Batch{Enterprise: testEnterprise, Schema: record.BankTransaction, Records: List(bank(202503, SegmentRecords+2))})
	}
	nothingHalf := func(when string) {
		t.Helper()
		f.set(nil)
		if n := len(w.vault.Batches(testEnterprise)); n != 1 {
			t.Errorf("%s: %d batches", when, n)
		}
		w.reopen() // what could not be removed while the store was away goes now
		if r, err := w.vault.Scrub(t.Context(), ScrubOptions{}); err != nil || len(r.Findings) != 0 {
			t.Errorf("%s: %+v, %v", when, r, err)
		}
	}

	every := 0
	f.set(func(w http.ResponseWriter, _ *http.Request) bool {
		if every++; every%3 != 0 {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	b, err := sealing(t.Context())
	if err != nil {
		t.Fatalf("every third request fails: %v", err)
	}
	w.chain.anchor(b)
	nothingHalf("every third request failed")

	f.set(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusInternalServerError)
		return true
	})
	if _, err := sealing(t.Context()); err == nil {
		t.Error("sealed into a store that is down")
	}
	if _, err := w.vault.OpenRecord(t.Context(), b.ID, 0); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("a store that is down is no damage: %v", err)
	}
	nothingHalf("the store was down")

	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, "/00001") {
			return false
		}
		_, _ = io.CopyN(io.Discard, r.Body, 100)
		panic(http.ErrAbortHandler)
	})
	if _, err := sealing(t.Context()); err == nil {
		t.Error("sealed although the second segment broke off")
	}
	nothingHalf("an upload broke off")

	f.set(func(http.ResponseWriter, *http.Request) bool {
		time.Sleep(300 * time.Millisecond)
		return false
	})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := sealing(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow store and an impatient caller: %v", err)
	}
	nothingHalf("the store was slow")
	f.set(func(http.ResponseWriter, *http.Request) bool {
		time.Sleep(100 * time.Millisecond)
		return false
	})
	if _, err := w.vault.OpenRecord(t.Context(), b.ID, SegmentRecords+1); err != nil {
		t.Errorf("slow store and a patient caller: %v", err)
	}

	body := func(w http.ResponseWriter, r *http.Request) bool { // the answer breaks off
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "batches/") {
			return false
		}
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write([]byte("short"))
		panic(http.ErrAbortHandler)
	}
	f.set(body)
	if _, err := w.vault.OpenRecord(t.Context(), b.ID, 0); err == nil {
		t.Error("a record was opened from an answer that broke off")
	}
	f.set(nil)
	if _, err := w.vault.OpenRecord(t.Context(), b.ID, 0); err != nil {
		t.Error(err)
	}
	if len(files(t, objects)) != 2 {
		t.Errorf("objects: %v", files(t, objects))
	}
}

// A configuration that cannot work is refused with what is wrong.
func TestS3Configuration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys")
	must(t, os.WriteFile(keys, []byte("a\nb\n"), secretMode))
	good := S3{Endpoint: "https://s3.example.org", Region: "r", Bucket: "b", KeyFile: keys}
	for want, bend := range map[string]func(*S3){
		"want https://": func(c *S3) { c.Endpoint = "s3.example.org" }, "only to this machine": func(c *S3) { c.Endpoint = "http://s3.example.org" },
		"no bucket": func(c *S3) { c.Bucket = "" }, "want a slash": func(c *S3) { c.Prefix = "x" },
		"no such file": func(c *S3) { c.KeyFile = filepath.Join(dir, "none") }, "both set": func(c *S3) { c.KeyFile = "" },
	} {
		c := good
		bend(&c)
		if _, err := S3Blobs(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	must(t, os.Chmod(keys, 0o644))
	if _, err := S3Blobs(t.Context(), good); !errors.Is(err, ErrKey) {
		t.Errorf("keys that others may read: %v", err)
	}
}
