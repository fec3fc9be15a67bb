// Package canary hunts for plaintext where none may be. Invented people and firms
// go through the whole line in a network of separate processes; then every file
// that those processes wrote, and a core dump of the node, is searched for them.
// It runs with the build tag canary: make test-canary CANARIES=10000.
package canary
