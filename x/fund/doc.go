// Package fund is the module of investors: senior and junior shares in the money
// of one lender's pool, sold and redeemed at one price per round, with losses on
// the juniors first. README.md specifies it.
package fund
