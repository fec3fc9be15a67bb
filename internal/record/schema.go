// Package record defines the standard records that every connector produces and
// every reader consumes: their schemas, their canonical bytes and their Merkle
// leaves. A record is what an owner's document says, in one fixed form: dates
// are days, money is integer fen, text is NFC.
//
// Schemas are versioned and never edited: the hash of a schema is pinned on
// chain by x/profile, and a record names the schema and version it was made
// under, so that old records stay readable.
package record

import (
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
)

// Category groups schemas for consent and encryption: an owner grants a lender
// categories, and each has its own key. The values are those of
// xinlian.profile.v1.Category.
type Category uint8

// The categories of records.
const (
	CategoryBank       Category = 1  // statements of bank accounts
	CategoryInvoice    Category = 2  // sales and purchase invoices
	CategoryTax        Category = 3  // VAT and income-tax returns
	CategoryPlatform   Category = 4  // sales reported by a platform or acquirer
	CategoryPayroll    Category = 5  // wages and social insurance, in sums only
	CategoryUtility    Category = 6  // bills for electricity, water, gas and telephone
	CategoryLicence    Category = 7  // business licences and permits
	CategoryCourt      Category = 8  // notices of courts and authorities
	CategoryLease      Category = 9  // leases of premises and equipment
	CategoryReceivable Category = 10 // what customers owe
	CategoryLoan       Category = 11 // loans from lenders outside the network
)

// Categories lists every category with its names, in ascending order.
var Categories = []struct {
	Category Category
	Code     string
	ZH, EN   string
}{
	{CategoryBank, "bank", "银行流水", "Bank statements"},
	{CategoryInvoice, "invoice", "发票", "Invoices"},
	{CategoryTax, "tax", "纳税", "Tax returns"},
	{CategoryPlatform, "platform", "平台销售", "Platform sales"},
	{CategoryPayroll, "payroll", "工资社保", "Payroll and social insurance"},
	{CategoryUtility, "utility", "水电气费", "Utility bills"},
	{CategoryLicence, "licence", "证照", "Licences and permits"},
	{CategoryCourt, "court", "司法与处罚", "Court and penalty notices"},
	{CategoryLease, "lease", "租赁", "Leases"},
	{CategoryReceivable, "receivable", "应收账款", "Receivables"},
	{CategoryLoan, "loan", "外部借款", "Loans from elsewhere"},
}

// String is the category's code.
func (c Category) String() string {
	for _, k := range Categories {
		if k.Category == c {
			return k.Code
		}
	}
	return fmt.Sprintf("category(%d)", uint8(c))
}

// Type is the type of a field's value.
type Type uint8

// The types of values. All but Text are carried as int64.
const (
	Text   Type = 1 // UTF-8, NFC, at most Max bytes
	Amount Type = 2 // fen; a negative amount is a return or a red letter
	Date   Type = 3 // days since 1970-01-01 in the document's own calendar day
	Count  Type = 4 // a plain number
	Code   Type = 5 // one of Codes, carried as its index from 1
)

// Field is one field of a schema.
type Field struct {
	Name     string
	Type     Type
	Min, Max int64 // bounds of the value; for Text, of its length in bytes
	Required bool
	Codes    []string // for Type Code
	ZH, EN   string
}

// Schema is a versioned list of fields. SourceID is always its first field:
// the document's own number at its source, by which duplicates are found.
type Schema struct {
	ID       string
	Version  uint16
	Category Category
	Fields   []Field
	ZH, EN   string
}

// Bounds shared by the schemas below.
const (
	AmountMax = 100_000_000_000_00 // 100 billion yuan, in fen
	DateMin   = 3652               // 1980-01-01
	DateMax   = 47482              // 2100-01-01
	TextMax   = 256
)

// The codes of fields of type Code, by name, as their values.
const (
	DirectionIn  = 1 // money or goods' value comes to the enterprise
	DirectionOut = 2

	StatusNormal = 1
	StatusVoid   = 2 // cancelled: counts for nothing but the void rate
	StatusRed    = 3 // red letter: a return or correction, amount negative
)

var (
	directions = []string{"in", "out"}
	statuses   = []string{"normal", "void", "red"}
)

func text(name string, required bool, zh, en string) Field {
	lo := int64(0)
	if required {
		lo = 1
	}
	return Field{Name: name, Type: Text, Min: lo, Max: TextMax, Required: required, ZH: zh, EN: en}
}

func amount(name string, required bool, zh, en string) Field {
	return Field{Name: name, Type: Amount, Min: -AmountMax, Max: AmountMax, Required: required, ZH: zh, EN: en}
}

func date(name string, required bool, zh, en string) Field {
	return Field{Name: name, Type: Date, Min: DateMin, Max: DateMax, Required: required, ZH: zh, EN: en}
}

func count(name string, required bool, most int64, zh, en string) Field {
	return Field{Name: name, Type: Count, Max: most, Required: required, ZH: zh, EN: en}
}

// optional is the field f, which may be missing.
func optional(f Field) Field {
	f.Required = false
	return f
}

func code(name string, codes []string, zh, en string) Field {
	return Field{Name: name, Type: Code, Min: 1, Max: int64(len(codes)), Required: true, Codes: codes, ZH: zh, EN: en}
}

// Find is the schema of that id and version.
func Find(id string, version uint16) (*Schema, bool) {
	for _, s := range Schemas {
		if s.ID == id && s.Version == version {
			return s, true
		}
	}
	return nil, false
}

// Latest is the newest version of the schema of that id: the one that new
// records are made under.
func Latest(id string) (*Schema, bool) {
	var latest *Schema
	for _, s := range Schemas {
		if s.ID == id && (latest == nil || s.Version > latest.Version) {
			latest = s
		}
	}
	return latest, latest != nil
}

// Index is the position of the named field, or -1.
func (s *Schema) Index(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// Hash pins the schema: its id, version, category and every property of every
// field, human names included.
func (s *Schema) Hash() [32]byte {
	w := canon.New("schema").String(s.ID).Uint16(s.Version).Uint8(uint8(s.Category)).
		String(s.ZH).String(s.EN).Uint32(uint32(len(s.Fields)))
	for _, f := range s.Fields {
		w.String(f.Name).Uint8(uint8(f.Type)).Int64(f.Min).Int64(f.Max).Bool(f.Required).
			Uint32(uint32(len(f.Codes)))
		for _, c := range f.Codes {
			w.String(c)
		}
		w.String(f.ZH).String(f.EN)
	}
	return w.MustSum()
}
