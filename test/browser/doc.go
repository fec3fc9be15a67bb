// Package browser drives the portal in a real browser with a virtual
// authenticator. Its tests carry the build tag `browser`: they need Chromium and
// half a minute. `make test-browser` runs them and leaves the screens of the
// owner's and the officer's line in build/screenshots.
package browser
