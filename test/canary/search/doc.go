// Package search finds known strings in files however they are written there:
// plain, in other character sets, in hexadecimal or base64, escaped, compressed,
// or inside a database. It is how the canary hunt looks for plaintext where none
// may be.
package search
