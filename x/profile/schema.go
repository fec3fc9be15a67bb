package profile

import (
	"context"
	"slices"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// Bounds of a schema pin.
const (
	SchemaIDBytesMax = 32
	SchemaVersionMax = 1<<16 - 1
	// SchemasMax bounds the pinned schema versions, and the answer that lists them.
	SchemasMax = 1024
)

// standardSchemas pins the schemas of this build, in ascending order.
func standardSchemas() []profilev1.Schema {
	pins := make([]profilev1.Schema, len(record.Schemas))
	for i, s := range record.Schemas {
		hash := s.Hash()
		pins[i] = profilev1.Schema{
			Id: s.ID, Version: uint32(s.Version), Category: profilev1.Category(s.Category), Hash: hash[:],
		}
	}
	return pins
}

func checkSchema(s profilev1.Schema) error {
	if err := checkSchemaID(s.Id, s.Version); err != nil {
		return err
	}
	if !knownCategory(s.Category) {
		return ErrField.Wrapf("category: got %s", s.Category)
	}
	return checkHash("hash", s.Hash)
}

// checkSchemaID wants lower-case letters, digits and hyphens: an id is part of
// a store key and of what a source signs.
func checkSchemaID(id string, version uint32) error {
	if len(id) < 1 || len(id) > SchemaIDBytesMax {
		return ErrField.Wrapf("schema_id: got %d bytes, want 1 to %d", len(id), SchemaIDBytesMax)
	}
	for i := range len(id) {
		if c := id[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return ErrField.Wrapf("schema_id: byte %d is not a-z, 0-9 or -", i)
		}
	}
	if version < 1 || version > SchemaVersionMax {
		return ErrField.Wrapf("schema_version: got %d, want 1 to %d", version, SchemaVersionMax)
	}
	return nil
}

func knownCategory(c profilev1.Category) bool {
	return c >= profilev1.Category_CATEGORY_BANK && c <= profilev1.Category_CATEGORY_LOAN
}

// pinned is the schema version, or ErrSchema.
func (k *Keeper) pinned(ctx context.Context, id string, version uint32) (profilev1.Schema, error) {
	s, found, err := lookup(k.schemas.Get(ctx, collections.Join(id, version)))
	if err == nil && !found {
		err = ErrSchema.Wrapf("%s version %d", id, version)
	}
	return s, err
}

// checkFilterPinned wants every schema of the filter pinned in one of the
// consent's categories, or ErrSchema: a misspelt one would hide everything.
func (k *Keeper) checkFilterPinned(ctx context.Context, t profilev1.ConsentTerms) error {
	for _, id := range t.Schemas {
		found := false
		err := k.schemas.Walk(ctx, collections.NewPrefixedPairRange[string, uint32](id),
			func(_ collections.Pair[string, uint32], s profilev1.Schema) (bool, error) {
				found = slices.Contains(t.Categories, s.Category)
				return true, nil // versions of one schema are of one category
			})
		if err != nil {
			return err
		}
		if !found {
			return ErrSchema.Wrapf("schemas: %s is not pinned in a category of the consent", id)
		}
	}
	return nil
}
