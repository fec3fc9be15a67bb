// Package bank joins a settlement bank's books with the chain: redemptions become
// payment orders (pain.001), the bank's answers (pain.002) and bookings (camt.054,
// camt.053) become settlements, rejections and issuances, and each closing balance
// becomes a report that the chain compares. README.md says how it stays exact.
package bank
