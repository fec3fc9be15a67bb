package cash

import (
	"bytes"
	"cmp"
	"context"

	"cosmossdk.io/collections"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// TimeCeiling bounds the times of a genesis file, Unix seconds: the year 9999.
const TimeCeiling = 253_402_300_799

// DefaultGenesis is a network without money.
func DefaultGenesis() *cashv1.GenesisState { return &cashv1.GenesisState{Params: DefaultParams()} }

// Validate checks a genesis state by itself: bounds, order of keys, and that the
// totals are the sums of the rows. Whether they agree with x/bank, InitGenesis checks.
func Validate(gs *cashv1.GenesisState) error {
	if err := ValidateParams(gs.Params); err != nil {
		return err
	}
	for _, check := range []func(*cashv1.GenesisState) error{
		validateIssuances, validateRedemptions, validateFreezes, validateAccounts, validateTotals,
		validateMandates, validatePayments, validateDays, validateStandings,
	} {
		if err := check(gs); err != nil {
			return err
		}
	}
	return nil
}

func validateIssuances(gs *cashv1.GenesisState) error {
	for i, r := range gs.Issuances {
		if i > 0 && compareKeys(gs.Issuances[i-1].IssuerOrgId, gs.Issuances[i-1].BankReference, r.IssuerOrgId, r.BankReference) >= 0 {
			return ErrGenesis.Wrapf("issuances[%d]: out of order", i)
		}
		if err := checkReference("bank_reference", r.BankReference); err != nil {
			return ErrGenesis.Wrapf("issuances[%d]: %v", i, err)
		}
		if r.IssuerOrgId == 0 || r.ToOrgId == 0 || r.AmountFen < 1 {
			return ErrGenesis.Wrapf("issuances[%d]: organisation or amount missing", i)
		}
	}
	return nil
}

func validateRedemptions(gs *cashv1.GenesisState) error {
	for i, r := range gs.Redemptions {
		if r.Id != uint64(i)+1 {
			return ErrGenesis.Wrapf("redemptions[%d]: id %d, want %d", i, r.Id, i+1)
		}
		if r.OrgId == 0 || r.IssuerOrgId == 0 || r.AmountFen < 1 || len(r.AccountHash) != HashBytes {
			return ErrGenesis.Wrapf("redemptions[%d]: organisation, amount or account missing", i)
		}
		switch r.Status {
		case cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING:
			if r.BankReference != "" || r.RejectCode != "" {
				return ErrGenesis.Wrapf("redemptions[%d]: reference or code while pending", i)
			}
		case cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED:
			if err := checkReference("bank_reference", r.BankReference); err != nil || r.RejectCode != "" {
				return ErrGenesis.Wrapf("redemptions[%d]: settled with %q, %q", i, r.BankReference, r.RejectCode)
			}
		case cashv1.RedemptionStatus_REDEMPTION_STATUS_REJECTED:
			if err := checkRejectCode(r.RejectCode); err != nil || r.BankReference != "" {
				return ErrGenesis.Wrapf("redemptions[%d]: rejected with %q, %q", i, r.BankReference, r.RejectCode)
			}
		default:
			return ErrGenesis.Wrapf("redemptions[%d]: status %s", i, r.Status)
		}
	}
	return nil
}

func validateFreezes(gs *cashv1.GenesisState) error {
	for i, f := range gs.Freezes {
		if i > 0 && compareKeys(gs.Freezes[i-1].OrgId, gs.Freezes[i-1].CaseId, f.OrgId, f.CaseId) >= 0 {
			return ErrGenesis.Wrapf("freezes[%d]: out of order", i)
		}
		if err := checkReference("case_id", f.CaseId); err != nil {
			return ErrGenesis.Wrapf("freezes[%d]: %v", i, err)
		}
		if f.OrgId == 0 || f.ByOrgId == 0 || len(f.ReasonHash) != HashBytes || f.ExpiresAt < 1 {
			return ErrGenesis.Wrapf("freezes[%d]: organisation, reason or end missing", i)
		}
	}
	return nil
}

func validateAccounts(gs *cashv1.GenesisState) error {
	var before []byte
	for i, a := range gs.Accounts {
		address, err := wire.Addresses.StringToBytes(a.Address)
		if err != nil {
			return ErrGenesis.Wrapf("accounts[%d]: %v", i, err)
		}
		if _, ok := AccountOwner(address); ok || len(address) > AccountBytes {
			return ErrGenesis.Wrapf("accounts[%d]: not an account that a module opens", i)
		}
		if i > 0 && bytes.Compare(before, address) >= 0 {
			return ErrGenesis.Wrapf("accounts[%d]: out of order", i)
		}
		before = address
	}
	return nil
}

// validateTotals adds up the rows again. Issuances are in order of issuer, so
// the sums come out in the order of the totals.
func validateTotals(gs *cashv1.GenesisState) error {
	var want []cashv1.IssuerTotal
	var supply int64
	var ok bool
	for i, r := range gs.Issuances {
		if n := len(want); n == 0 || want[n-1].IssuerOrgId != r.IssuerOrgId {
			want = append(want, cashv1.IssuerTotal{IssuerOrgId: r.IssuerOrgId})
		}
		t := &want[len(want)-1]
		if t.IssuedFen, ok = addFen(t.IssuedFen, r.AmountFen); !ok {
			return ErrGenesis.Wrapf("issuances[%d]: sum leaves 64 bits", i)
		}
	}
	for i, r := range gs.Redemptions {
		if r.Status == cashv1.RedemptionStatus_REDEMPTION_STATUS_REJECTED {
			continue
		}
		t := totalOf(want, r.IssuerOrgId)
		if t == nil {
			return ErrGenesis.Wrapf("redemptions[%d]: organisation %d has issued nothing", i, r.IssuerOrgId)
		}
		next, err := addRedeemed(*t, r.AmountFen)
		if err != nil {
			return ErrGenesis.Wrapf("redemptions[%d]: %v", i, err)
		}
		if *t = next; r.Status == cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED {
			t.PendingFen -= r.AmountFen
		}
	}
	if len(want) != len(gs.Totals) {
		return ErrGenesis.Wrapf("totals: got %d, want %d", len(gs.Totals), len(want))
	}
	for i, t := range gs.Totals {
		if t != want[i] {
			return ErrGenesis.Wrapf("totals[%d]: got %v, the rows say %v", i, t, want[i])
		}
		if supply, ok = addFen(supply, t.IssuedFen-t.RedeemedFen); !ok {
			return ErrGenesis.Wrapf("totals[%d]: supply leaves 64 bits", i)
		}
	}
	return nil
}

func totalOf(totals []cashv1.IssuerTotal, issuer uint64) *cashv1.IssuerTotal {
	for i := range totals {
		if totals[i].IssuerOrgId == issuer {
			return &totals[i]
		}
	}
	return nil
}

func compareKeys(org1 uint64, text1 string, org2 uint64, text2 string) int {
	if c := cmp.Compare(org1, org2); c != 0 {
		return c
	}
	return cmp.Compare(text1, text2)
}

// InitGenesis writes a valid genesis state. x/bank must be initialised before:
// its supply must be what the totals say.
func (k *Keeper) InitGenesis(ctx context.Context, gs *cashv1.GenesisState) error {
	if err := Validate(gs); err != nil {
		return err
	}
	if err := k.params.Set(ctx, gs.Params); err != nil {
		return err
	}
	for _, r := range gs.Issuances {
		if err := k.issuances.Set(ctx, collections.Join(r.IssuerOrgId, r.BankReference), r); err != nil {
			return err
		}
	}
	for _, r := range gs.Redemptions {
		if err := k.redemptions.Set(ctx, r.Id, r); err != nil {
			return err
		}
		waits := r.Status == cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING
		if err := place(ctx, k.pending, collections.Join(r.IssuerOrgId, r.Id), waits); err != nil {
			return err
		}
	}
	if err := k.nextID.Set(ctx, uint64(len(gs.Redemptions))); err != nil {
		return err
	}
	for _, t := range gs.Totals {
		if err := k.totals.Set(ctx, t.IssuerOrgId, t); err != nil {
			return err
		}
	}
	for _, f := range gs.Freezes {
		if err := k.freezes.Set(ctx, collections.Join(f.OrgId, f.CaseId), f); err != nil {
			return err
		}
	}
	for _, a := range gs.Accounts {
		address, err := wire.Addresses.StringToBytes(a.Address)
		if err != nil {
			return err
		}
		if err := k.accounts.Set(ctx, address, a.OwnerOrgId); err != nil {
			return err
		}
	}
	if err := k.initPayments(ctx, gs); err != nil {
		return err
	}
	if err := k.initReports(ctx, gs); err != nil {
		return err
	}
	return k.checkSupply(ctx)
}

// ExportGenesis reads the whole state in ascending order of keys.
func (k *Keeper) ExportGenesis(ctx context.Context) (*cashv1.GenesisState, error) {
	gs := &cashv1.GenesisState{}
	var err error
	if gs.Params, err = k.params.Get(ctx); err != nil {
		return nil, err
	}
	if gs.Issuances, err = values(ctx, k.issuances); err != nil {
		return nil, err
	}
	if gs.Redemptions, err = values(ctx, k.redemptions); err != nil {
		return nil, err
	}
	if gs.Totals, err = k.allTotals(ctx); err != nil {
		return nil, err
	}
	if gs.Freezes, err = values(ctx, k.freezes); err != nil {
		return nil, err
	}
	err = k.accounts.Walk(ctx, nil, func(address []byte, owner uint64) (bool, error) {
		gs.Accounts = append(gs.Accounts, cashv1.Account{Address: wire.AddressText(address), OwnerOrgId: owner})
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	if err := k.exportPayments(ctx, gs); err != nil {
		return nil, err
	}
	return gs, k.exportReports(ctx, gs)
}

func (k *Keeper) allTotals(ctx context.Context) ([]cashv1.IssuerTotal, error) {
	return values(ctx, k.totals)
}

func values[K, V any](ctx context.Context, m collections.Map[K, V]) ([]V, error) {
	var all []V
	err := m.Walk(ctx, nil, func(_ K, v V) (bool, error) {
		all = append(all, v)
		return false, nil
	})
	return all, err
}
