// Package line carries an enterprise's file from its documents to a score, by
// itself and in the background: it asks for the consents, waits until the owner
// has granted them, has each verifier check and attest, derives and attests the
// features, proves the score and submits it.
//
// Every stage first looks at what the chain has already and then does what is
// missing, so that a crash at any point is mended by running on. The stage is in
// the gateway's database; what only this process knows is never needed.
package line
