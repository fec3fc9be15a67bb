// Package table reads a table of rows and named columns from a file that
// nobody prepared: delimited text with or without quotes, gzip, ARFF, a byte-order
// mark, Chinese code pages, markers for missing values, amounts with signs and
// thousands separators, dates.
//
// A table keeps text. What a column means, a number, a date or a category, is
// inferred once on the table that a model is trained on and then belongs to the
// model, so that a later table cannot change it.
package table
