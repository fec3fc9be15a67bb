// Package vault is the custodian's store and key service of one gateway. It
// keeps an enterprise's records and original files encrypted, hands them to a
// grantee only under a live consent and only as ciphertext, and leaves a receipt
// of every attempt.
//
// The life of a record: Seal encrypts a batch under keys of its month and
// returns what is anchored on chain. Grant wraps the keys of a consent's months
// to the grantee organisation. Read checks a signed request against the chain,
// writes a receipt and returns a Delivery, which a Reader at the grantee's side
// opens and proves against its own node. Rotate starts the next epoch after a
// revocation. Erase destroys the enterprise's key, and with it every copy.
//
// What it refuses to do: it never gives plaintext to a grantee, never puts a key
// or a wrap into a transaction, never serves on a chain view that is older than
// HeadAgeMax, never uses a record key or a nonce twice, and never releases
// anything before its receipt is on disk.
//
// What cryptography enforces is who can open which months of which category and
// epoch. That a grantee keeps to its purpose, to its frequency, to the least
// amount and to viewing is enforced by the vault alone, and proven by receipts.
//
// Stored forms and derivations are versioned by their domain strings and by the
// suite that each object names; vectors are in testdata/keys.json.
package vault
