package gateway_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/test/world"
)

// TestOverdueDeletion proves that owner and regulator see which lender has not
// told of the deletion of its copies in time, until it does.
func TestOverdueDeletion(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a node")
	}
	t.Parallel()
	w := world.Start(t, world.WithSecondCustodian()) // nobody runs a gateway for bank B
	v := newVisitor(t, w)
	v.ready(sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy}))
	asked := w.Ask(t.Context(), w.BankB, v.enterprise())
	id := hex.EncodeToString(asked)
	if page := v.get("/owner/consents"); strings.Contains(page, "MsgGrantConsent") || !strings.Contains(page, "MsgRefuseConsent") {
		t.Errorf("a request for a purpose that was never published: %s", plain(page))
	}
	w.Send(t.Context(), v.device, &profilev1.MsgGrantConsent{Device: wire.Address(v.device), OrgId: v.enterprise(), ConsentId: asked})
	regulator := newVisitor(t, w)
	regulator.device = w.Regulator.Admin
	if status, answer := regulator.post("/login", regulator.proof(passkey.DomainLogin)); status != 200 {
		t.Fatalf("the regulator's login: %d %v", status, answer)
	}
	if page := regulator.get("/regulator"); !strings.Contains(page, "没有逾期事项") {
		t.Errorf("something is overdue before the end of any consent: %s", plain(page))
	}
	v.sign("/xinlian.profile.v1.MsgRevokeConsent", map[string]string{"consent_id": id})
	for who, page := range map[string]string{
		"owner":     v.until("/owner/access", "逾期未删除的副本", 20*time.Second),
		"regulator": regulator.until("/regulator", "应在", 20*time.Second),
	} {
		if !strings.Contains(plain(page), w.BankB.Name+" 应在") || !strings.Contains(page, id[:8]) {
			t.Errorf("the %s does not see whose deletion is overdue, and of what: %s", who, plain(page))
		}
	}
	w.Send(t.Context(), w.BankB.Service, &profilev1.MsgPostDeletionReceipt{
		Device: wire.Address(w.BankB.Service), OrgId: w.BankB.ID, ConsentId: asked, ReceiptHash: asked,
	})
	if page := v.get("/owner/access"); strings.Contains(page, "逾期未删除的副本") {
		t.Errorf("the owner still sees it as overdue: %s", plain(page))
	}
	if page := regulator.get("/regulator"); !strings.Contains(page, "没有逾期事项") {
		t.Errorf("the regulator still sees it as overdue: %s", plain(page))
	}
}
