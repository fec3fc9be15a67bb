package pull

import "fmt"

// Status is where a source stands.
type Status string

// The statuses of a source.
const (
	Ready     Status = "READY"     // waits for its first run, or for one after a change of its definition
	Pending   Status = "PENDING"   // a run is under way, or failed and will be tried again
	Delivered Status = "DELIVERED" // all that the source had is in the profile
	Denied    Status = "DENIED"    // refused; no further try until definition or credentials change
	Timeout   Status = "TIMEOUT"   // did not answer in time; will be tried again
)

// event is what moves a source from one status to another.
type event string

const (
	changed  event = "changed"  // definition or credentials are new
	due      event = "due"      // its time has come
	complete event = "complete" // the run is through
	failed   event = "failed"   // a fault that may pass
	stalled  event = "stalled"  // no answer in time
	refused  event = "refused"  // a fault that does not pass by itself
)

// transitions is the table in README.md; what it does not list is not possible.
var transitions = map[Status]map[event]Status{
	Ready:     {changed: Ready, due: Pending},
	Pending:   {changed: Ready, due: Pending, complete: Delivered, failed: Pending, stalled: Timeout, refused: Denied},
	Delivered: {changed: Ready, due: Pending},
	Denied:    {changed: Ready},
	Timeout:   {changed: Ready, due: Pending},
}

func (s Status) after(e event) (Status, error) {
	next, ok := transitions[s][e]
	if !ok {
		return s, fmt.Errorf("source is %s, which %q cannot follow", s, e)
	}
	return next, nil
}
