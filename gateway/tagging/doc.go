// Package tagging makes tags with the members' help and helps others make theirs.
//
// A [Service] is a member's side: it holds the member's share of the key and
// answers signed requests of other organisations, after it has looked at its own
// node whether the asker may ask and counted the evaluations, on disk, against
// the chain's quota. It never sees what is evaluated. A [Client] is the asker's
// side: it blinds, asks members until enough have answered rightly, checks each
// answer against the registered public shares and combines them.
//
// Shares live in the keys folder, sealed; [SaveShare] puts one there at the end
// of a ceremony. [Generate] holds one inside a process, for a demonstration.
package tagging
