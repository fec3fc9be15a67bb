// Package org is the register of who may act: the organisations, the devices of
// their people and services, the categories an attestor may speak about, and
// the way back for an owner who lost her device.
//
// A message on this chain names a device, which signs, and an organisation, for
// which it acts. Every other module asks this one whether the first may do so
// for the second (Keeper.Acting, or Authorise with its requirements). Account
// existence proves nothing: anybody can cause an account to exist.
//
// The module refuses to hold names of enterprises, natural persons or legal
// identities: an enterprise is a keyed tag, unique on the chain. It refuses to
// decide by one hand what opens another's door: an enterprise is admitted, and
// its owner bound to a new device, by two verifiers of different control groups.
//
// Its invariants, checked over the whole state by Keeper.Invariants, are
// params, next-id, organisation, tag, kyb, custodian, device, device-bound,
// last-admin, accreditation, recovery, quota, tag-index, device-index and
// device-account.
package org
