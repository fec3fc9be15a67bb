// Package dossier writes everything that is held about one enterprise into one
// archive: for machines every record and every row of the chain, for people a
// report in Chinese and English, and a manifest that hashes them all.
package dossier
