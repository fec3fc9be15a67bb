// Package passkey is the account key of Xinlian: a WebAuthn P-256 credential on
// one person's device, whose assertion the chain itself verifies.
//
// The verifier is pure. It reads no store, clock or network, and looks at a
// browser's clientDataJSON byte by byte instead of parsing JSON or ASN.1, so
// that every node reaches the same verdict for ever. What an installation may
// decide (allowed origins, allowed rpIds, the kill switch) is not part of the
// key: Verify and Inspect report origin and rpIdHash, and a Policy judges them.
//
// A signature's challenge is SHA-256 over a domain, the SHA-256 of the signed
// bytes and a salt. The chain accepts DomainSign only; DomainLogin and
// DomainRead exist off chain, so that a login can never be replayed as a
// transaction. The rules, in the order they are checked, are in README.md.
package passkey
