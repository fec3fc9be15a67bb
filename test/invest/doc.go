// Package invest tests investors' money on the whole chain: from a subscription to
// a loan and back.
package invest
