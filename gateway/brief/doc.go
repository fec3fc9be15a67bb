// Package brief makes what an officer reads before deciding on a referred or
// appealed application: what is strong, what is odd, the lender's similar cases
// with what became of them, and what is open. It is a pure function of rows of the
// chain at one height, so that whoever has the height makes the same bytes, and the
// hash that the officer signs says what was in front of her. It proposes nothing
// and holds no text: a fact is a code with numbers, worded by the page.
package brief
