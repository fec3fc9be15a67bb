package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/bundle"
	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/evidence"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/test/world"
)

// TestRights proves that an owner sees each read of her records and can show it
// to anybody, and what she may do about what is held of her.
func TestRights(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a node")
	}
	t.Parallel()
	w := world.Start(t)
	v := newVisitor(t, w)
	v.ready(sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy}))
	ids := v.grantAll()
	v.until("/owner/access", "已放行", 30*time.Second)
	checkAccess(t, v, ids)
	checkAnchors(t, w)
	checkErasure(t, v, ids)
}

// ready brings a firm to where it has records with a custodian.
func (v *visitor) ready(book *sample.Book) {
	v.tb.Helper()
	register(v.tb, v, book.Owner)
	v.sign("/xinlian.org.v1.MsgActivateDevice", nil)
	v.until("/owner", "选择数据托管机构", 10*time.Second)
	v.sign("/xinlian.org.v1.MsgChooseCustodian", map[string]string{"custodian_org_id": "5"})
	if status, page := v.upload("key-1", book.Files()); status != http.StatusOK || !strings.Contains(page, "已加密保存") {
		v.tb.Fatalf("upload: %d %s", status, plain(page))
	}
	if page := v.get("/owner/access"); !strings.Contains(page, "还没有人查询过您的数据") {
		v.tb.Errorf("no empty state: %s", plain(page))
	}
}

// grantAll asks the bank and grants what is asked for. It returns the consents.
func (v *visitor) grantAll() []string {
	v.tb.Helper()
	if status, _ := v.form("/owner/files", url.Values{"lender": {"1"}}); status != http.StatusOK {
		v.tb.Fatalf("asking the bank: status %d", status)
	}
	v.until("/owner/progress", "去授权", 20*time.Second)
	ids := values(v.get("/owner/consents"), `name="consent_id" value="([0-9a-f]{64})"`)
	for _, id := range ids {
		v.sign("/xinlian.profile.v1.MsgGrantConsent", map[string]string{"consent_id": id})
	}
	return ids
}

// checkAccess looks at the list of reads as its owner does, and verifies one
// receipt offline; another firm's receipt is not there for her.
func checkAccess(t *testing.T, v *visitor, consents []string) {
	t.Helper()
	page := v.get("/owner/access")
	for _, want := range []string{"核验 Clearview", "数据核验", "银行流水", "已放行", "区块高度", "服务"} {
		if !strings.Contains(plain(page), want) {
			t.Errorf("the list of reads lacks %q: %s", want, plain(page))
		}
	}
	if page := v.get("/owner/access?org=3&month=1999-01"); !strings.Contains(page, "没有符合条件的查询记录") {
		t.Errorf("a month without reads: %s", plain(page))
	}
	if page := v.get("/owner/access?lang=en"); !strings.Contains(plain(page), "check by a verifier") {
		t.Errorf("no English: %s", plain(page))
	}
	v.get("/owner/access?lang=zh")
	v.until("/owner/access", "下载证明", 10*time.Second)
	links := values(v.get("/owner/access"), `href="(/owner/access/[0-9]+/proof)"`)
	file := []byte(v.get(links[len(links)-1]))
	root := trustOf(t, v.w, file)
	if r := evidence.VerifyStatement(file, &root, time.Now()); r.Verdict != bundle.Valid {
		t.Errorf("the proof of a receipt does not verify:\n%s", r)
	}
	if r := evidence.VerifyStatement(file, nil, time.Now()); r.Verdict != bundle.Unanchored {
		t.Errorf("without a trust root: %s", r.Verdict)
	}
	var a evidence.AccessReceipt
	if err := json.Unmarshal(file, &a); err != nil {
		t.Fatal(err)
	}
	receipt, err := vault.DecodeReceipt(a.Receipt)
	if err != nil || !strings.Contains(strings.Join(consents, " "), receipt.Consent.String()) {
		t.Errorf("receipt %+v, %v is of none of the consents", receipt, err)
	}
	receipt.Records++
	if a.Receipt, err = receipt.Encoded(); err != nil {
		t.Fatal(err)
	}
	bent, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if r := evidence.VerifyStatement(bent, &root, time.Now()); r.Verdict != bundle.Refused || r.Checks[len(r.Checks)-1].Name != "log of reads" {
		t.Errorf("a bent receipt: %s", r)
	}
	for _, path := range []string{"/owner/access/9999/proof", "/owner/access/x/proof"} {
		if status, _ := v.ask(path); status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, status)
		}
	}
	other := newVisitor(t, v.w)
	register(t, other, sample.Make(sample.Options{Seed: 12, Profile: sample.Thin}).Owner)
	if status, _ := other.ask(links[0]); status != http.StatusNotFound {
		t.Errorf("another firm's receipt: status %d", status)
	}
}

// trustOf is the block that a statement hangs on, as the node has it.
func trustOf(t *testing.T, w *world.World, file []byte) bundle.TrustRoot {
	t.Helper()
	root, err := bundle.ParseTrustRoot(evidence.VerifyStatement(file, nil, time.Now()).Root)
	if err != nil {
		t.Fatal(err)
	}
	h, err := w.Client.Header(t.Context(), root.Height)
	if err != nil {
		t.Fatal(err)
	}
	return bundle.TrustRoot{Height: root.Height, Hash: h.Hash()}
}

// checkAnchors measures how many blocks after its decision each receipt is on
// chain.
func checkAnchors(t *testing.T, w *world.World) {
	t.Helper()
	log := w.Server.Custodian().Vault.Log()
	world.Until(t, "anchor of every receipt", 10*time.Second, func() bool { return log.LastAnchored().To == log.Len() })
	delays := map[uint64]int{}
	for s := uint64(1); s <= log.LastAnchored().To; s++ {
		r, err := log.Receipt(s)
		if err != nil {
			t.Fatal(err)
		}
		delay := uint64(0)
		for ; delay < 20; delay++ {
			a, err := w.Client.Profile.AccessLog(chain.AtHeight(t.Context(), int64(r.Height+delay)), &profilev1.QueryAccessLogRequest{VaultOrgId: w.Settlement.ID})
			if err != nil {
				t.Fatal(err)
			}
			if a.Log.Sequence >= s {
				break
			}
		}
		if delays[delay]++; delay > 3 {
			t.Errorf("receipt %d of height %d is on chain %d blocks later", s, r.Height, delay)
		}
	}
	t.Logf("blocks from decision to anchor: %v", fmt.Sprint(delays))
	if len(delays) == 0 {
		t.Error("nothing was anchored")
	}
}

// checkErasure orders the erasure and holds the receipt that anybody can verify;
// every reader posts that its copies are gone.
func checkErasure(t *testing.T, v *visitor, consents []string) {
	t.Helper()
	if page := v.get("/owner/erasure"); !strings.Contains(page, "不能撤销") {
		t.Errorf("the page lacks the consequences: %s", plain(page))
	}
	if status, _ := v.ask("/owner/erasure/receipt"); status != http.StatusNotFound {
		t.Errorf("a receipt before the erasure: status %d", status)
	}
	v.sign("/xinlian.profile.v1.MsgRequestErasure", nil)
	v.until("/owner/erasure", "下载删除回执", 30*time.Second)
	file := []byte(v.get("/owner/erasure/receipt"))
	root := trustOf(t, v.w, file)
	if r := evidence.VerifyStatement(file, &root, time.Now()); r.Verdict != bundle.Valid {
		t.Errorf("the receipt of the erasure does not verify:\n%s", r)
	}
	var f evidence.ErasureReceipt
	if err := json.Unmarshal(file, &f); err != nil {
		t.Fatal(err)
	}
	e, err := vault.DecodeErasure(f.Statements[0])
	if err != nil {
		t.Fatal(err)
	}
	e.Batches++
	if f.Statements[0], err = e.Encoded(); err != nil {
		t.Fatal(err)
	}
	bent, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if r := evidence.VerifyStatement(bent, &root, time.Now()); r.Verdict != bundle.Refused {
		t.Errorf("a bent statement: %s", r)
	}
	posted := 0
	world.Until(t, "deletion receipt of every consent", 30*time.Second, func() bool {
		posted = 0
		for _, o := range []*world.Org{v.w.BankA, v.w.VerifierA, v.w.VerifierB} {
			r, err := v.w.Client.Profile.DeletionReceipts(t.Context(), &profilev1.QueryDeletionReceiptsRequest{OrgId: o.ID})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range r.Receipts {
				if d.PostedAt > 0 {
					posted++
				}
			}
		}
		return posted >= len(consents)
	})
	if posted != len(consents) {
		t.Errorf("%d deletion receipts of %d", posted, len(consents))
	}
}
