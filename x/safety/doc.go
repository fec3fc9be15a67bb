// Package safety is the members' means to stop, to warn and to vouch: a circuit
// breaker per message type that ends by itself, audits that gate contract
// templates and score models, and a list of incidents.
//
// A stop is consulted where messages are executed, so that it also holds for
// messages nested in others and for those that governance carries out. It
// refuses to stop its own ways out: the messages of this module, governance, the
// suspension of an organisation and the freezing of a device. A stop holds while
// the organisation that made it is active, which lets the council lift one by
// suspending whoever abuses it.
//
// Its invariants, checked over the whole state by Keeper.Invariants, are
// params, stop, audit, audits-bound, incident and organisations.
package safety
