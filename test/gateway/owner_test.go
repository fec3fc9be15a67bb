package gateway_test

import (
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/bundle"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/test/world"
)

// TestOwnersLine proves that an owner gets from nothing to money through the
// portal alone: registration, her signatures, her files with one bad row named,
// three consents, a proven score with reasons, an offer, a loan, a repayment and
// a bundle that verifies offline.
func TestOwnersLine(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a node and proves a score")
	}
	t.Parallel()
	w := world.Start(t)
	v := newVisitor(t, w)
	book := sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy, BrokenRow: true})

	register(t, v, book.Owner)
	v.sign("/xinlian.org.v1.MsgActivateDevice", nil)
	v.until("/owner", "选择数据托管机构", 10*time.Second)
	v.sign("/xinlian.org.v1.MsgChooseCustodian", map[string]string{"custodian_org_id": "5"})

	began := time.Now()
	status, page := v.upload("key-1", book.Files())
	t.Logf("upload: %d files in %s", len(book.Files()), time.Since(began))
	if status != http.StatusOK || !strings.Contains(page, "已加密保存") {
		t.Fatalf("upload: %d %s", status, plain(page))
	}
	for _, want := range []string{path.Base(book.Broken.File), book.Broken.Rule} {
		if !strings.Contains(page, want) {
			t.Errorf("the upload's page does not name %q of the broken row", want)
		}
	}
	if _, again := v.upload("key-1", book.Files()); plain(again) != plain(page) {
		t.Error("the same upload sent again is not the same answer")
	}

	if status, _ := v.form("/owner/files", url.Values{"lender": {"1"}}); status != http.StatusOK {
		t.Fatalf("asking the bank: status %d", status)
	}
	v.until("/owner/progress", "去授权", 20*time.Second)
	page = v.get("/owner/consents")
	ids := values(page, `name="consent_id" value="([0-9a-f]{64})"`)
	if len(ids) != 3 {
		t.Fatalf("%d consents are asked for, want 3", len(ids))
	}
	for _, id := range ids {
		v.sign("/xinlian.profile.v1.MsgGrantConsent", map[string]string{"consent_id": id})
	}
	began = time.Now()
	page = v.until("/owner/progress", "查看评分", 2*time.Minute)
	t.Logf("consents to score: %s", time.Since(began))
	if strings.Contains(page, "未完成") {
		t.Fatal(plain(page))
	}
	checkScore(t, v)
	checkLoan(t, v)
}

func register(t testing.TB, v *visitor, o sample.Owner) {
	t.Helper()
	in := map[string]string{"firm_name": o.Name, "tax_number": o.TaxNumber, "account": o.Account, "agreed": "true"}
	for k, val := range v.proof(passkey.DomainLogin) {
		in[k] = val
	}
	status, answer := v.post("/enrol", in)
	if status != http.StatusOK || answer["location"] != "/owner" {
		t.Fatalf("enrolling: %d %v", status, answer)
	}
	if page := v.get("/owner"); !strings.Contains(page, "启用这台设备") {
		t.Fatal(plain(page))
	}
}

// checkScore looks at the score's page, its reasons and the way up, and at the
// sliders, which the same scorecard and the chain's own terms answer.
func checkScore(t *testing.T, v *visitor) {
	t.Helper()
	page := v.get("/owner/score")
	for _, want := range []string{"扣分的原因", "怎样提高", "已由链上校验", "A 级已经是最好的等级", "来源：", "数据截至"} {
		if !strings.Contains(plain(page), want) {
			t.Errorf("the score's page does not say %q: %s", want, plain(page))
		}
	}
	checkSliders(t, v)
	if page := v.get("/owner/score?lang=en"); !strings.Contains(page, "What cost points") {
		t.Error("the score's page has no English")
	}
	v.get("/owner?lang=zh")
	if page := v.get("/owner/data"); !strings.Contains(page, "数据质量 B") || !strings.Contains(page, "已放行") {
		t.Errorf("the data page shows neither grade nor reads: %s", plain(page))
	}
}

// checkSliders moves each slider to its best: the score never falls by one that does
// better, what is shown follows, and nothing else than a slider's place is taken.
func checkSliders(t *testing.T, v *visitor) {
	t.Helper()
	page := v.get("/owner/whatif")
	if !strings.Contains(page, "试算，不构成承诺") || !strings.Contains(plain(page), "额度") {
		t.Errorf("the sliders' page: %s", plain(page))
	}
	names := values(page, `type="range" name="(f[0-9]+)"`)
	if len(names) == 0 {
		t.Fatal("no slider")
	}
	query := url.Values{}
	for _, name := range names {
		query.Set(name, "20")
		part := v.get("/owner/whatif/part?" + query.Encode())
		if won := values(part, `([+-][0-9]+) 分，等级`); len(won) != 1 || strings.HasPrefix(won[0], "-") {
			t.Errorf("with %v at their best: %v", query, won)
		}
		if !strings.Contains(part, `id="at-`+name[1:]+`" hx-swap-oob="true"`) {
			t.Errorf("the answer does not say where %s stands", name)
		}
	}
	if status, _ := v.ask("/owner/whatif/part?" + names[0] + "=21"); status != http.StatusUnprocessableEntity {
		t.Errorf("a place beyond the slider: status %d", status)
	}
}

// checkLoan applies, signs, repays and exports.
func checkLoan(t *testing.T, v *visitor) {
	t.Helper()
	if part := v.get("/owner/apply/preview?product_id=1&amount_fen=50000&periods=12"); !strings.Contains(part, "试算") {
		t.Errorf("no preview: %s", part)
	}
	v.sign("/xinlian.loan.v1.MsgApply", map[string]string{"product_id": "1", "amount_fen": "5000000", "periods": "12"})
	page := v.get("/owner/applications")
	offers := values(page, `href="(/owner/offers/[0-9]+)"`)
	if len(offers) != 1 {
		t.Fatalf("%d offers, want 1: %s", len(offers), plain(page))
	}
	page = v.get(offers[0])
	field := func(name string) string { return values(page, `name="`+name+`" value="([0-9]+)"`)[0] }
	began := time.Now()
	v.sign("/xinlian.loan.v1.MsgAccept", map[string]string{
		"offer_id": field("offer_id"), "principal_fen": field("principal_fen"), "rate_bps": field("rate_bps"), "periods": field("periods"), "auto_debit": "true",
	})
	t.Logf("signature to money: %s", time.Since(began))
	if page := v.get("/owner"); !strings.Contains(page, "¥30,000.00") {
		t.Errorf("the first tranche is not in the account: %s", plain(page))
	}
	v.sign("/xinlian.loan.v1.MsgRepay", map[string]string{"loan_id": "1", "amount_fen": "100000"})
	if page := v.get("/owner/loans/1"); !strings.Contains(page, "主动还款") {
		t.Errorf("the repayment is not in the journal: %s", plain(page))
	}
	res, err := v.http.Get(v.w.Origin + "/owner/loans/1/bundle")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	file, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	root, err := bundle.ParseTrustRoot(res.Header.Get("X-Xinlian-Trust"))
	if err != nil {
		t.Fatal(err)
	}
	if report := bundle.Verify(file, &root, time.Now()); report.Verdict != bundle.Valid {
		t.Errorf("the bundle does not verify: %+v", report)
	}
	for _, path := range []string{"/explorer", "/explorer/loans/1", "/explorer/org/8", "/explorer/org/3"} {
		v.get(path)
	}
}
