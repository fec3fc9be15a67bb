package pull

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// DefinitionVersion is the version of a definition's format.
const DefinitionVersion = 1

// definitionSuffix ends the name of a definition's file; what is before it is
// the source's id.
const definitionSuffix = ".source.toml"

// Bounds and defaults of a definition.
const (
	everyMin           = time.Minute
	everyMax           = 31 * 24 * time.Hour
	perMinuteMax       = 600
	perMinuteDefault   = 30
	requestTimeoutMax  = 5 * time.Minute
	requestTimeout     = 30 * time.Second
	runTimeoutMax      = 2 * time.Hour
	runTimeout         = 15 * time.Minute
	settleDefault      = 2 * time.Second
	dailyOffsetDefault = "+08:00"
)

// Source is the definition of a source, as its file says it. Credentials are
// named as files, relative to the definition's folder, and never written in it.
type Source struct {
	ID             string   `toml:"-"`
	Version        int      `toml:"version"`
	Enterprise     uint64   `toml:"enterprise"`
	SignedBy       uint64   `toml:"signed_by"`  // organisation, hosted here, that stands by what it delivers; 0: owner-declared
	Kind           string   `toml:"kind"`       // http, folder or sftp
	Every          duration `toml:"every"`      // from the end of a run to the next
	Daily          string   `toml:"daily"`      // HH:MM, instead of every
	Offset         string   `toml:"utc_offset"` // of daily
	Jitter         duration `toml:"jitter"`     // up to this much later
	PerMinute      int      `toml:"requests_per_minute"`
	RequestTimeout duration `toml:"request_timeout"`
	RunTimeout     duration `toml:"run_timeout"`

	HTTP   *HTTPSource   `toml:"http"`
	Folder *FolderSource `toml:"folder"`
	SFTP   *SFTPSource   `toml:"sftp"`

	mapping     *Mapping
	zone        *time.Location
	fingerprint [32]byte
}

// HTTPSource is an interface that answers JSON.
type HTTPSource struct {
	URL       string        `toml:"url"`
	Mapping   string        `toml:"mapping"`
	TokenFile string        `toml:"token_file"` // a bearer token
	OAuth2    *OAuth2Source `toml:"oauth2"`     // instead of it
	CAFile    string        `toml:"ca_file"`    // certificates trusted instead of the system's
}

// OAuth2Source gets tokens by client credentials (RFC 6749, 4.4).
type OAuth2Source struct {
	TokenURL         string   `toml:"token_url"`
	ClientID         string   `toml:"client_id"`
	ClientSecretFile string   `toml:"client_secret_file"`
	Scopes           []string `toml:"scopes"`
}

// FolderSource is a folder of this machine.
type FolderSource struct {
	Path   string   `toml:"path"`
	Match  string   `toml:"match"`  // of names, such as *.xml; all by default
	Settle duration `toml:"settle"` // how long a file must stay as it is
}

// SFTPSource is a folder of a server.
type SFTPSource struct {
	Address     string   `toml:"address"` // HOST:PORT
	User        string   `toml:"user"`
	KeyFile     string   `toml:"key_file"`      // private key, OpenSSH form
	HostKeyFile string   `toml:"host_key_file"` // the server's public key, one line
	Path        string   `toml:"path"`
	Match       string   `toml:"match"`
	Settle      duration `toml:"settle"`
}

// duration is written as 90s, 10m or 1h.
type duration time.Duration

// UnmarshalText reads Go's form.
func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = duration(v)
	return err
}

func (d duration) or(other time.Duration) time.Duration { return cmp.Or(time.Duration(d), other) }

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// LoadSource reads a definition and everything that it names.
func LoadSource(file string) (*Source, error) {
	id := strings.TrimSuffix(filepath.Base(file), definitionSuffix)
	if !idForm.MatchString(id) {
		return nil, fmt.Errorf("source %q: a name has a-z, 0-9 and hyphens, at most 64", id)
	}
	s := &Source{ID: id}
	err := s.load(file)
	if err != nil {
		err = fmt.Errorf("source %s: %w", id, err)
	}
	return s, err
}

func (s *Source) load(file string) error {
	b, err := readSmall(file)
	if err != nil {
		return err
	}
	if err := decodeTOML(b, s); err != nil {
		return err
	}
	if s.Version != DefinitionVersion {
		return fmt.Errorf("version: got %d, want %d", s.Version, DefinitionVersion)
	}
	dir := filepath.Dir(file)
	if err := s.check(dir); err != nil {
		return err
	}
	sum := sha256.New()
	sum.Write(b)
	for _, name := range s.files() {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "\x00%s\x00", name)
		_ = binary.Write(sum, binary.BigEndian, [2]int64{info.Size(), info.ModTime().UnixNano()}) // a hash takes everything
	}
	sum.Sum(s.fingerprint[:0])
	return nil
}

// files are those that a change of makes the source a new one: mapping and
// credentials. Of a credential only size and time are looked at.
func (s *Source) files() []string {
	var list []string
	add := func(names ...string) {
		for _, n := range names {
			if n != "" {
				list = append(list, n)
			}
		}
	}
	if s.HTTP != nil {
		add(s.HTTP.Mapping, s.HTTP.TokenFile, s.HTTP.CAFile)
		if s.HTTP.OAuth2 != nil {
			add(s.HTTP.OAuth2.ClientSecretFile)
		}
	}
	if s.SFTP != nil {
		add(s.SFTP.KeyFile, s.SFTP.HostKeyFile)
	}
	return list
}

func (s *Source) check(dir string) error {
	if s.Enterprise == 0 {
		return errors.New("enterprise: is missing")
	}
	if err := s.checkSchedule(); err != nil {
		return err
	}
	if s.PerMinute = cmp.Or(s.PerMinute, perMinuteDefault); s.PerMinute < 1 || s.PerMinute > perMinuteMax {
		return fmt.Errorf("requests_per_minute: got %d, want 1 to %d", s.PerMinute, perMinuteMax)
	}
	if d := s.RequestTimeout.or(requestTimeout); d < 0 || d > requestTimeoutMax {
		return fmt.Errorf("request_timeout: got %s, at most %s", d, requestTimeoutMax)
	}
	if d := s.RunTimeout.or(runTimeout); d < 0 || d > runTimeoutMax {
		return fmt.Errorf("run_timeout: got %s, at most %s", d, runTimeoutMax)
	}
	given := 0
	for _, is := range []bool{s.HTTP != nil, s.Folder != nil, s.SFTP != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return errors.New("give one table: http, folder or sftp")
	}
	switch {
	case s.Kind == "http" && s.HTTP != nil:
		return s.checkHTTP(dir)
	case s.Kind == "folder" && s.Folder != nil:
		s.Folder.Path = beside(dir, s.Folder.Path)
		return checkMatch(s.Folder.Path, s.Folder.Match)
	case s.Kind == "sftp" && s.SFTP != nil:
		return s.checkSFTP(dir)
	}
	return fmt.Errorf("kind: got %q, want the name of the table", s.Kind)
}

func (s *Source) checkSchedule() error {
	if (s.Every == 0) == (s.Daily == "") {
		return errors.New("every, daily: give one of them")
	}
	every := s.Every.or(24 * time.Hour)
	if every < everyMin || every > everyMax {
		return fmt.Errorf("every: got %s, want %s to %s", every, everyMin, everyMax)
	}
	if s.Jitter < 0 || time.Duration(s.Jitter) > every {
		return fmt.Errorf("jitter: got %s, at most %s", time.Duration(s.Jitter), every)
	}
	t, err := time.Parse("-07:00", cmp.Or(s.Offset, dailyOffsetDefault))
	if err != nil {
		return fmt.Errorf("utc_offset: got %q, want one such as +08:00", s.Offset)
	}
	_, seconds := t.Zone()
	s.zone = time.FixedZone(s.Offset, seconds)
	if s.Daily != "" {
		if _, err := time.Parse("15:04", s.Daily); err != nil {
			return fmt.Errorf("daily: got %q, want HH:MM", s.Daily)
		}
	}
	return nil
}

func (s *Source) checkHTTP(dir string) (err error) {
	h := s.HTTP
	u, err := url.Parse(h.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("http.url: want an address without credentials")
	}
	for _, f := range []*string{&h.Mapping, &h.TokenFile, &h.CAFile} {
		*f = beside(dir, *f)
	}
	if h.OAuth2 != nil {
		if h.TokenFile != "" {
			return errors.New("http.token_file, http.oauth2: give one of them")
		}
		if h.OAuth2.TokenURL == "" || h.OAuth2.ClientID == "" || h.OAuth2.ClientSecretFile == "" {
			return errors.New("http.oauth2: token_url, client_id and client_secret_file are required")
		}
		h.OAuth2.ClientSecretFile = beside(dir, h.OAuth2.ClientSecretFile)
	}
	s.mapping, err = LoadMapping(h.Mapping)
	return err
}

func (s *Source) checkSFTP(dir string) error {
	f := s.SFTP
	if _, _, err := net.SplitHostPort(f.Address); err != nil {
		return fmt.Errorf("sftp.address: got %q, want HOST:PORT", f.Address)
	}
	if f.User == "" || f.KeyFile == "" {
		return errors.New("sftp.user, sftp.key_file: are required")
	}
	if f.HostKeyFile == "" {
		return errors.New("sftp.host_key_file: is required: put the server's public key there, having it confirmed by its operator")
	}
	f.KeyFile, f.HostKeyFile = beside(dir, f.KeyFile), beside(dir, f.HostKeyFile)
	return checkMatch(f.Path, f.Match)
}

func checkMatch(folder, match string) error {
	if folder == "" {
		return errors.New("path: is required")
	}
	if _, err := path.Match(match, "x"); err != nil {
		return fmt.Errorf("match: %q: %w", match, err)
	}
	return nil
}

func beside(dir, file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}

// readSecret reads a credential, which nobody else may read, without the white
// space around it.
func readSecret(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", fault(ReasonDefinition, "a credential cannot be read", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fault(ReasonDefinition, fmt.Sprintf("%s is open to others (mode %o): chmod 600 it", file, info.Mode().Perm()), nil)
	}
	b, err := readSmall(file)
	if err != nil {
		return "", fault(ReasonDefinition, "a credential cannot be read", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// next is when a source is due after a complete run.
func (s *Source) next(now time.Time) time.Time {
	at := now.Add(time.Duration(s.Every))
	if s.Daily != "" {
		clock, _ := time.Parse("15:04", s.Daily) // checked when loaded
		local := now.In(s.zone)
		at = time.Date(local.Year(), local.Month(), local.Day(), clock.Hour(), clock.Minute(), 0, 0, s.zone)
		if !at.After(now) {
			at = at.AddDate(0, 0, 1)
		}
	}
	if s.Jitter > 0 {
		at = at.Add(rand.N(time.Duration(s.Jitter)))
	}
	return at
}

// Backoff of failed runs: doubled each time, at most backoffMax, and up to a
// quarter later so that sources that failed together do not return together.
const (
	backoffFirst = 30 * time.Second
	backoffMax   = time.Hour
)

// backoff is how long to wait after the given number of failures in a row.
func backoff(attempt int) time.Duration {
	d := backoffMax
	if shift := attempt - 1; shift < 7 {
		d = min(backoffFirst<<max(shift, 0), backoffMax)
	}
	return d + rand.N(d/4)
}
