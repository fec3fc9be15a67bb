// Package pledging is the work of three desks on one receivable: a lender checks
// whether it is free, has a verifier state its tag, pledges and releases it; the
// verifier opens the record itself before it states anything; the owner sees to
// whom her receivable is pledged.
package pledging
