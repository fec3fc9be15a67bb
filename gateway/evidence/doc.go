// Package evidence gathers what proves the life of a loan into one bundle: every
// row that the verifier needs with its proof at one height, the headers that it
// hangs on, the score's proof, and what the exporter may disclose.
package evidence
