// Package sample makes the books of invented micro firms: two years of bank
// movements, invoices and platform sales that agree with each other, and the
// files a bank, the tax bureau and a platform would hand out for them.
//
// The same options give the same bytes on every machine: all arithmetic is on
// integers. Nothing here is real. Names begin with 样本 ("sample"), tax numbers
// and accounts with 99, a prefix that is issued to nobody.
//
// Three profiles make a demonstration: Healthy, Thin (small, late payers, one
// large customer) and Fraud (circular sales with a shell company over an honest
// core). Random draws a firm from a population; Population draws many, with an
// outcome, to train and test a scorecard.
package sample
