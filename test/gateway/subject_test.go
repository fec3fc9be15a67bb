package gateway_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/bundle"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/dossier"
	"github.com/xinlian/xinlian/gateway/evidence"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/test/world"
)

// TestSubject proves what an owner may do about what is held of her beside reading
// who looked: take everything out, have it corrected, narrow and renew consents,
// see a regulator's case, and rely on an erasure after a backup is put back.
func TestSubject(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a node")
	}
	t.Parallel()
	w := world.Start(t)
	v := newVisitor(t, w)
	v.ready(sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy}))
	enterprise := v.enterprise()
	v.grantAll()
	v.until("/owner/access", "已放行", 30*time.Second)
	checkExport(t, v)
	checkTerms(t, v, fmt.Sprint(enterprise))
	checkCase(t, v, fmt.Sprint(enterprise))
	checkCorrection(t, v)
	restore := w.Backup()
	v.sign("/xinlian.profile.v1.MsgRequestErasure", nil)
	v.until("/owner/erasure", "下载删除回执", 30*time.Second)
	checkForgotten(t, w, enterprise)
	checkRestored(t, v, enterprise, restore)
}

// signRead prepares, signs and posts a request to read.
func (v *visitor) signRead(fields map[string]string) (int, map[string]any) {
	v.tb.Helper()
	status, prepared := v.post("/read/prepare", fields)
	if status != http.StatusOK {
		return status, prepared
	}
	raw, err := base64.StdEncoding.DecodeString(prepared["request"].(string))
	if err != nil {
		v.tb.Fatal(err)
	}
	signature, err := v.device.SignRead(raw)
	if err != nil {
		v.tb.Fatal(err)
	}
	return v.post("/read", map[string]string{"request": b64(raw), "signature": b64(signature)})
}

// text signs with a text that the chain gets the salted hash of.
func (v *visitor) signText(kind, field, words string, fields map[string]string) {
	v.tb.Helper()
	salt := bytes.Repeat([]byte{0x5b}, 32)
	hash, err := canon.New("salted-text").Fixed(salt).String(words).Sum()
	if err != nil {
		v.tb.Fatal(err)
	}
	fields[field] = hex.EncodeToString(hash[:])
	status, prepared := v.post("/tx/prepare", map[string]any{
		"kind": kind, "fields": fields, "salted": map[string]any{field: map[string]string{"text": words, "salt": hex.EncodeToString(salt)}},
	})
	if status != http.StatusOK {
		v.tb.Fatalf("preparing %s: %d %v", kind, status, prepared)
	}
	raw, err := base64.StdEncoding.DecodeString(prepared["sign_bytes"].(string))
	if err != nil {
		v.tb.Fatal(err)
	}
	signature, err := v.device.Sign(raw)
	if err != nil {
		v.tb.Fatal(err)
	}
	if status, done := v.post("/tx/submit", map[string]string{"sign_bytes": b64(raw), "signature": b64(signature)}); status != http.StatusOK {
		v.tb.Fatalf("submitting %s: %d %v", kind, status, done)
	}
}

// checkExport takes everything out as its owner, and compares the archive with
// what vault and chain hold.
func checkExport(t *testing.T, v *visitor) {
	t.Helper()
	if status, _ := v.ask("/owner/export/archive"); status != http.StatusNotFound {
		t.Errorf("an archive that nobody signed for: status %d", status)
	}
	if status, answer := v.signRead(map[string]string{"purpose": "export"}); status != http.StatusOK || answer["location"] != "/owner/export" {
		t.Fatalf("signing for the export: %d %v", status, answer)
	}
	other := newVisitor(t, v.w)
	register(t, other, sample.Make(sample.Options{Seed: 21, Profile: sample.Thin}).Owner)
	if status, _ := other.ask("/owner/export/archive"); status != http.StatusNotFound {
		t.Errorf("another owner gets: status %d", status)
	}
	if status, _ := other.signRead(map[string]string{"purpose": "export"}); status == http.StatusOK {
		t.Error("an owner without a custodian here signs for an export")
	}
	if page := v.get("/owner/export"); !strings.Contains(page, "下载压缩包") {
		t.Errorf("no archive is ready: %s", plain(page))
	}
	checkArchive(t, v, []byte(v.get("/owner/export/archive")))
	if status, _ := v.ask("/owner/export/archive"); status != http.StatusConflict {
		t.Errorf("the same archive twice: status %d", status)
	}
	if page := v.get("/owner/export/part"); !strings.Contains(page, "已完整写出") {
		t.Errorf("progress: %s", plain(page))
	}
	if page := v.get("/owner/access"); !strings.Contains(page, "企业主自己导出") {
		t.Errorf("the owner's own read is not listed: %s", plain(page))
	}
}

func checkArchive(t *testing.T, v *visitor, file []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	content := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if content[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	var m dossier.Manifest
	if err := json.Unmarshal(content["manifest.json"], &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != len(content)-1 {
		t.Errorf("the manifest lists %d files of %d", len(m.Files), len(content)-1)
	}
	for _, f := range m.Files {
		if sum := sha256.Sum256(content[f.Name]); hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(content[f.Name])) != f.Bytes {
			t.Errorf("%s is not what the manifest says", f.Name)
		}
	}
	// Each record of each batch on chain is there once, and the batch's root comes
	// out of salts and canonical bytes again.
	var total uint64
	batches, err := v.w.Client.Profile.Batches(t.Context(), &profilev1.QueryBatchesRequest{EnterpriseId: m.Enterprise})
	if err != nil || len(batches.Batches) == 0 {
		t.Fatal(batches, err)
	}
	for _, b := range batches.Batches {
		name := path.Join("records", b.Anchor.SchemaId+"-v"+string(rune('0'+b.Anchor.SchemaVersion)), hex.EncodeToString(b.Anchor.BatchId)+".jsonl")
		schema, ok := record.Find(b.Anchor.SchemaId, uint16(b.Anchor.SchemaVersion))
		if !ok || content[name] == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		var leaves [][record.HashBytes]byte
		for d := json.NewDecoder(bytes.NewReader(content[name])); d.More(); total++ {
			var r dossier.Record
			if err := d.Decode(&r); err != nil {
				t.Fatal(err)
			}
			decoded, err := record.Decode(r.Canonical)
			if err != nil || decoded.SourceID() != r.Fields["source_id"] || r.Schema != b.Anchor.SchemaId {
				t.Fatalf("%s: %+v, %v", name, r, err)
			}
			leaves = append(leaves, [record.HashBytes]byte(record.LeafHash(m.Enterprise, schema, r.Salt, r.Canonical)))
		}
		if root := record.NewTree(leaves).Root(); !bytes.Equal(root[:], b.Anchor.Root) || len(leaves) != int(b.Anchor.RecordCount) {
			t.Errorf("%s: %d records with another root than the anchored one", name, len(leaves))
		}
	}
	if total != m.Records {
		t.Errorf("%d records, the manifest says %d", total, m.Records)
	}
	for _, want := range []string{"谁看过", "Everything held", "Clearview", "银行流水"} {
		if !strings.Contains(string(content["report.html"]), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if n := bytes.Count(content["report.html"], []byte("<tr>")); n < int(total) {
		t.Errorf("the report has %d rows for %d records", n, total)
	}
	for _, name := range []string{"consents.json", "reads.json", "attestations.json", "scores.json", "applications.json", "loans.json", "disputes.json", "schemas.json", "organisation.json"} {
		if !json.Valid(content[name]) {
			t.Errorf("%s: %.60s", name, content[name])
		}
	}
	t.Logf("archive: %d files, %d records, %d bytes", len(content), total, len(file))
}

// checkCase opens a case with one person of the regulator, confirms it with
// another, reads, and looks at it as the owner does.
func checkCase(t *testing.T, v *visitor, enterprise string) {
	t.Helper()
	first, second := newVisitor(t, v.w), newVisitor(t, v.w)
	first.device = v.w.Regulator.Admin
	enrolOfficer(t, v.w, second)
	for _, x := range []*visitor{first, second} {
		if status, answer := x.post("/login", x.proof(passkey.DomainLogin)); status != http.StatusOK || answer["location"] != "/regulator" {
			t.Fatalf("the regulator's login: %d %v", status, answer)
		}
	}
	second.sign("/xinlian.org.v1.MsgActivateDevice", nil)
	entered := url.Values{
		"case_number": {"2026-17"}, "enterprise_id": {enterprise}, "month_from": {"2025-01"}, "month_to": {"2027-12"},
		"expires_on": {time.Now().AddDate(0, 1, 0).Format(time.DateOnly)}, "categories": {"1"}, "basis": {"《商业银行法》第六十二条"},
	}
	bent := url.Values{}
	for k, x := range entered {
		bent[k] = x
	}
	bent.Set("expires_on", "2020-01-01")
	if status, _ := first.form("/regulator/cases", bent); status != http.StatusUnprocessableEntity {
		t.Errorf("a case that ends before it begins: status %d", status)
	}
	if status, _ := v.form("/regulator/cases", entered); status == http.StatusOK && strings.Contains(v.get("/owner"), "核对并签名") {
		t.Error("an owner drafts a case")
	}
	status, page := first.form("/regulator/cases", entered)
	if status != http.StatusOK {
		t.Fatalf("drafting: %d %s", status, plain(page))
	}
	fields := map[string]string{}
	for _, name := range []string{"enterprise_id", "case_number", "categories", "month_from", "month_to", "expires_at", "purpose_text_hash"} {
		fields["terms."+name] = values(page, `name="terms.`+name+`" value="([^"]*)"`)[0]
	}
	first.sign("/xinlian.profile.v1.MsgOpenCase", fields)
	id := values(first.get("/regulator"), `href="/officer/consents/([0-9a-f]{64})"`)[0]
	if page := first.get("/officer/consents/" + id); !strings.Contains(page, "不能自己确认") || strings.Contains(page, "MsgConfirmCase") {
		t.Errorf("who opened it may confirm it: %s", plain(page))
	}
	if status, _ := first.signRead(map[string]string{"consent_id": id}); status != http.StatusForbidden {
		t.Errorf("reading before the second device: status %d", status)
	}
	if page := second.get("/officer/consents/" + id); !strings.Contains(page, "《商业银行法》第六十二条") || !strings.Contains(page, "MsgConfirmCase") {
		t.Errorf("the second person sees no basis: %s", plain(page))
	}
	second.sign("/xinlian.profile.v1.MsgConfirmCase", map[string]string{"consent_id": id})
	readCase(t, second, id)
	page = v.get("/owner/consents")
	if !strings.Contains(page, "监管案件 2026-17") || !strings.Contains(page, "《商业银行法》第六十二条") {
		t.Errorf("the owner does not see the case: %s", plain(page))
	}
	checkCaseRead(t, v)
	first.sign("/xinlian.profile.v1.MsgCloseCase", map[string]string{"consent_id": id})
	if status, _ := second.signRead(map[string]string{"consent_id": id}); status != http.StatusForbidden {
		t.Errorf("reading a closed case: status %d", status)
	}
	for _, p := range []string{"/officer/status", "/officer/corrections", "/regulator"} {
		second.get(p)
	}
	if status, _ := v.ask("/officer/status"); status != http.StatusOK || strings.Contains(v.get("/officer/status"), "查询日志上链") {
		t.Error("an owner sees the operator's page")
	}
}

// readCase reads as soon as the custodian has wrapped the keys.
func readCase(t *testing.T, v *visitor, id string) {
	t.Helper()
	world.Until(t, "read under the case", 20*time.Second, func() bool {
		status, answer := v.signRead(map[string]string{"consent_id": id})
		switch {
		case status == http.StatusOK && answer["location"] != "/officer/consents/"+id:
			t.Errorf("after the read: %v", answer)
		case status != http.StatusOK && status != http.StatusConflict:
			t.Fatalf("reading under the case: %d %v", status, answer)
		}
		return status == http.StatusOK
	})
	if page := v.get("/officer/consents/" + id); !strings.Contains(page, "条记录，逐条对照链上根哈希") {
		t.Errorf("the records are not shown: %s", plain(page))
	}
}

// checkCaseRead finds the regulator's read in the owner's list, and its case in
// the proof.
func checkCaseRead(t *testing.T, v *visitor) {
	t.Helper()
	page := v.until("/owner/access?org="+fmt.Sprint(v.w.Regulator.ID), "下载证明", 10*time.Second)
	if !strings.Contains(plain(page), "监管案号 2026-17") {
		t.Errorf("the owner's list does not name the case: %s", plain(page))
	}
	for _, link := range values(page, `href="(/owner/access/[0-9]+/proof)"`) {
		file := []byte(v.get(link))
		root := trustOf(t, v.w, file)
		r := evidence.VerifyStatement(file, &root, time.Now())
		if r.Verdict != bundle.Valid || !strings.Contains(r.String(), "supervision:2026-17") {
			t.Errorf("the proof of the regulator's read:\n%s", r)
		}
	}
}

// enrolOfficer gives the regulator a second person with a passkey of her own.
func enrolOfficer(t *testing.T, w *world.World, v *visitor) {
	t.Helper()
	w.Send(t.Context(), w.Regulator.Admin, &orgv1.MsgAddDevice{
		Device: wire.Address(w.Regulator.Admin), OrgId: w.Regulator.ID, Key: wire.DeviceKey(v.device), Role: orgv1.DeviceRole_DEVICE_ROLE_OFFICER,
	})
}

// checkCorrection marks a batch as wrong, which the regulator finds right.
func checkCorrection(t *testing.T, v *visitor) {
	t.Helper()
	page := v.get("/owner/corrections")
	batch := values(page, `name="batch_id" value="([0-9a-f]{64})"`)[0]
	v.signText("/xinlian.attestation.v1.MsgOpenDispute", "reason_hash", "2025-03-04 的流水金额写反了", map[string]string{"batch_id": batch})
	page = v.get("/owner/corrections")
	if !strings.Contains(page, "金额写反了") || !strings.Contains(page, "待裁定") || slices.Contains(values(page, `name="batch_id" value="([0-9a-f]{64})"`), batch) {
		t.Errorf("the correction is not listed: %s", plain(page))
	}
	judge := newVisitor(t, v.w)
	judge.device = v.w.Regulator.Admin
	if status, _ := judge.post("/login", judge.proof(passkey.DomainLogin)); status != http.StatusOK {
		t.Fatal(status)
	}
	if page := judge.get("/officer/corrections"); !strings.Contains(page, "金额写反了") {
		t.Errorf("who decides does not see it: %s", plain(page))
	}
	judge.signText("/xinlian.attestation.v1.MsgResolveDispute", "resolution_hash", "与原件一致", map[string]string{"dispute_id": "1", "upheld": "false"})
	if page := v.get("/owner/corrections"); !strings.Contains(page, "没有错误") || !strings.Contains(page, "与原件一致") {
		t.Errorf("the decision is not shown: %s", plain(page))
	}
}

// checkTerms asks for copies and for a renewal, narrows what was asked, and holds
// the receipt of the copies' deletion.
func checkTerms(t *testing.T, v *visitor, enterprise string) {
	t.Helper()
	bank := newVisitor(t, v.w)
	if status, _ := bank.form("/hosted", url.Values{"org": {"1"}}); status != http.StatusOK {
		t.Fatal(status)
	}
	ask := func(more url.Values) string {
		t.Helper()
		in := url.Values{"idempotency_key": {"ask-" + more.Get("mode")}, "enterprise_id": {enterprise}, "purpose": {"MONITORING"}}
		for k, x := range more {
			in[k] = x
		}
		if status, page := bank.form("/officer/consents", in); status != http.StatusOK {
			t.Fatalf("asking: %d %s", status, plain(page))
		}
		ids := values(v.get("/owner/consents"), `data-sign="/xinlian.profile.v1.MsgGrantConsent"[^>]*>\s*<input type="hidden" name="consent_id" value="([0-9a-f]{64})"`)
		if len(ids) != 1 {
			t.Fatalf("%d requests wait", len(ids))
		}
		return ids[0]
	}
	first := ask(url.Values{"mode": {"STORE"}, "retention_days": {"20"}})
	if page := v.get("/owner/consents"); !strings.Contains(page, "改为更窄的条款") || !strings.Contains(page, "PURPOSE_MONITORING") || strings.Contains(page, "checked") {
		t.Errorf("the request lacks its terms, or something is ticked: %s", plain(page))
	}
	v.sign("/xinlian.profile.v1.MsgAmendConsent", map[string]string{
		"terms.amends": first, "terms.categories": "1", "terms.schemas": "bank-transaction", "terms.retention_days": "7", "terms.fetch_limit": "3",
	})
	list, err := v.w.Client.Profile.Consents(t.Context(), &profilev1.QueryConsentsRequest{GranteeOrgId: v.w.BankA.ID})
	if err != nil {
		t.Fatal(err)
	}
	var narrow profilev1.Consent
	for _, c := range list.Consents {
		if hex.EncodeToString(c.Terms.Amends) == first {
			narrow = c
		}
	}
	if k := narrow.Terms; k.RetentionDays != 7 || k.FetchLimit != 3 || len(k.Categories) != 1 || len(k.Schemas) != 1 || narrow.State != profilev1.ConsentState_CONSENT_STATE_ACTIVE {
		t.Fatalf("the narrower consent: %+v", narrow)
	}
	id := hex.EncodeToString(narrow.Id)
	renewal := ask(url.Values{"mode": {"VIEW"}, "renews": {id}})
	if page := v.get("/owner/consents"); !strings.Contains(page, "续期：接续授权") {
		t.Errorf("the renewal does not say what it renews: %s", plain(page))
	}
	v.sign("/xinlian.profile.v1.MsgRefuseConsent", map[string]string{"consent_id": renewal})

	// The verifier's desk may not read under the bank's consent.
	verifier := newVisitor(t, v.w)
	if status, _ := verifier.form("/hosted", url.Values{"org": {"3"}}); status != http.StatusOK {
		t.Fatal(status)
	}
	if status, page := verifier.form("/officer/read", url.Values{"consent_id": {id}}); status != http.StatusForbidden || !strings.Contains(page, "不是给您的机构的") {
		t.Errorf("another grantee's consent: %d %s", status, plain(page))
	}
	world.Until(t, "read to store", 20*time.Second, func() bool {
		status, page := bank.form("/officer/read", url.Values{"consent_id": {id}})
		if status != http.StatusOK && status != http.StatusConflict {
			t.Fatalf("reading to store: %d %s", status, plain(page))
		}
		return status == http.StatusOK
	})
	v.sign("/xinlian.profile.v1.MsgRevokeConsent", map[string]string{"consent_id": id})
	checkOverwritten(t, v.w, id)
}

// checkOverwritten waits for the statement that the bank's copies are gone.
func checkOverwritten(t *testing.T, w *world.World, id string) {
	t.Helper()
	world.Until(t, "deletion receipt of the bank", 20*time.Second, func() bool {
		r, err := w.Client.Profile.DeletionReceipts(t.Context(), &profilev1.QueryDeletionReceiptsRequest{OrgId: w.BankA.ID})
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(r.Receipts, func(d profilev1.DeletionReceipt) bool {
			return hex.EncodeToString(d.ConsentId) == id && d.PostedAt != 0
		})
	})
	var s profilev1.DeletionStatement
	if err := w.Server.Store().Load(t.Context(), desk.KindDeletion, id, &s); err != nil {
		t.Fatal(err)
	}
	if s.Method != profilev1.DeletionMethod_DELETION_METHOD_OVERWRITE || s.Records == 0 {
		t.Errorf("the statement: %+v", s)
	}
	if err := w.Server.Store().Load(t.Context(), desk.KindCopy, id, new(any)); err == nil {
		t.Error("the copies are still there")
	}
}
