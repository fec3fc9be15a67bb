package artefact

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/cosmos/gogoproto/jsonpb"
	"github.com/cosmos/gogoproto/proto"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/canon"
)

var update = flag.Bool("update", false, "write testdata/vectors.json")

// vector is one case for every implementation: the value in proto JSON and
// either the wanted bytes or the class of the failure.
type vector struct {
	Kind       string          `json:"kind"` // anchor, consent, entry, deletion, erasure
	Name       string          `json:"name"`
	ChainID    string          `json:"chain_id,omitempty"`
	Enterprise uint64          `json:"enterprise,omitempty"`
	ConsentID  string          `json:"consent_id,omitempty"` // hex
	Value      json.RawMessage `json:"value"`
	Want       string          `json:"want,omitempty"`    // hex: content of an anchor, hash of the others
	Failure    string          `json:"failure,omitempty"` // size, text
}

func b(c string, n int) []byte { return []byte(strings.Repeat(c, n)) }

func anchor() *profilev1.BatchAnchor {
	return &profilev1.BatchAnchor{
		BatchId: b("b", 32), SchemaId: "bank-transaction", SchemaVersion: 1, Source: "bank:7f3a",
		SourceClass: profilev1.SourceClass_SOURCE_CLASS_SIGNED, SourceOrgId: 3, SourceDevice: "xin1source",
		SourceSignature: b("s", 64), Sequence: 2, PeriodFrom: 20_000, PeriodTo: 20_030, RecordCount: 412,
		Root: b("r", 32), Suite: orgv1.Suite_SUITE_NIST, Epoch: 1,
	}
}

func terms() *profilev1.ConsentTerms {
	return &profilev1.ConsentTerms{
		EnterpriseId: 5, GranteeOrgId: 2,
		Categories: []profilev1.Category{profilev1.Category_CATEGORY_BANK, profilev1.Category_CATEGORY_TAX},
		MonthFrom:  202501, MonthTo: 202606, Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING,
		PurposeTextHash: b("p", 32), Mode: profilev1.Mode_MODE_STORE,
		Signer: profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE, FetchType: profilev1.FetchType_FETCH_TYPE_PERIODIC,
		FetchUnit: profilev1.FetchUnit_FETCH_UNIT_MONTH, FetchLimit: 1,
		StartsAt: 1_780_000_000, ExpiresAt: 1_790_000_000, RetentionDays: 30, AmountFenMin: 100, Nonce: b("n", 16),
	}
}

func entry() *profilev1.ConsentEntry {
	return &profilev1.ConsentEntry{
		Number: 1, Height: 9, At: 1_780_000_000, State: profilev1.ConsentState_CONSENT_STATE_PENDING,
		Device: "xin1device", Previous: make([]byte, 32), Hash: b("h", 32),
	}
}

func deletion() *profilev1.DeletionStatement {
	return &profilev1.DeletionStatement{
		ConsentId: b("c", 32), OrgId: 2, Device: "xin1device", Method: profilev1.DeletionMethod_DELETION_METHOD_OVERWRITE,
		Records: 412, Wraps: 3, DeletedAt: 1_790_000_100,
	}
}

func erasure() *profilev1.ErasureStatement {
	return &profilev1.ErasureStatement{
		CustodianOrgId: 3, EnterpriseId: 5, DestroyedAt: 1_790_000_200, Batches: 12, Documents: 1, Root: b("r", 32),
	}
}

// cases builds the vectors from values bent one field at a time.
func cases(t *testing.T) []vector {
	t.Helper()
	var out []vector
	add := func(v vector, m proto.Message) {
		text, err := (&jsonpb.Marshaler{OrigName: true}).MarshalToString(m)
		if err != nil {
			t.Fatal(err)
		}
		v.Value = json.RawMessage(text)
		out = append(out, v)
	}
	anchors := []struct {
		name, failure string
		bend          func(a *profilev1.BatchAnchor)
	}{
		{"signed", "", func(*profilev1.BatchAnchor) {}},
		{"owner declared", "", func(a *profilev1.BatchAnchor) {
			a.SourceClass, a.SourceOrgId, a.SourceDevice = profilev1.SourceClass_SOURCE_CLASS_OWNER_DECLARED, 0, ""
			a.SourceSignature = nil
		}},
		{"superseding", "", func(a *profilev1.BatchAnchor) { a.Supersedes = b("o", 32) }},
		{"source in Chinese", "", func(a *profilev1.BatchAnchor) { a.Source = "平台" }},
		{"short batch id", "size", func(a *profilev1.BatchAnchor) { a.BatchId = b("b", 31) }},
		{"long root", "size", func(a *profilev1.BatchAnchor) { a.Root = b("r", 33) }},
		{"short superseded id", "size", func(a *profilev1.BatchAnchor) { a.Supersedes = b("o", 1) }},
		{"source not in NFC", "text", func(a *profilev1.BatchAnchor) { a.Source = "e\u0301" }},
	}
	for _, c := range anchors {
		a := anchor()
		c.bend(a)
		add(vector{Kind: "anchor", Name: c.name, ChainID: "xinlian-1", Enterprise: 5, Failure: c.failure}, a)
	}
	consents := []struct {
		name, failure string
		bend          func(c *profilev1.ConsentTerms)
	}{
		{"store", "", func(*profilev1.ConsentTerms) {}},
		{"view once", "", func(c *profilev1.ConsentTerms) {
			c.Mode, c.RetentionDays, c.FetchUnit = profilev1.Mode_MODE_VIEW, 0, profilev1.FetchUnit_FETCH_UNIT_ONCE
		}},
		{"another nonce", "", func(c *profilev1.ConsentTerms) { c.Nonce = b("m", 16) }},
		{"every list and link", "", func(c *profilev1.ConsentTerms) {
			c.Signer = profilev1.Signer_SIGNER_HANDLER
			c.Providers = []profilev1.Provider{{Source: "upload"}, {OrgId: 7}, {OrgId: 9, Source: "平台:1"}}
			c.Schemas = []string{"bank-transaction", "tax-return"}
			c.Amends, c.Renews = b("a", 32), b("r", 32)
		}},
		{"features only", "", func(c *profilev1.ConsentTerms) { c.Mode, c.RetentionDays = profilev1.Mode_MODE_QUERY, 0 }},
		{"case", "", func(c *profilev1.ConsentTerms) {
			c.Purpose, c.Signer, c.CaseNumber = profilev1.Purpose_PURPOSE_SUPERVISION, 0, "case 17"
		}},
		{"short amends", "size", func(c *profilev1.ConsentTerms) { c.Amends = b("a", 31) }},
		{"long renews", "size", func(c *profilev1.ConsentTerms) { c.Renews = b("a", 33) }},
		{"provider not in NFC", "text", func(c *profilev1.ConsentTerms) { c.Providers = []profilev1.Provider{{Source: "e\u0301"}} }},
		{"short nonce", "size", func(c *profilev1.ConsentTerms) { c.Nonce = b("n", 15) }},
		{"no purpose text", "size", func(c *profilev1.ConsentTerms) { c.PurposeTextHash = nil }},
	}
	for _, c := range consents {
		v := terms()
		c.bend(v)
		add(vector{Kind: "consent", Name: c.name, Failure: c.failure}, v)
	}
	id := hex.EncodeToString(b("c", 32))
	second, short := entry(), entry()
	second.Number, second.Previous = 2, b("h", 32)
	short.Previous = nil
	add(vector{Kind: "entry", Name: "first", ConsentID: id}, entry())
	add(vector{Kind: "entry", Name: "second", ConsentID: id}, second)
	add(vector{Kind: "entry", Name: "no previous", ConsentID: id, Failure: "size"}, short)
	add(vector{Kind: "entry", Name: "short consent id", ConsentID: "00", Failure: "size"}, entry())
	byHandler := entry()
	byHandler.Signer = profilev1.Signer_SIGNER_HANDLER
	add(vector{Kind: "entry", Name: "by a handler", ConsentID: id}, byHandler)
	add(vector{Kind: "deletion", Name: "overwritten", ChainID: "xinlian-1"}, deletion())
	add(vector{Kind: "deletion", Name: "short consent id", ChainID: "xinlian-1", Failure: "size"}, &profilev1.DeletionStatement{})
	add(vector{Kind: "erasure", Name: "keys destroyed", ChainID: "xinlian-1"}, erasure())
	add(vector{Kind: "erasure", Name: "no root", ChainID: "xinlian-1", Failure: "size"}, &profilev1.ErasureStatement{})
	return out
}

// run computes a vector from its JSON value.
func run(t *testing.T, v vector) ([]byte, error) {
	t.Helper()
	read := func(m proto.Message) {
		if err := jsonpb.Unmarshal(bytes.NewReader(v.Value), m); err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
	}
	switch v.Kind {
	case "anchor":
		var a profilev1.BatchAnchor
		read(&a)
		return AnchorContent(v.ChainID, v.Enterprise, a)
	case "consent":
		var c profilev1.ConsentTerms
		read(&c)
		return ConsentID(c)
	case "deletion":
		var d profilev1.DeletionStatement
		read(&d)
		return DeletionHash(v.ChainID, d)
	case "erasure":
		var e profilev1.ErasureStatement
		read(&e)
		return ErasureHash(v.ChainID, e)
	case "entry":
		var e profilev1.ConsentEntry
		read(&e)
		id, err := hex.DecodeString(v.ConsentID)
		if err != nil {
			t.Fatal(err)
		}
		return ConsentEntryHash(id, e)
	}
	t.Fatalf("unknown kind %q", v.Kind)
	return nil, nil
}

// The published vectors give these bytes or fail in this way, and no two
// values share theirs.
func TestVectors(t *testing.T) {
	t.Parallel()
	const path = "testdata/vectors.json"
	if *update {
		vs := cases(t)
		for i := range vs {
			if got, err := run(t, vs[i]); err == nil {
				vs[i].Want = hex.EncodeToString(got)
			}
		}
		text, err := json.MarshalIndent(vs, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var vs []vector
	if err := json.Unmarshal(text, &vs); err != nil {
		t.Fatal(err)
	}
	if len(vs) != len(cases(t)) {
		t.Errorf("got %d vectors, want %d", len(vs), len(cases(t)))
	}
	seen := map[string]string{}
	failures := map[string]error{"": nil, "size": ErrSize, "text": canon.ErrText}
	for _, v := range vs {
		got, err := run(t, v)
		want, known := failures[v.Failure]
		if !known || !errors.Is(err, want) {
			t.Errorf("%s %s: got %v, want failure %q", v.Kind, v.Name, err, v.Failure)
			continue
		}
		if err == nil && hex.EncodeToString(got) != v.Want {
			t.Errorf("%s %s: got %x, want %s", v.Kind, v.Name, got, v.Want)
		}
		if other, twice := seen[v.Want]; twice && v.Want != "" {
			t.Errorf("%s and %s have the same bytes", v.Name, other)
		}
		seen[v.Want] = v.Name
	}
}

// Every signed field changes the content; the signature itself does not, so that
// it can be made over the content.
func TestAnchorContentCoversEveryField(t *testing.T) {
	t.Parallel()
	base, err := AnchorContent("xinlian-1", 5, *anchor())
	if err != nil {
		t.Fatal(err)
	}
	bends := map[string]func(a *profilev1.BatchAnchor){
		"batch_id":       func(a *profilev1.BatchAnchor) { a.BatchId[0]++ },
		"schema_id":      func(a *profilev1.BatchAnchor) { a.SchemaId += "x" },
		"schema_version": func(a *profilev1.BatchAnchor) { a.SchemaVersion++ },
		"source":         func(a *profilev1.BatchAnchor) { a.Source += "x" },
		"source_class":   func(a *profilev1.BatchAnchor) { a.SourceClass++ },
		"source_org_id":  func(a *profilev1.BatchAnchor) { a.SourceOrgId++ },
		"source_device":  func(a *profilev1.BatchAnchor) { a.SourceDevice += "x" },
		"sequence":       func(a *profilev1.BatchAnchor) { a.Sequence++ },
		"period_from":    func(a *profilev1.BatchAnchor) { a.PeriodFrom++ },
		"period_to":      func(a *profilev1.BatchAnchor) { a.PeriodTo++ },
		"record_count":   func(a *profilev1.BatchAnchor) { a.RecordCount++ },
		"root":           func(a *profilev1.BatchAnchor) { a.Root[31]++ },
		"suite":          func(a *profilev1.BatchAnchor) { a.Suite++ },
		"epoch":          func(a *profilev1.BatchAnchor) { a.Epoch++ },
		"supersedes":     func(a *profilev1.BatchAnchor) { a.Supersedes = b("o", 32) },
	}
	for name, bend := range bends {
		a := anchor()
		bend(a)
		if got, err := AnchorContent("xinlian-1", 5, *a); err != nil || bytes.Equal(got, base) {
			t.Errorf("%s is not covered: %v", name, err)
		}
	}
	signed := anchor()
	signed.SourceSignature = nil
	if got, _ := AnchorContent("xinlian-1", 5, *signed); !bytes.Equal(got, base) {
		t.Error("the signature is part of what it signs")
	}
	for name, got := range map[string]func() ([]byte, error){
		"chain id":   func() ([]byte, error) { return AnchorContent("xinlian-2", 5, *anchor()) },
		"enterprise": func() ([]byte, error) { return AnchorContent("xinlian-1", 6, *anchor()) },
	} {
		if c, err := got(); err != nil || bytes.Equal(c, base) {
			t.Errorf("%s is not covered: %v", name, err)
		}
	}
}

// Every term changes the consent's id.
func TestConsentIDCoversEveryField(t *testing.T) {
	t.Parallel()
	base, err := ConsentID(*terms())
	if err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(c *profilev1.ConsentTerms){
		"enterprise_id":     func(c *profilev1.ConsentTerms) { c.EnterpriseId++ },
		"grantee_org_id":    func(c *profilev1.ConsentTerms) { c.GranteeOrgId++ },
		"categories":        func(c *profilev1.ConsentTerms) { c.Categories = c.Categories[:1] },
		"month_from":        func(c *profilev1.ConsentTerms) { c.MonthFrom++ },
		"month_to":          func(c *profilev1.ConsentTerms) { c.MonthTo++ },
		"purpose":           func(c *profilev1.ConsentTerms) { c.Purpose++ },
		"purpose_text_hash": func(c *profilev1.ConsentTerms) { c.PurposeTextHash[0]++ },
		"mode":              func(c *profilev1.ConsentTerms) { c.Mode++ },
		"fetch_unit":        func(c *profilev1.ConsentTerms) { c.FetchUnit++ },
		"fetch_limit":       func(c *profilev1.ConsentTerms) { c.FetchLimit++ },
		"starts_at":         func(c *profilev1.ConsentTerms) { c.StartsAt++ },
		"expires_at":        func(c *profilev1.ConsentTerms) { c.ExpiresAt++ },
		"retention_days":    func(c *profilev1.ConsentTerms) { c.RetentionDays++ },
		"amount_fen_min":    func(c *profilev1.ConsentTerms) { c.AmountFenMin++ },
		"nonce":             func(c *profilev1.ConsentTerms) { c.Nonce[0]++ },
		"signer":            func(c *profilev1.ConsentTerms) { c.Signer++ },
		"providers":         func(c *profilev1.ConsentTerms) { c.Providers = []profilev1.Provider{{OrgId: 1}} },
		"fetch_type":        func(c *profilev1.ConsentTerms) { c.FetchType-- },
		"schemas":           func(c *profilev1.ConsentTerms) { c.Schemas = []string{"tax-return"} },
		"amends":            func(c *profilev1.ConsentTerms) { c.Amends = b("a", 32) },
		"renews":            func(c *profilev1.ConsentTerms) { c.Renews = b("a", 32) },
		"case_number":       func(c *profilev1.ConsentTerms) { c.CaseNumber = "1" },
	} {
		c := terms()
		bend(c)
		if got, err := ConsentID(*c); err != nil || bytes.Equal(got, base) {
			t.Errorf("%s is not covered: %v", name, err)
		}
	}
}
