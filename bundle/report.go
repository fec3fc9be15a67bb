package bundle

import (
	"fmt"
	"strings"
)

// Verdict is what a verification came to.
type Verdict string

// The verdicts.
const (
	// Valid says that everything holds and hangs on the trust root.
	Valid Verdict = "VALID"
	// Unanchored says that everything holds within the bundle, but that nobody
	// vouched for its chain: without a trust root anyone could have made it.
	Unanchored Verdict = "UNANCHORED"
	// Refused says that something does not hold.
	Refused Verdict = "REFUSED"
)

// ExitCode is the process exit code of a verdict.
func (v Verdict) ExitCode() int {
	switch v {
	case Valid:
		return 0
	case Unanchored:
		return 3
	default:
		return 1
	}
}

// Check is one thing that was checked, in words.
type Check struct {
	Name   string `json:"name"`
	Detail string `json:"detail"`
	OK     bool   `json:"ok"`
}

// Report is a verification, check by check. It ends at the first that fails.
type Report struct {
	Verdict Verdict `json:"verdict"`
	ChainID string  `json:"chain_id"`
	LoanID  uint64  `json:"loan_id,omitempty"`
	Height  int64   `json:"state_height"`
	Root    string  `json:"trust_root"` // height and hash that the bundle's rows hang on
	Checks  []Check `json:"checks"`
}

// String is the report as lines for a person.
func (r Report) String() string {
	var b strings.Builder
	for _, c := range r.Checks {
		mark := "ok    "
		if !c.OK {
			mark = "FAILED"
		}
		fmt.Fprintf(&b, "%s  %-22s %s\n", mark, c.Name, c.Detail)
	}
	subject := ""
	if r.LoanID != 0 {
		subject = fmt.Sprintf(", loan %d", r.LoanID)
	}
	fmt.Fprintf(&b, "%s  chain %s%s, state at height %d\n", r.Verdict, r.ChainID, subject, r.Height)
	if r.Verdict == Unanchored {
		fmt.Fprintf(&b, "Nobody has vouched for this chain. Get height and hash of a block from at least two members\n"+
			"by another way and pass them with --trust. The bundle itself claims %s.\n", r.Root)
	}
	return b.String()
}

// Step adds a check; it returns false when the check failed, and the report is
// then Refused.
func (r *Report) Step(name string, check func() (string, error)) bool {
	detail, err := check()
	if err != nil {
		r.Checks = append(r.Checks, Check{Name: name, Detail: err.Error()})
		r.Verdict = Refused
		return false
	}
	r.Checks = append(r.Checks, Check{Name: name, Detail: detail, OK: true})
	return true
}
