package portal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	gogoproto "github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/lending/template"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
)

var updateFixtures = flag.Bool("update", false, "rewrite web/testdata")

const (
	fixtureFile  = "web/testdata/signdocs.json"
	fixtureChain = "xinlian-1"
	fixtureRP    = "localhost"
	fixturePage  = "http://localhost:8080"
	// fixtureNow is when the page of the tests looks at its clock, Unix seconds.
	fixtureNow = 1_795_000_000
)

// purposeText is what the consent of the fixtures says it is for.
const purposeText = "审批经营贷款申请"

// fixture is one transaction as the chain's own code prepares it, with what the
// page needs to explain it. Binary values of signatures are base64, of hashes hex.
type fixture struct {
	Kind      string         `json:"kind"`
	Name      string         `json:"name"`
	SignBytes string         `json:"sign_bytes"`
	Support   map[string]any `json:"support"`
	Signature string         `json:"signature"` // of the fixture's device
	TxHash    string         `json:"tx_hash"`   // with that signature
	Check     string         `json:"check"`     // characters, Chinese
	CheckEn   string         `json:"check_en"`
}

// fixtures is the whole file.
type fixtures struct {
	ChainID    string    `json:"chain_id"`
	Now        int64     `json:"now"` // Unix seconds
	RP         string    `json:"rp"`
	Origin     string    `json:"origin"`
	Address    string    `json:"address"`
	PublicKey  string    `json:"public_key"` // base64
	SaltedText string    `json:"salted_text"`
	Salt       string    `json:"salt"`        // hex
	SaltedHash string    `json:"salted_hash"` // hex
	Docs       []fixture `json:"docs"`
}

// The sign bytes that the page's tests read are those that this tree makes: a
// change of a message or of the way of signing shows here first.
func TestSignBytesOfThePageAreFresh(t *testing.T) {
	t.Parallel()
	got := makeFixtures(t)
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(got); err != nil {
		t.Fatal(err)
	}
	if *updateFixtures {
		if err := os.WriteFile(fixtureFile, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(fixtureFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text.Bytes(), want) {
		t.Fatalf("%s is stale; run with -update and review", fixtureFile)
	}
}

// Every kind that the page has a card for has a fixture, and the reverse.
func TestEveryKindHasAFixture(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("web/kinds.json")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	if err := json.Unmarshal(text, &kinds); err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for _, k := range kinds {
		left[k] = true
	}
	seen := map[string]bool{}
	for _, c := range fixtureCases(t, "xin1device") {
		url := sdk.MsgTypeURL(c.msg)
		if !left[url] {
			t.Errorf("%s is not in kinds.json", url)
		}
		seen[url] = true
	}
	for _, k := range kinds {
		if !seen[k] {
			t.Errorf("%s has no fixture", k)
		}
	}
}

func makeFixtures(t *testing.T) fixtures {
	t.Helper()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	key, err := softkey.FromSeed([]byte("signing page fixtures"))
	if err != nil {
		t.Fatal(err)
	}
	salt := bytes.Repeat([]byte{0x5a}, 32)
	out := fixtures{
		ChainID: fixtureChain, Now: fixtureNow, RP: fixtureRP, Origin: fixturePage,
		Address:   wire.AddressText(key.PubKey().Address()),
		PublicKey: base64.StdEncoding.EncodeToString(key.PubKey().Key),

		SaltedText: saltedText, Salt: hex.EncodeToString(salt), SaltedHash: hex.EncodeToString(saltedHash(t)),
	}
	account := authtypes.NewBaseAccount(sdk.AccAddress(key.PubKey().Address()), key.PubKey(), 41, 7)
	for _, c := range fixtureCases(t, out.Address) {
		p, err := codec.Prepare(context.Background(), wire.Draft{
			ChainID: fixtureChain, Account: account, Gas: 20_000_000,
			Timeout: time.Unix(fixtureNow+240, 0), Msgs: []sdk.Msg{c.msg},
		})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		device := key.At(fixturePage, fixtureRP)
		device.Salt = bytes.NewReader(bytes.Repeat([]byte{0x11}, passkey.SaltBytes))
		signature, err := device.Sign(passkey.DomainSign, p.SignBytes)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := p.Signed(signature)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := codec.Tx.TxDecoder()(tx); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		hash := sha256.Sum256(tx)
		zh, en := checkCharacters(p.SignBytes)
		out.Docs = append(out.Docs, fixture{
			Kind: sdk.MsgTypeURL(c.msg), Name: c.name, SignBytes: base64.StdEncoding.EncodeToString(p.SignBytes),
			Support: c.support, Signature: base64.StdEncoding.EncodeToString(signature),
			TxHash: hex.EncodeToString(hash[:]), Check: zh, CheckEn: en,
		})
	}
	return out
}

// checkCharacters is the second implementation of the four check characters:
// five bits each of the first four bytes of a hash of the sign bytes.
func checkCharacters(signBytes []byte) (zh, en string) {
	sum := sha256.Sum256(signBytes)
	h := canon.New("check-characters").Fixed(sum[:]).MustSum()
	characters := []rune("山水云雨风雪江河松竹梅兰桃李鹤燕马牛羊鱼龙虎东南西北春夏秋冬金玉")
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	for i, b := range h[:4] {
		if i > 0 {
			zh, en = zh+"·", en+"·"
		}
		zh, en = zh+string(characters[b%32]), en+string(letters[b%32])
	}
	return zh, en
}

const saltedText = "工商银行 6222 0000 1111 2222 陈静"

// saltedHash is the hash under which the page commits to a text that must not be
// on chain.
func saltedHash(t *testing.T) []byte {
	t.Helper()
	h, err := canon.New("salted-text").Fixed(bytes.Repeat([]byte{0x5a}, 32)).String(saltedText).Sum()
	if err != nil {
		t.Fatal(err)
	}
	return h[:]
}

type fixtureCase struct {
	name    string
	msg     sdk.Msg
	support map[string]any
}

// protoJSON is a message as the gateway's answer carries it.
func protoJSON(t *testing.T, codec wire.Codec, m gogoproto.Message) json.RawMessage {
	t.Helper()
	text, err := codec.Proto.MarshalJSON(m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func fixtureCases(t *testing.T, device string) []fixtureCase {
	t.Helper()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	orgs := map[string]string{"3": "青禾银行", "4": "安信托管", "6": "清算中心", "12": "晨光食品"}
	list := []fixtureCase{
		{"activate", &orgv1.MsgActivateDevice{Device: device}, map[string]any{}},
		{"data key", &orgv1.MsgSetDataKey{Device: device, OrgId: 3, PublicKey: dataKey(t)}, map[string]any{"orgs": orgs}},
		{"one custodian", &orgv1.MsgChooseCustodian{Device: device, OrgId: 12, CustodianOrgId: 4}, map[string]any{"orgs": orgs}},
		{"two custodians", &orgv1.MsgChooseCustodian{
			Device: device, OrgId: 12, CustodianOrgId: 4, SecondCustodianOrgId: 3,
		}, map[string]any{"orgs": orgs}},
		{"pay", &cashv1.MsgTransfer{Device: device, OrgId: 12, ToOrgId: 3, AmountFen: 123_456_789}, map[string]any{"orgs": orgs}},
		{"pay with a memo", &cashv1.MsgTransfer{
			Device: device, OrgId: 12, ToOrgId: 3, AmountFen: 1, MemoHash: saltedHash(t),
		}, map[string]any{"orgs": orgs}},
		{"redeem", &cashv1.MsgRedeem{
			Device: device, OrgId: 12, IssuerOrgId: 6, AmountFen: 5_000_000, AccountHash: saltedHash(t),
		}, map[string]any{"orgs": orgs}},
	}
	list = append(list, consentCases(t, codec, device, orgs)...)
	list = append(list, caseCases(t, codec, device, orgs)...)
	return append(list, loanCases(t, codec, device, orgs)...)
}

func dataKey(t *testing.T) []byte {
	t.Helper()
	// the generator of P-256, uncompressed
	b, err := hex.DecodeString("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
		"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func consentCases(t *testing.T, codec wire.Codec, device string, orgs map[string]string) []fixtureCase {
	t.Helper()
	textHash := sha256.Sum256([]byte(purposeText))
	terms := profilev1.ConsentTerms{
		EnterpriseId: 12, GranteeOrgId: 3,
		Categories: []profilev1.Category{profilev1.Category_CATEGORY_BANK, profilev1.Category_CATEGORY_TAX},
		MonthFrom:  202501, MonthTo: 202606, Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING,
		PurposeTextHash: textHash[:], Mode: profilev1.Mode_MODE_STORE,
		Signer: profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE, FetchType: profilev1.FetchType_FETCH_TYPE_PERIODIC,
		FetchUnit: profilev1.FetchUnit_FETCH_UNIT_MONTH, FetchLimit: 2,
		StartsAt: fixtureNow - 60, ExpiresAt: fixtureNow + 90*86400, RetentionDays: 30, AmountFenMin: 100,
		Nonce: bytes.Repeat([]byte{7}, 16),
	}
	id, err := artefact.ConsentID(terms)
	if err != nil {
		t.Fatal(err)
	}
	narrower := terms
	narrower.Categories, narrower.FetchLimit, narrower.Amends = terms.Categories[:1], 1, id
	narrower.Providers = []profilev1.Provider{{Source: "upload"}, {OrgId: 3}}
	narrower.Schemas, narrower.Nonce = []string{"bank-transaction"}, bytes.Repeat([]byte{8}, 16)
	support := map[string]any{"orgs": orgs, "consent": protoJSON(t, codec, &terms), "purpose_text": purposeText}
	return []fixtureCase{
		{"grant", &profilev1.MsgGrantConsent{Device: device, OrgId: 12, ConsentId: id}, support},
		{"refuse consent", &profilev1.MsgRefuseConsent{Device: device, OrgId: 12, ConsentId: id}, support},
		{"pause", &profilev1.MsgPauseConsent{Device: device, OrgId: 12, ConsentId: id}, support},
		{"resume", &profilev1.MsgResumeConsent{Device: device, OrgId: 12, ConsentId: id}, support},
		{"revoke", &profilev1.MsgRevokeConsent{Device: device, OrgId: 12, ConsentId: id}, support},
		{"amend", &profilev1.MsgAmendConsent{Device: device, OrgId: 12, Terms: narrower}, map[string]any{
			"orgs": orgs, "purpose_text": purposeText,
		}},
		{"erase", &profilev1.MsgRequestErasure{Device: device, OrgId: 12}, map[string]any{"orgs": orgs}},
		{"apply", &loanv1.MsgApply{
			Device: device, OrgId: 12, ProductId: 2, AmountFen: 10_000_000, Periods: 12,
			ConsentId: id, ScoreId: bytes.Repeat([]byte{9}, 32),
		}, support},
	}
}

func loanCases(t *testing.T, codec wire.Codec, device string, orgs map[string]string) []fixtureCase {
	t.Helper()
	terms := loanv1.TemplateTerms{
		Name: "invoice-loan", Version: 3, Method: loanv1.Method_METHOD_EQUAL_INSTALMENT,
		PeriodUnit: loanv1.PeriodUnit_PERIOD_UNIT_MONTH, TrancheBps: []uint32{6000, 4000}, GraceDays: 3, LateFeeBps: 100,
		Eligibility: []loanv1.Condition{{
			Code: "score-min", Expression: "score.points >= 500",
		}},
		Release: []loanv1.Condition{{
			Code: "on-time-min", Expression: "performance.on_time >= 3",
		}},
		Tests: []loanv1.TestCase{{
			Condition: "eligibility", Variables: []loanv1.Variable{{Name: "score.points", Value: -1}},
		}, {Condition: "release", Variables: []loanv1.Variable{{Name: "performance.on_time", Value: 3}}, Want: true}},
		Covenants: []loanv1.Condition{{Code: "grade-kept", Expression: "quality.grade <= 3"}},
		Warnings:  []loanv1.Condition{{Code: "index-lpr", Expression: `market.index == "lpr-1y"`}},
		StepDowns: []loanv1.StepDown{{Condition: loanv1.Condition{Code: "six-on-time", Expression: "performance.on_time >= 6"}, Bps: 50}},
	}
	terms.Tests = append(terms.Tests, loanv1.TestCase{Condition: "warning", Variables: []loanv1.Variable{{Name: "market.index", Text: "lpr-1y"}}, Want: true})
	if err := template.Fill(&terms); err != nil {
		t.Fatal(err)
	}
	single := terms
	single.TrancheBps, single.Release, single.Tests = []uint32{10000}, nil, terms.Tests[:1]
	single.Covenants, single.Warnings, single.StepDowns = nil, nil, nil
	split, splitMsg := offer(t, terms, device)
	whole, wholeMsg := offer(t, single, device)
	support := func(o loanv1.Offer, terms loanv1.TemplateTerms) map[string]any {
		return map[string]any{"orgs": orgs, "offer": protoJSON(t, codec, &o), "template": protoJSON(t, codec, &terms)}
	}
	return []fixtureCase{
		{"accept one tranche", wholeMsg, support(whole, single)},
		{"accept two tranches", splitMsg, support(split, terms)},
		{"refuse offer", &loanv1.MsgRefuseOffer{Device: device, OrgId: 12, OfferId: whole.Id}, support(whole, single)},
		{"repay", &loanv1.MsgRepay{Device: device, OrgId: 12, LoanId: 5, AmountFen: 866_190}, map[string]any{"orgs": orgs}},
		{"approve referral", &loanv1.MsgDecideReferral{
			Device: device, OrgId: 3, ApplicationId: 9, Approve: true, AmountFen: 8_000_000, NoteHash: saltedHash(t), BriefHash: bytes.Repeat([]byte{0xb7}, 32),
		}, map[string]any{"orgs": orgs}},
		{"decline referral", &loanv1.MsgDecideReferral{
			Device: device, OrgId: 3, ApplicationId: 9, NoteHash: saltedHash(t), BriefHash: bytes.Repeat([]byte{0xb7}, 32),
		}, map[string]any{"orgs": orgs}},
		{"appeal", &loanv1.MsgAppeal{
			Device: device, OrgId: 12, ApplicationId: 9, NoteHash: saltedHash(t), DisputeId: 4,
		}, map[string]any{"orgs": orgs}},
	}
}

// offer is an offer under a template, and the message that accepts it.
func offer(t *testing.T, terms loanv1.TemplateTerms, device string) (loanv1.Offer, *loanv1.MsgAccept) {
	t.Helper()
	template, err := artefact.TemplateHash(terms)
	if err != nil {
		t.Fatal(err)
	}
	o := loanv1.Offer{
		Id: 7, ApplicationId: 9, EnterpriseId: 12, LenderOrgId: 3, ProductId: 2, TemplateHash: template[:],
		PrincipalFen: 10_000_000, RateBps: 720, Periods: 12, Status: loanv1.OfferStatus_OFFER_STATUS_OPEN,
		ExpiresAt: fixtureNow + 86400,
	}
	hash, err := artefact.ContractHash(fixtureChain, o)
	if err != nil {
		t.Fatal(err)
	}
	o.ContractHash = hash[:]
	return o, &loanv1.MsgAccept{
		Device: device, OrgId: 12, OfferId: o.Id, ContractHash: hash[:], PrincipalFen: o.PrincipalFen,
		RateBps: o.RateBps, Periods: o.Periods, AutoDebit: true,
	}
}
