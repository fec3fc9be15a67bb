package profile

import (
	"bytes"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// appendEntry chains an entry for the consent's present state to its journal.
// The head in the row then commits to every change there ever was, so that one
// proven row proves the history.
func appendEntry(c profilev1.Consent, by actor) (profilev1.Consent, profilev1.ConsentEntry, error) {
	e := profilev1.ConsentEntry{
		Number: c.JournalEntries + 1, Height: c.ChangedHeight, At: c.ChangedAt,
		State: c.State, Device: by.device, Signer: by.signer, Previous: c.JournalHead,
	}
	if c.JournalEntries == 0 {
		e.Previous = make([]byte, HashBytes)
	}
	hash, err := artefact.ConsentEntryHash(c.Id, e)
	if err != nil {
		return c, e, ErrInvariant.Wrap(err.Error())
	}
	e.Hash = hash
	c.JournalEntries, c.JournalHead = e.Number, hash
	return c, e, nil
}

// checkJournal recomputes a journal and compares it with its consent's row.
func checkJournal(c profilev1.Consent, entries []profilev1.ConsentEntry) error {
	if uint64(len(entries)) != c.JournalEntries || len(entries) == 0 || len(entries) > JournalEntriesMax {
		return ErrInvariant.Wrapf("consent %x: %d entries, row says %d", clip(c.Id), len(entries), c.JournalEntries)
	}
	previous := make([]byte, HashBytes)
	for i, e := range entries {
		if e.Number != uint64(i)+1 || !bytes.Equal(e.Previous, previous) {
			return ErrInvariant.Wrapf("consent %x: entry %d does not follow the one before", clip(c.Id), e.Number)
		}
		hash, err := artefact.ConsentEntryHash(c.Id, e)
		if err != nil || !bytes.Equal(hash, e.Hash) {
			return ErrInvariant.Wrapf("consent %x: entry %d has another hash", clip(c.Id), e.Number)
		}
		if err := checkStep(c, entries, i); err != nil {
			return ErrInvariant.Wrapf("consent %x: %v", clip(c.Id), err)
		}
		previous = hash
	}
	last := entries[len(entries)-1]
	if !bytes.Equal(c.JournalHead, last.Hash) || c.State != last.State || c.ChangedAt != last.At || c.ChangedHeight != last.Height {
		return ErrInvariant.Wrapf("consent %x: row and last entry differ", clip(c.Id))
	}
	return nil
}

// checkStep checks that entry i is a legal change after entry i-1. A journal begins
// with a request, or with the grant of an owner's amendment, which nobody asked for.
func checkStep(c profilev1.Consent, entries []profilev1.ConsentEntry, i int) error {
	to := entries[i].State
	if i == 0 {
		first := statePending
		if len(c.Terms.Amends) != 0 {
			first = stateActive
		}
		if to != first {
			return ErrTransition.Wrapf("journal begins with %s", to)
		}
		return nil
	}
	for _, t := range transitions {
		if t.from == entries[i-1].State && t.to == to {
			return nil
		}
	}
	return ErrTransition.Wrapf("%s to %s", entries[i-1].State, to)
}
