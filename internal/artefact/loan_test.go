package artefact_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/xinlian/xinlian/internal/artefact"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

var updateLoan = flag.Bool("update-loan", false, "rewrite testdata/loan.json")

// vector is one artefact with its canonical bytes and hash, in the published form.
type vector struct {
	Name      string                `json:"name"`
	ChainID   string                `json:"chain_id,omitempty"`
	Template  *loanv1.TemplateTerms `json:"template,omitempty"`
	Offer     *loanv1.Offer         `json:"offer,omitempty"`
	Entry     *loanv1.JournalEntry  `json:"entry,omitempty"`
	Canonical string                `json:"canonical_hex"`
	Hash      string                `json:"sha256_hex"`
}

// The published vectors of template, contract and journal entry give the bytes
// and the hashes that the code makes.
func TestLoanVectors(t *testing.T) {
	t.Parallel()
	const file = "testdata/loan.json"
	list := samples()
	for i := range list {
		b, h := encode(t, list[i])
		list[i].Canonical, list[i].Hash = hex.EncodeToString(b), hex.EncodeToString(h[:])
	}
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(list); err != nil {
		t.Fatal(err)
	}
	if *updateLoan {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Fatalf("vectors differ from %s; run with -update-loan and review", file)
	}
}

// A change of any single field changes the hash: no field is left out and no two
// neighbours can be confused.
func TestLoanHashesCoverEveryField(t *testing.T) {
	t.Parallel()
	seen := map[[32]byte]string{}
	add := func(name string, h [32]byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if other, ok := seen[h]; ok {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
	}
	for _, e := range bentEntries() {
		h, err := artefact.JournalEntryHash(e)
		add(e.String(), h, err)
	}
	for _, o := range bentOffers() {
		h, err := artefact.ContractHash("xinlian-1", o)
		add(o.String(), h, err)
	}
	h, err := artefact.ContractHash("xinlian-2", loanv1.Offer{})
	add("another chain", h, err)
	for _, terms := range bentTemplates() {
		h, err := artefact.TemplateHash(terms)
		add(terms.String(), h, err)
	}
}

// Text that is not in form NFC has no canonical bytes.
func TestTemplateHashRefusesForeignText(t *testing.T) {
	t.Parallel()
	if _, err := artefact.TemplateHash(loanv1.TemplateTerms{Name: "e\u0301"}); err == nil {
		t.Fatal("a decomposed accent was hashed")
	}
	if _, err := artefact.TemplateHash(loanv1.TemplateTerms{Name: "\xff"}); err == nil {
		t.Fatal("invalid UTF-8 was hashed")
	}
}

func encode(t *testing.T, v vector) ([]byte, [32]byte) {
	t.Helper()
	var (
		b   []byte
		h   [32]byte
		err error
	)
	switch {
	case v.Template != nil:
		if b, err = artefact.TemplateBytes(*v.Template); err == nil {
			h, err = artefact.TemplateHash(*v.Template)
		}
	case v.Offer != nil:
		if b, err = artefact.ContractBytes(v.ChainID, *v.Offer); err == nil {
			h, err = artefact.ContractHash(v.ChainID, *v.Offer)
		}
	default:
		if b, err = artefact.JournalEntryBytes(*v.Entry); err == nil {
			h, err = artefact.JournalEntryHash(*v.Entry)
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return b, h
}

func samples() []vector {
	return []vector{
		{Name: "empty template", Template: &loanv1.TemplateTerms{}},
		{Name: "template", Template: &loanv1.TemplateTerms{
			Name: "invoice-loan", Version: 1,
			Method: loanv1.Method_METHOD_EQUAL_INSTALMENT, PeriodUnit: loanv1.PeriodUnit_PERIOD_UNIT_MONTH,
			TrancheBps: []uint32{6000, 4000}, GraceDays: 3, LateFeeBps: 100, PrepaymentFeeBps: 50,
			Eligibility: []loanv1.Condition{{
				Code: "score-min", Expression: "score.points >= 500", Zh: "信用分不低于 500", En: "score of 500 or more",
			}},
			Release: []loanv1.Condition{{
				Code: "on-time-min", Expression: "loan.on_time >= 3", Zh: "按时还款满 3 期", En: "3 instalments paid on time",
			}},
			Tests: []loanv1.TestCase{
				{Condition: "eligibility", Variables: []loanv1.Variable{{Name: "score.points", Value: 500}}, Want: true},
				{Condition: "eligibility", Variables: []loanv1.Variable{{Name: "score.points", Value: -1}}},
			},
		}},
		{Name: "template with covenants and step-downs", Template: &loanv1.TemplateTerms{
			Name: "conduct-loan", Version: 2,
			Method: loanv1.Method_METHOD_EQUAL_INSTALMENT, PeriodUnit: loanv1.PeriodUnit_PERIOD_UNIT_WEEK, TrancheBps: []uint32{10_000},
			Covenants: []loanv1.Condition{{Code: "grade-kept", Expression: "quality.grade <= 3", Zh: "数据质量等级不低于 C 级", En: "the data quality is C or better"}},
			Warnings:  []loanv1.Condition{{Code: "index-moved", Expression: `market.index == "lpr"`, Zh: "参考利率等于“lpr”", En: `the market index is "lpr"`}},
			StepDowns: []loanv1.StepDown{{Bps: 50, Condition: loanv1.Condition{
				Code: "six-on-time", Expression: "performance.on_time >= 6", Zh: "已按时还款不少于 6 期", En: "at least 6 instalments were paid on time",
			}}},
			Tests: []loanv1.TestCase{{Condition: "warning", Variables: []loanv1.Variable{{Name: "market.index", Text: "lpr"}}, Want: true}},
		}},
		{Name: "contract", ChainID: "xinlian-1", Offer: &loanv1.Offer{
			Id: 7, ApplicationId: 9, EnterpriseId: 12, LenderOrgId: 3, ProductId: 2,
			TemplateHash: bytes.Repeat([]byte{0xab}, 32), PrincipalFen: 10_000_000, RateBps: 720, Periods: 12, ExpiresAt: 1_790_000_000,
		}},
		{Name: "first entry", Entry: &loanv1.JournalEntry{
			LoanId: 1, Number: 1, Height: 100, At: 1_790_000_000, Kind: loanv1.EntryKind_ENTRY_KIND_SIGNED,
			PrincipalFen: 10_000_000, TxHash: bytes.Repeat([]byte{0x01}, 32), Previous: make([]byte, 32),
		}},
		{Name: "entry by the chain", Entry: &loanv1.JournalEntry{
			LoanId: 1, Number: 3, Height: 200, At: 1_792_000_000, Kind: loanv1.EntryKind_ENTRY_KIND_COLLECTED, Tranche: 1, Instalment: 1,
			PrincipalFen: 806_190, InterestFen: 60_000, FeeFen: 1, Previous: bytes.Repeat([]byte{0x02}, 32),
		}},
	}
}

func bentEntries() []loanv1.JournalEntry {
	list := make([]loanv1.JournalEntry, 13)
	list[1].LoanId, list[2].Number, list[3].Height, list[4].At = 1, 1, 1, 1
	list[5].Kind, list[6].Tranche, list[7].Instalment = 1, 1, 1
	list[8].PrincipalFen, list[9].InterestFen, list[10].FeeFen = 1, 1, 1
	list[11].TxHash, list[12].Previous = make([]byte, 32), make([]byte, 32)
	return list
}

func bentOffers() []loanv1.Offer {
	list := make([]loanv1.Offer, 11)
	list[1].Id, list[2].ApplicationId, list[3].EnterpriseId, list[4].LenderOrgId, list[5].ProductId = 1, 1, 1, 1, 1
	list[6].TemplateHash, list[7].PrincipalFen, list[8].RateBps, list[9].Periods, list[10].ExpiresAt = make([]byte, 32), 1, 1, 1, 1
	return list
}

func bentTemplates() []loanv1.TemplateTerms {
	list := make([]loanv1.TemplateTerms, 27)
	list[1].Name, list[2].Version, list[3].Method, list[4].PeriodUnit = "a", 1, 1, 1
	list[5].TrancheBps, list[6].TrancheBps = []uint32{1}, []uint32{1, 1}
	list[7].GraceDays, list[8].LateFeeBps, list[9].PrepaymentFeeBps = 1, 1, 1
	list[10].Eligibility = []loanv1.Condition{{}}
	list[11].Referral = []loanv1.Condition{{}}
	list[12].Release = []loanv1.Condition{{}}
	list[13].Eligibility = []loanv1.Condition{{Code: "a"}}
	list[14].Eligibility = []loanv1.Condition{{Expression: "a"}}
	list[15].Eligibility = []loanv1.Condition{{Zh: "a"}}
	list[16].Eligibility = []loanv1.Condition{{En: "a"}}
	list[17].Tests = []loanv1.TestCase{{}}
	list[18].Tests = []loanv1.TestCase{{Want: true}}
	list[19].Tests = []loanv1.TestCase{{Variables: []loanv1.Variable{{Name: "a", Value: 1}}}}
	list[20].Tests = []loanv1.TestCase{{Variables: []loanv1.Variable{{Name: "a", Text: "1"}}}}
	list[21].Covenants = []loanv1.Condition{{}}
	list[22].Warnings = []loanv1.Condition{{}}
	list[23].Warnings = []loanv1.Condition{{Zh: "a"}}
	list[24].StepDowns = []loanv1.StepDown{{}}
	list[25].StepDowns = []loanv1.StepDown{{Bps: 1}}
	list[26].StepDowns = []loanv1.StepDown{{Condition: loanv1.Condition{Expression: "a"}}}
	return list
}
