//go:build browser

package browser_test

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	logging "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/xinlian/xinlian/internal/sample"
)

// shots is where the screens go.
const shots = "../../build/screenshots"

// page is one tab with its own authenticator.
type page struct {
	t      *testing.T
	ctx    context.Context
	origin string
	shot   int
	prefix string

	mu     sync.Mutex
	faults []string
}

// newPage opens a tab of the given width, as a phone or a desk has it.
func newPage(t *testing.T, origin, prefix string, width, height int64) *page {
	t.Helper()
	var path string
	for _, name := range []string{"chromium-headless-shell", "headless-shell", "chromium", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium: install chromium-headless-shell")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx, origin: origin, prefix: prefix}
	p.do(chromedp.Navigate("about:blank"))
	p.do(chromedp.EmulateViewport(width, height))
	must(t, call(ctx, logging.Enable, cdp.Empty{}))
	must(t, chromedp.Listen(ctx, p.hear))
	must(t, call(ctx, webauthn.Enable, webauthn.EnableParams{}))
	must(t, call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	}))
	return p
}

// hear keeps what the browser complains of: a breach of the content policy, an
// exception, an error on the console.
func (p *page) hear(e any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := e.(type) {
	case *runtime.EventExceptionThrown:
		p.faults = append(p.faults, e.ExceptionDetails.Text)
	case *logging.EventEntryAdded:
		if e.Entry.Level == logging.EntryLevelError {
			p.faults = append(p.faults, e.Entry.Text)
		}
	}
}

// complaints are what the browser has complained of so far.
func (p *page) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.faults)
}

func call[P, R any](ctx context.Context, command cdp.Command[P, R], params P) error {
	_, err := chromedp.Call(ctx, command, params)
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *page) do(a chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	must(p.t, chromedp.Do(p.ctx, a))
}

func (p *page) open(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.origin + path))
}

func (p *page) eval(js string) {
	p.t.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`(`+js+`, true)`)); err != nil {
		p.t.Fatalf("%s: %v", js, err)
	}
}

func (p *page) text(selector string) string {
	p.t.Helper()
	s, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.querySelector(`+strconv.Quote(selector)+`)?.textContent ?? ""`))
	must(p.t, err)
	return s
}

// wait polls until a condition holds in the page.
func (p *page) wait(condition string, patience time.Duration) {
	p.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-again.C {
		if ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`!!(`+condition+`)`)); err == nil && ok {
			return
		}
	}
	p.screen("failed")
	p.t.Fatalf("%s never held; errors on the page: %q; text: %.800s", condition, p.text("[data-sign-error], [role=alert]"), p.text("main"))
}

func says(words string) string {
	return `document.querySelector("main")?.textContent.includes(` + strconv.Quote(words) + `)`
}

func (p *page) waitText(words string) {
	p.t.Helper()
	p.wait(says(words), 20*time.Second)
}

// fill types into a control as a person would leave it.
func (p *page) fill(selector, value string) {
	p.t.Helper()
	p.eval(`(e => { e.value = ` + strconv.Quote(value) + `; e.dispatchEvent(new Event("input", {bubbles: true})); })(document.querySelector(` + strconv.Quote(selector) + `))`)
}

func (p *page) click(selector string) {
	p.t.Helper()
	// Before the page is complete its script does not listen yet.
	p.wait(`document.readyState === "complete" && document.querySelector(`+strconv.Quote(selector)+`)`, 10*time.Second)
	p.eval(`document.querySelector(` + strconv.Quote(selector) + `).click()`)
}

// sign presses a form's button, reads the card, takes its picture and confirms.
// It returns the card's text.
func (p *page) sign(kind, name string) string {
	p.t.Helper()
	form := `form[data-sign="` + kind + `"]`
	p.click(form + ` button:not([data-sign-confirm]):not([data-sign-cancel])`)
	p.wait(`document.querySelector('`+form+` [data-sign-confirm]')?.hidden === false`, 20*time.Second)
	card := p.text(form + " [data-sign-card]")
	if name != "" {
		p.screen(name)
	}
	p.eval(`window.here = true`)
	p.click(form + " [data-sign-confirm]")
	p.wait(`window.here === undefined`, 30*time.Second) // the page went on
	return card
}

// screen takes a picture of the whole page.
func (p *page) screen(name string) {
	p.t.Helper()
	if name != "failed" {
		p.wait(`document.readyState === "complete"`, 10*time.Second)
	}
	b, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	must(p.t, err)
	must(p.t, os.MkdirAll(shots, 0o755))
	p.shot++
	must(p.t, os.WriteFile(filepath.Join(shots, fmt.Sprintf("%s-%02d-%s.png", p.prefix, p.shot, name)), b, 0o644))
}

// archive packs a book's files, as a tax bureau's download does.
func archive(t *testing.T, files []sample.File) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "单据.zip")
	f, err := os.Create(path)
	must(t, err)
	z := zip.NewWriter(f)
	for _, file := range files {
		w, err := z.Create(file.Name)
		must(t, err)
		_, err = w.Write(file.Data)
		must(t, err)
	}
	must(t, z.Close())
	must(t, f.Close())
	return path
}
