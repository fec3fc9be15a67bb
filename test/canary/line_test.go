//go:build canary

package canary_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// borrower is a firm on its way.
type borrower struct {
	*firm
	*visitor
	number  int
	bundles string   // folder outside the searched homes
	granted []string // consents
}

// play takes a firm through the whole line, and errs on the way as people do.
func (b *borrower) play() error {
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"mistakes", b.mistakes},
		{"register", b.register},
		{"hand in", b.handIn},
		{"consent", b.consents},
		{"score", b.score},
		{"borrow", b.borrow},
		{"revoke", b.revoke},
	} {
		if err := step.run(); err != nil {
			return fmt.Errorf("firm %d: %s: %w", b.number, step.name, err)
		}
	}
	return nil
}

// mistakes sends what is refused, with people's names in every place.
func (b *borrower) mistakes() error {
	p := b.stray
	wrong := b.owner
	wrong.TaxNumber = p.phone
	if err := b.enrol(wrong); err == nil {
		return errors.New("a telephone number is accepted as tax number")
	}
	for _, path := range []string{
		"/owner/" + url.PathEscape(p.name), "/explorer/find?q=" + url.QueryEscape(p.name), "/explorer/tx/" + url.PathEscape(p.phone),
		"/explorer/loans/" + url.PathEscape(p.name), "/owner/data/uploads/" + url.PathEscape(p.address), "/?lang=" + url.QueryEscape(p.name),
	} {
		if _, _, err := answered(b.http.Get(b.origin + path)); err != nil {
			return err
		}
	}
	if _, _, err := b.post("/tx/prepare", map[string]any{"kind": p.name, "fields": map[string]string{p.phone: p.address}}); err != nil {
		return err
	}
	_, _, err := answered(b.http.Post(b.origin+"/login", "application/json", strings.NewReader(`{"nonce":"`+p.name)))
	return err
}

func (b *borrower) register() error {
	if err := b.enrol(b.owner); err != nil {
		return err
	}
	if err := b.sign("/xinlian.org.v1.MsgActivateDevice", nil); err != nil {
		return err
	}
	if _, err := b.until("/owner", "选择数据托管机构"); err != nil {
		return err
	}
	// A signature refused, with a name in a field of the message.
	if err := b.sign("/xinlian.org.v1.MsgChooseCustodian", map[string]string{"custodian_org_id": b.stray.name}); err == nil {
		return errors.New("a name is accepted as number")
	}
	return b.sign("/xinlian.org.v1.MsgChooseCustodian", map[string]string{"custodian_org_id": "5"})
}

func (b *borrower) handIn() error {
	status, page, err := b.upload(fmt.Sprintf("all-%d", b.number), b.files)
	if err != nil || status != http.StatusOK || !strings.Contains(page, "已加密保存") {
		return failure("uploading", status, page, err)
	}
	if !strings.Contains(page, b.stray.name) {
		return errors.New("the page does not name the document that is wrong")
	}
	_, _, err = b.upload(fmt.Sprintf("faulty-%d", b.number), b.faulty()) // nothing in it can be read
	return err
}

func (b *borrower) consents() error {
	if status, page, err := b.form("/owner/files", url.Values{"lender": {"1"}}); err != nil || status != http.StatusOK {
		return failure("asking the bank", status, page, err)
	}
	if page, err := b.until("/owner/progress", "去授权", "未完成"); err != nil || strings.Contains(page, "未完成") {
		return failure("waiting for requests", http.StatusOK, page, err)
	}
	page, err := b.get("/owner/consents")
	if err != nil {
		return err
	}
	ids := values(page, `name="consent_id" value="([0-9a-f]{64})"`)
	if len(ids) != 3 {
		return fmt.Errorf("%d consents are asked for, want 3", len(ids))
	}
	for _, id := range ids {
		if err := b.sign("/xinlian.profile.v1.MsgGrantConsent", map[string]string{"consent_id": id}); err != nil {
			return err
		}
		b.granted = append(b.granted, id)
	}
	return nil
}

func (b *borrower) score() error {
	page, err := b.until("/owner/progress", "查看评分", "未完成")
	if err == nil && strings.Contains(page, "未完成") {
		err = fmt.Errorf("%.600s", words([]byte(page)))
	}
	if err != nil {
		return err
	}
	for _, path := range []string{"/owner/score", "/owner/data", "/owner"} {
		if _, err := b.get(path); err != nil {
			return err
		}
	}
	return nil
}

// borrow takes a loan, pays some of it back and exports the bundle. A thin firm
// is declined instead.
func (b *borrower) borrow() error {
	if err := b.sign("/xinlian.loan.v1.MsgApply", map[string]string{"product_id": "1", "amount_fen": "5000000", "periods": "12"}); err != nil {
		return err
	}
	page, err := b.get("/owner/applications")
	if err != nil {
		return err
	}
	offers := values(page, `href="(/owner/offers/[0-9]+)"`)
	if len(offers) == 0 {
		if b.healthy {
			return fmt.Errorf("no offer: %.600s", words([]byte(page)))
		}
		return nil
	}
	if page, err = b.get(offers[0]); err != nil {
		return err
	}
	fields := map[string]string{"auto_debit": "true"}
	for _, name := range []string{"offer_id", "principal_fen", "rate_bps", "periods"} {
		fields[name] = values(page, `name="`+name+`" value="([0-9]+)"`)[0]
	}
	if err := b.sign("/xinlian.loan.v1.MsgAccept", fields); err != nil {
		return err
	}
	if page, err = b.get("/owner"); err != nil {
		return err
	}
	loans := values(page, `href="(/owner/loans/[0-9]+)"`)
	if len(loans) == 0 {
		return fmt.Errorf("no loan: %.600s", words([]byte(page)))
	}
	if err := b.sign("/xinlian.loan.v1.MsgRepay", map[string]string{"loan_id": filepath.Base(loans[0]), "amount_fen": "100000"}); err != nil {
		return err
	}
	bundle, err := b.get(loans[0] + "/bundle")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.bundles, fmt.Sprintf("%d.bundle", b.number)), []byte(bundle), 0o600)
}

// revoke lets the bank's officer look, takes the consent back, and expects that
// the next look is refused.
func (b *borrower) revoke() error {
	officer, err := newVisitor(b.origin)
	if err != nil {
		return err
	}
	if status, page, err := officer.form("/hosted", url.Values{"org": {"1"}}); err != nil || status != http.StatusOK {
		return failure("entering the officer's desk", status, page, err)
	}
	look := func(consent string) (int, string, error) {
		return officer.form("/officer/read", url.Values{"consent_id": {consent}})
	}
	read := 0
	for _, id := range b.granted { // the bank's, and those of others, which it may not use
		status, page, err := look(id)
		if err != nil {
			return failure("reading by the officer", status, page, err)
		}
		if status == http.StatusOK {
			read++
		}
		if err := b.sign("/xinlian.profile.v1.MsgRevokeConsent", map[string]string{"consent_id": id}); err != nil {
			return err
		}
		if status, page, err := look(id); err != nil || status == http.StatusOK {
			return failure("reading after the revocation", status, page, err)
		}
	}
	if read != 1 {
		return fmt.Errorf("the bank's officer could read under %d consents, want 1", read)
	}
	return nil
}
