// Package oprf is the members' threshold pseudorandom function: tags that only
// t of n members together can compute, and that none of them sees the input of.
//
// It is RFC 9497 with suite ristretto255-SHA512 in verifiable mode. The secret
// key is shared: member i holds a point of a polynomial of degree t-1. Each
// member is an ordinary verifiable server under its own share, with a proof of
// its own; the asker checks every proof against the member's public share,
// combines t answers by Lagrange's formula and finalises them as if one server
// had answered. The output is that of RFC 9497 under the key that nobody holds.
//
//	asker:   Blind ──▶ t members: Share.Evaluate ──▶ Request.Combine ──▶ Tag
//
// Shares come from a ceremony ([Plan]): joint Feldman key generation, or the
// resharing of the same key to another set of members. Every dealer commits to a
// polynomial and seals one share for each receiver; a receiver that got a wrong
// one complains, the dealer must open it, and a dealer that does not is out.
// [Plan.Conclude] is a pure function of the published messages, so every member
// comes to the same key and the same transcript, or to different transcripts,
// which the chain refuses to register.
//
// What it gives: fewer than t members, or anyone with the chain's whole history,
// learn nothing about an input from its tag, not even by trying all inputs. A
// member that answers wrongly is named. What it does not give: t members who
// collude can compute every tag offline; a member cannot tell what it evaluates,
// so quotas count evaluations and not subjects; joint Feldman lets the last
// dealer bias the public key by a few bits, which is harmless for this use
// (Gennaro, Jarecki, Krawczyk, Rabin, J. Cryptology 20, 2007).
//
// The package is pure: bytes in, bytes out. It opens no file and no socket. Its
// key generation is our own code and has had no outside review.
package oprf
