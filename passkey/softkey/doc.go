// Package softkey is a passkey made of software: it holds a P-256 key, says that
// its user was present and verified, and makes assertions as a browser would.
//
// It is for the demo, for tests and for the command line. Nobody touches a
// sensor here: whoever can read the key file can sign, and the chain cannot tell
// its assertions from those of a real device. That a key is a person's device is
// what the verifier who registers it attests.
package softkey
