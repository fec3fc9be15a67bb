package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/test/world"
)

// TestRefusals proves, on one network, that the gateway refuses by name what it
// must, and that a person gets to her goal another way.
func TestRefusals(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a node and proves a score")
	}
	t.Parallel()
	w := world.Start(t)
	owner := newVisitor(t, w)
	book := sample.Make(sample.Options{Seed: 5, Profile: sample.Healthy})
	register(t, owner, book.Owner)

	checkLogins(t, owner)
	checkSecondFirm(t, w, book.Owner)
	checkSigning(t, w, owner)
	owner.sign("/xinlian.org.v1.MsgActivateDevice", nil)
	owner.sign("/xinlian.org.v1.MsgChooseCustodian", map[string]string{"custodian_org_id": "5"})
	checkUploads(t, owner, book)
	checkRefusedConsent(t, owner)
	checkRestart(t, w, owner)
	checkReferral(t, w, owner)
	checkRevoked(t, w, owner)
	checkFraud(t, w)
	checkPulled(t, w)
	checkFrozen(t, w, owner)
}

// checkLogins: a nonce is good once, a signature for another use is none, and the
// owner finds her way back in another browser.
func checkLogins(t *testing.T, v *visitor) {
	t.Helper()
	good := v.proof(passkey.DomainLogin)
	for name, bend := range map[string]func(map[string]string){
		"signed as a transaction": func(m map[string]string) { copyInto(m, v.proof(passkey.DomainSign)) },
		"signed as a read":        func(m map[string]string) { copyInto(m, v.proof(passkey.DomainRead)) },
		"another nonce":           func(m map[string]string) { m["nonce"] = v.proof(passkey.DomainLogin)["nonce"] },
		"no such nonce":           func(m map[string]string) { m["nonce"] = b64(make([]byte, 32)) },
		"another key": func(m map[string]string) {
			m["public_key"] = newVisitor(t, v.w).proof(passkey.DomainLogin)["public_key"]
		},
	} {
		in := map[string]string{}
		copyInto(in, v.proof(passkey.DomainLogin))
		bend(in)
		if status, _ := v.post("/login", in); status != http.StatusUnauthorized {
			t.Errorf("login %s: status %d", name, status)
		}
	}
	if status, page := v.form("/login", url.Values{"firm_name": {"x"}}); status != http.StatusUnsupportedMediaType || !strings.Contains(page, "页面还没有加载完") {
		t.Errorf("a form without its script: %d %s", status, plain(page))
	}
	v.forget()
	if status, _ := v.ask("/owner"); status != http.StatusOK || strings.Contains(v.get("/owner"), "启用这台设备") {
		t.Error("the owner's page shows without a session")
	}
	good["public_key"] = "" // this browser does not know the key; the gateway remembers it by the credential
	if status, answer := v.post("/login", good); status != http.StatusOK || answer["location"] != "/owner" {
		t.Errorf("login: %d %v", status, answer)
	}
	if status, _ := v.post("/login", good); status != http.StatusUnauthorized {
		t.Errorf("the same login again: status %d", status)
	}
	stranger := newVisitor(t, v.w)
	if status, answer := stranger.post("/login", stranger.proof(passkey.DomainLogin)); status != http.StatusUnauthorized {
		t.Errorf("a device that nobody registered: %d %v", status, answer)
	}
}

func copyInto(m, from map[string]string) {
	for k, v := range from {
		m[k] = v
	}
}

// checkSecondFirm: a firm cannot come back under another device, and a wrong tax
// number is named before anything is sent.
func checkSecondFirm(t *testing.T, w *world.World, o sample.Owner) {
	t.Helper()
	v := newVisitor(t, w)
	enrol := func(o sample.Owner) (int, map[string]any) {
		in := map[string]string{"firm_name": o.Name, "tax_number": o.TaxNumber, "account": o.Account, "agreed": "true"}
		copyInto(in, v.proof(passkey.DomainLogin))
		return v.post("/enrol", in)
	}
	if status, answer := enrol(o); status != http.StatusConflict {
		t.Errorf("the same firm again: %d %v", status, answer)
	}
	o.TaxNumber = o.TaxNumber[:17] + "0"
	if status, answer := enrol(o); status != http.StatusUnprocessableEntity || !strings.Contains(answer["title"].(string), "校验码") {
		t.Errorf("a mistyped tax number: %d %v", status, answer)
	}
}

// checkSigning: sign bytes are of one session, and a signature must be over them.
func checkSigning(t *testing.T, w *world.World, v *visitor) {
	t.Helper()
	_, prepared := v.post("/tx/prepare", map[string]any{"kind": "/xinlian.org.v1.MsgActivateDevice", "fields": map[string]string{}})
	raw, err := base64.StdEncoding.DecodeString(prepared["sign_bytes"].(string))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := v.device.Sign(raw)
	if err != nil {
		t.Fatal(err)
	}
	submission := map[string]string{"sign_bytes": b64(raw), "signature": b64(signature)}
	stranger := newVisitor(t, w)
	if status, _ := stranger.post("/tx/submit", submission); status != http.StatusUnauthorized {
		t.Errorf("submitting without a session: status %d", status)
	}
	other := newVisitor(t, w)
	register(t, other, sample.Make(sample.Options{Seed: 6, Profile: sample.Thin}).Owner)
	if status, _ := other.post("/tx/submit", submission); status != http.StatusGone {
		t.Errorf("submitting another session's: status %d", status)
	}
	bent := append([]byte{}, raw...)
	bent[len(bent)-1] ^= 1
	if status, _ := v.post("/tx/submit", map[string]string{"sign_bytes": b64(bent), "signature": b64(signature)}); status != http.StatusGone {
		t.Errorf("submitting other bytes: status %d", status)
	}
	wrong, err := other.device.Sign(raw)
	if err != nil {
		t.Fatal(err)
	}
	status, answer := v.post("/tx/submit", map[string]string{"sign_bytes": b64(raw), "signature": b64(wrong)})
	if status != http.StatusUnprocessableEntity || answer["code"] == nil {
		t.Errorf("another device's signature: %d %v", status, answer)
	}
	if status, _ := v.post("/tx/prepare", map[string]any{"kind": "/xinlian.org.v1.MsgUpdateParams", "fields": map[string]string{}}); status != http.StatusUnprocessableEntity {
		t.Errorf("preparing a kind off the list: status %d", status)
	}
}

// checkUploads: an upload without a readable record says so and costs nothing,
// and a key serves one upload.
func checkUploads(t *testing.T, v *visitor, book *sample.Book) {
	t.Helper()
	status, page := v.upload("bad", []sample.File{{Name: "notes.txt", Data: []byte("hello")}})
	if status != http.StatusOK || !strings.Contains(page, "没有读到可用的记录") || !strings.Contains(page, "notes.txt") || !strings.Contains(page, "file-type") {
		t.Errorf("a file of no known type: %d %s", status, plain(page))
	}
	files := book.Files()
	if status, page := v.upload("good", files); status != http.StatusOK || !strings.Contains(page, "已加密保存") {
		t.Fatalf("upload: %d %s", status, plain(page))
	}
	if status, _ := v.upload("good", files[:1]); status != http.StatusConflict {
		t.Errorf("the same key for other files: status %d", status)
	}
	status, page = v.upload("again", files[:1])
	if status != http.StatusOK || !strings.Contains(page, "全部此前已有") {
		t.Errorf("a file uploaded twice: %d %s", status, plain(page))
	}
}

// checkRefusedConsent: a refused consent ends the file with its reason.
func checkRefusedConsent(t *testing.T, v *visitor) {
	t.Helper()
	ids := askBank(t, v)
	v.sign("/xinlian.profile.v1.MsgRefuseConsent", map[string]string{"consent_id": ids[0]})
	v.until("/owner/progress", "您拒绝了其中一份授权", 20*time.Second)
}

// askBank begins a file with bank A and lists the consents that wait.
func askBank(t *testing.T, v *visitor) []string {
	t.Helper()
	if status, page := v.form("/owner/files", url.Values{"lender": {"1"}}); status != http.StatusOK {
		t.Fatalf("asking the bank: %d %s", status, plain(page))
	}
	v.until("/owner/progress", "去授权", 20*time.Second)
	return values(v.get("/owner/consents"), `data-sign="/xinlian.profile.v1.MsgGrantConsent"[^>]*>\s*<input type="hidden" name="consent_id" value="([0-9a-f]{64})"`)
}

// checkRestart: the gateway is stopped in the middle of the work and goes on
// from its database.
func checkRestart(t *testing.T, w *world.World, v *visitor) {
	t.Helper()
	ids := askBank(t, v)
	if len(ids) != 3 {
		t.Fatalf("%d consents wait, want 3", len(ids))
	}
	for _, id := range ids {
		v.sign("/xinlian.profile.v1.MsgGrantConsent", map[string]string{"consent_id": id})
	}
	w.Restart()
	v.until("/owner/progress", "查看评分", 2*time.Minute)
}

// checkReferral: what a person must decide on is decided by an officer with her
// passkey, whose reason stays off the chain.
func checkReferral(t *testing.T, w *world.World, owner *visitor) {
	t.Helper()
	owner.sign("/xinlian.loan.v1.MsgApply", map[string]string{"product_id": "1", "amount_fen": "15100000", "periods": "12"})
	if page := owner.get("/owner/applications"); !strings.Contains(page, "转人工") {
		t.Fatalf("the application is not referred: %s", plain(page))
	}
	officer := newVisitor(t, w)
	officer.device = w.BankA.Admin
	if status, answer := officer.post("/login", officer.proof(passkey.DomainLogin)); status != http.StatusOK || answer["location"] != "/officer" {
		t.Fatalf("the officer's login: %d %v", status, answer)
	}
	page := officer.get("/officer")
	if cases := values(page, `href="/officer/applications/([0-9]+)"`); len(cases) != 1 {
		t.Fatalf("%d cases: %s", len(cases), plain(page))
	}
	readRecords(t, officer)
	brief := values(officer.get("/officer/applications/1"), `name="brief_hash" value="([0-9a-f]{64})"`)
	if len(brief) != 1 {
		t.Fatalf("%d briefs to sign for, want the same in both forms", len(brief))
	}
	fields := map[string]string{
		"application_id": "1", "approve": "true", "amount_fen": "12000000", "note_hash": strings.Repeat("00", 32), "brief_hash": brief[0],
	}
	salted := map[string]any{"note_hash": map[string]string{"text": "流水稳定，同意", "salt": strings.Repeat("5a", 32)}}
	if status, _ := officer.post("/tx/prepare", map[string]any{"kind": "/xinlian.loan.v1.MsgDecideReferral", "fields": fields, "salted": salted}); status != http.StatusUnprocessableEntity {
		t.Errorf("a hash that is not the text's: status %d", status)
	}
	fields["brief_hash"] = strings.Repeat("5b", 32)
	if status, answer := officer.post("/tx/prepare", map[string]any{"kind": "/xinlian.loan.v1.MsgDecideReferral", "fields": fields}); status != http.StatusConflict {
		t.Errorf("a brief that was not shown: status %d %v", status, answer)
	}
	hosted := newVisitor(t, w)
	if status, _ := hosted.form("/hosted", url.Values{"org": {"1"}}); status != http.StatusOK {
		t.Fatalf("entering the hosted desk: status %d", status)
	}
	status, page := hosted.form("/tx/hosted", url.Values{
		"kind": {"/xinlian.loan.v1.MsgDecideReferral"}, "next": {"/officer/applications/1"}, "application_id": {"1"}, "approve": {"true"},
		"brief_hash": {brief[0]}, "yuan.amount_fen": {"120,000.00"}, "salted.note_hash": {"流水稳定，同意"},
	})
	if status != http.StatusOK || !strings.Contains(page, "系统原先的决定") || !strings.Contains(page, "签字时的审批摘要") {
		t.Fatalf("deciding: %d %s", status, plain(page))
	}
	if page := owner.get("/owner"); !strings.Contains(page, "您有一份贷款报价") {
		t.Errorf("the owner sees no offer: %s", plain(page))
	}
	if status, _ := owner.ask("/officer/applications/1"); status != http.StatusOK || strings.Contains(owner.get("/officer/applications/1"), "现金流") {
		t.Error("an owner sees the officer's page")
	}
}

// readRecords opens the records with the officer's passkey, as her browser does.
func readRecords(t *testing.T, officer *visitor) {
	t.Helper()
	consent := values(officer.get("/officer/applications/1"), `name="consent_id" value="([0-9a-f]{64})"`)
	if len(consent) != 1 {
		t.Fatal("the case names no consent")
	}
	status, prepared := officer.post("/read/prepare", map[string]string{"consent_id": consent[0]})
	if status != http.StatusOK {
		t.Fatalf("preparing a read: %d %v", status, prepared)
	}
	raw, err := base64.StdEncoding.DecodeString(prepared["request"].(string))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := officer.device.SignRead(raw)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]string{"request": b64(raw), "signature": b64(signature)}
	if status, answer := officer.post("/read", in); status != http.StatusOK {
		t.Fatalf("reading: %d %v", status, answer)
	}
	if page := officer.get("/officer/applications/1"); !strings.Contains(page, "与链上评分相同") || !strings.Contains(page, "<svg") {
		t.Errorf("the records are not shown: %s", plain(page))
	}
	if status, _ := officer.post("/read", in); status == http.StatusOK {
		t.Error("the same request reads twice")
	}
}

// checkRevoked: after the owner has revoked, the vault refuses the next read, at
// this gateway and over the network alike.
func checkRevoked(t *testing.T, w *world.World, owner *visitor) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	list, err := w.Client.Profile.Consents(ctx, &profilev1.QueryConsentsRequest{GranteeOrgId: w.BankA.ID})
	if err != nil {
		t.Fatal(err)
	}
	var id []byte
	for _, c := range list.Consents {
		if c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE {
			id = c.Id
		}
	}
	elsewhere := w.Elsewhere(w.BankA)
	r, err := elsewhere.Desk(w.BankA.ID).Open(ctx, w.BankA.Service, id)
	if err != nil || len(r.Opened) == 0 {
		t.Fatalf("reading over the network: %d records, %v", len(r.Opened), err)
	}
	owner.sign("/xinlian.profile.v1.MsgRevokeConsent", map[string]string{"consent_id": hex.EncodeToString(id)})
	if _, err := elsewhere.Desk(w.BankA.ID).Open(ctx, w.BankA.Service, id); !errors.Is(err, vault.ErrConsentRevoked) {
		t.Errorf("over the network: got %v", err)
	}
	if _, err := w.Server.Desk(w.BankA.ID).Open(ctx, w.BankA.Service, id); !errors.Is(err, vault.ErrConsentRevoked) {
		t.Errorf("in the process: got %v", err)
	}
	page := owner.get("/owner/data")
	if !strings.Contains(page, "已拒绝：您已撤回授权") {
		t.Errorf("the owner does not see the refused read: %s", plain(page))
	}
}

// checkFraud: a verifier does not stand by records that contradict each other,
// and the owner reads what was found.
func checkFraud(t *testing.T, w *world.World) {
	t.Helper()
	v := newVisitor(t, w)
	book := sample.Make(sample.Options{Seed: 9, Profile: sample.Fraud})
	register(t, v, book.Owner)
	v.sign("/xinlian.org.v1.MsgActivateDevice", nil)
	v.sign("/xinlian.org.v1.MsgChooseCustodian", map[string]string{"custodian_org_id": "5"})
	if status, page := v.upload("fraud", book.Files()); status != http.StatusOK {
		t.Fatalf("upload: %d %s", status, plain(page))
	}
	for _, id := range askBank(t, v) {
		v.sign("/xinlian.profile.v1.MsgGrantConsent", map[string]string{"consent_id": id})
	}
	page := v.until("/owner/progress", "核验机构认为记录之间有矛盾", time.Minute)
	if len(values(page, `<li>([^<]+)</li>`)) == 0 {
		t.Errorf("the findings are not told: %s", plain(page))
	}
}

// checkFrozen: a session ends with its device.
func checkFrozen(t *testing.T, w *world.World, owner *visitor) {
	t.Helper()
	if page := owner.get("/owner"); !strings.Contains(page, "可用额度") {
		t.Fatalf("the owner's page: %s", plain(page))
	}
	address := wire.Address(owner.device)
	w.Send(t.Context(), owner.device, &orgv1.MsgFreezeDevice{Device: address, OrgId: owner.enterprise(), Target: address})
	if page := owner.get("/owner"); strings.Contains(page, "可用额度") {
		t.Error("a frozen device's session still shows the owner's page")
	}
	if status, _ := owner.post("/tx/prepare", map[string]any{"kind": "/xinlian.org.v1.MsgActivateDevice", "fields": map[string]string{}}); status != http.StatusUnauthorized {
		t.Errorf("a frozen device's session prepares: status %d", status)
	}
	if status, _ := owner.post("/login", owner.proof(passkey.DomainLogin)); status != http.StatusForbidden {
		t.Errorf("a frozen device logs in: status %d", status)
	}
}
