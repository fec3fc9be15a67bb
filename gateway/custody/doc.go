// Package custody is the custodian's desk: it collects an enterprise's
// documents into sealed and anchored batches, wraps keys when an owner grants a
// consent, starts a new key epoch when one is revoked, and anchors the vault's
// log of reads. It joins the vault, which knows no chain, with the chain, which
// never sees a key.
package custody
