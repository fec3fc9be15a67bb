// Package line proves on a real chain, with the real services, that what must be
// refused along the line of a loan is refused, and that the refusal says why.
// Its tests share one demonstration: each works on what the others do not touch.
package line
