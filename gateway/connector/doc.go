// Package connector turns an owner's documents into standard records: bank
// statements, invoices and sales reports go in as files, records of package
// record come out, one by one, and everything that could not be read comes out
// beside them as a RowError that names file, row, column, rule and remedy.
//
// Promises:
//   - A bad row is refused alone; every other row of the file is delivered.
//   - An amount is exact or refused. Nothing is rounded, guessed or repaired.
//   - Memory is bounded by the limits below, whatever the file says about itself.
//   - The same bytes give the same records and the same problems in the same order.
//
// Each source format is a Parser in a directory of its own; package format
// lists them. This package and its formats know nothing of chain or portal.
package connector
