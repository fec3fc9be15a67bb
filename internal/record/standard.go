package record

// Schemas lists every schema of this build in ascending order of id, then
// version. None is ever edited or taken out: a change is a new version, and
// records of the old one stay readable.
var Schemas = []*Schema{
	BankBalance, BankTransaction, Confirmation, CourtNotice, IncomeTaxReturn, Lease, licenceV1, Licence, OutsideLoan,
	PayrollSummary, PlatformSales, purchaseInvoiceV1, PurchaseInvoice, Receivable,
	salesInvoiceV1, SalesInvoice, UtilityBill, VATReturn,
}

// The codes of the fields that only some schemas have, as their values.
const (
	FinancedNone        = 1 // free to be pledged, as far as the document says
	FinancedFactored    = 2
	FinancedSold        = 3
	FinancedSecuritised = 4
	FinancedAssigned    = 5 // factored, sold or securitised: the document does not say which

	PaymentOpen = 1
	PaymentPaid = 2 // on the day paid, where that is known

	BookingOpen   = 1
	BookingBooked = 2 // on the day booked, where that is known

	SealTrusted   = 1 // seal and digests hold, the signer's issuer is known
	SealUntrusted = 2 // seal and digests hold, the issuer is not known

	UtilityElectricity = 1
	UtilityWater       = 2
	UtilityGas         = 3
	UtilityTelecom     = 4

	LicenceBusiness = 1
	LicencePermit   = 2

	NoticeLawsuit     = 1
	NoticeJudgment    = 2
	NoticeEnforcement = 3
	NoticeDishonest   = 4 // listed as a dishonest judgment debtor 失信被执行人
	NoticePenalty     = 5

	RolePlaintiff = 1
	RoleDefendant = 2

	NoticeOpen   = 1
	NoticeClosed = 2

	PartyTenant   = 1
	PartyLandlord = 2

	AnswerConfirmed = 1 // the counterparty's own records hold the invoice
	AnswerDenied    = 2 // they cover its day and do not hold it
	AnswerUnknown   = 3 // they do not cover its day

	MemberYes = 1 // the counterparty is an enterprise of the network
	MemberNo  = 2

	SecurityNone       = 1
	SecurityGuarantee  = 2
	SecurityCollateral = 3
)

var (
	financings = []string{"none", "factored", "sold", "securitised", "assigned"}
	payments   = []string{"open", "paid"}
	bookings   = []string{"open", "booked"}
	seals      = []string{"trusted", "untrusted"}
)

// BankTransaction is one booked movement on a bank account.
var BankTransaction = &Schema{
	ID: "bank-transaction", Version: 1, Category: CategoryBank, ZH: "银行交易", EN: "Bank transaction",
	Fields: []Field{
		text("source_id", true, "流水号", "Reference"),
		date("date", true, "记账日期", "Booking date"),
		amount("amount", true, "金额", "Amount"), // never negative: direction carries the sign
		text("currency", true, "币种", "Currency"),
		code("direction", directions, "收支方向", "Direction"),
		code("status", statuses, "状态", "Status"),
		text("account", true, "账号", "Account"),
		text("counterparty", false, "对方户名", "Counterparty"),
		text("description", false, "摘要", "Description"),
	},
}

// BankBalance is the closing balance of an account on a day.
var BankBalance = &Schema{
	ID: "bank-balance", Version: 1, Category: CategoryBank, ZH: "银行余额", EN: "Bank balance",
	Fields: []Field{
		text("source_id", true, "对账单号", "Statement number"),
		date("date", true, "日期", "Date"),
		amount("amount", true, "余额", "Balance"), // negative: overdrawn
		text("currency", true, "币种", "Currency"),
		text("account", true, "账号", "Account"),
	},
}

// invoiceFields are those of every version of both invoices.
func invoiceFields() []Field {
	return []Field{
		text("source_id", true, "发票号码", "Invoice number"),
		date("date", true, "开票日期", "Issue date"),
		amount("amount", true, "价税合计", "Total with tax"),
		text("currency", true, "币种", "Currency"),
		code("direction", directions, "收支方向", "Direction"),
		code("status", statuses, "状态", "Status"),
		amount("net", true, "不含税金额", "Total without tax"),
		amount("tax", true, "税额", "Tax"),
		text("counterparty", true, "对方税号或名称", "Counterparty"),
		date("due", false, "约定付款日", "Due date"),
		date("paid", false, "实际收付日", "Paid on"),
	}
}

// invoice is version 2: what an electronic voucher says beside the invoice.
func invoice(id, zh, en string) *Schema {
	return &Schema{
		ID: id, Version: 2, Category: CategoryInvoice, ZH: zh, EN: en,
		Fields: append(
			invoiceFields(),
			date("booked", false, "入账日", "Booked on"),
			optional(code("payment", payments, "付款状态", "Payment")),      // missing: the document does not say
			optional(code("booking", bookings, "入账状态", "Booking")),      // missing: the document does not say
			optional(code("financed", financings, "保理或转让", "Financed")), // missing: the document does not say
			optional(code("seal", seals, "电子签章", "Seal")),               // missing: none, or none that could be checked
		),
	}
}

// SalesInvoice is an invoice that the enterprise issued.
var SalesInvoice = invoice("sales-invoice", "销项发票", "Sales invoice")

// PurchaseInvoice is an invoice that the enterprise received.
var PurchaseInvoice = invoice("purchase-invoice", "进项发票", "Purchase invoice")

// Version 1 of the invoices, without what vouchers say.
var (
	salesInvoiceV1 = &Schema{
		ID: "sales-invoice", Version: 1, Category: CategoryInvoice, ZH: "销项发票", EN: "Sales invoice", Fields: invoiceFields(),
	}
	purchaseInvoiceV1 = &Schema{
		ID: "purchase-invoice", Version: 1, Category: CategoryInvoice, ZH: "进项发票", EN: "Purchase invoice", Fields: invoiceFields(),
	}
)

// PlatformSales is one day's sales as a platform or acquirer reports them.
var PlatformSales = &Schema{
	ID: "platform-sales", Version: 1, Category: CategoryPlatform, ZH: "平台销售日报", EN: "Platform sales",
	Fields: []Field{
		text("source_id", true, "日报编号", "Report number"),
		date("date", true, "日期", "Date"),
		amount("amount", true, "净销售额", "Net sales"),
		text("currency", true, "币种", "Currency"),
		code("direction", directions, "收支方向", "Direction"),
		code("status", statuses, "状态", "Status"),
		count("orders", true, 10_000_000, "订单数", "Orders"),
		amount("refunds", true, "退款额", "Refunds"),
	},
}

// common are the fields that every schema below begins with. number, day and
// sum name what the document's own number, day and amount are.
func common(number, numberEN, day, dayEN, sum, sumEN string, more ...Field) []Field {
	return append([]Field{
		text("source_id", true, number, numberEN),
		date("date", true, day, dayEN),
		amount("amount", true, sum, sumEN),
		text("currency", true, "币种", "Currency"),
		code("direction", directions, "收支方向", "Direction"),
		code("status", statuses, "状态", "Status"),
	}, more...)
}

// VATReturn is one period's return of value-added tax. Red corrects an earlier one.
var VATReturn = &Schema{
	ID: "vat-return", Version: 1, Category: CategoryTax, ZH: "增值税申报", EN: "VAT return",
	Fields: common(
		"申报表编号", "Return number", "税款所属期止", "End of the period", "应纳税额", "Tax due",
		date("period_from", true, "税款所属期起", "Start of the period"),
		amount("sales", true, "应税销售额", "Taxable sales"),
		amount("output_tax", true, "销项税额", "Output tax"),
		amount("input_tax", true, "进项税额", "Input tax"),
		date("filed", true, "申报日", "Filed on"),
		date("due", false, "申报期限", "Due date"),
		date("paid", false, "缴款日", "Paid on"),
		amount("arrears", false, "欠税额", "Arrears"),
	),
}

// IncomeTaxReturn is one period's return of enterprise or business income tax.
var IncomeTaxReturn = &Schema{
	ID: "income-tax-return", Version: 1, Category: CategoryTax, ZH: "所得税申报", EN: "Income-tax return",
	Fields: common(
		"申报表编号", "Return number", "税款所属期止", "End of the period", "应纳税额", "Tax due",
		date("period_from", true, "税款所属期起", "Start of the period"),
		amount("revenue", true, "营业收入", "Revenue"),
		amount("costs", true, "营业成本", "Costs"),
		amount("profit", true, "利润总额", "Profit"), // negative: a loss
		date("filed", true, "申报日", "Filed on"),
		date("due", false, "申报期限", "Due date"),
		date("paid", false, "缴款日", "Paid on"),
		amount("arrears", false, "欠税额", "Arrears"),
	),
}

// PayrollSummary is one month's wages and social insurance in sums: it names no person.
var PayrollSummary = &Schema{
	ID: "payroll-summary", Version: 1, Category: CategoryPayroll, ZH: "工资社保汇总", EN: "Payroll and social-insurance summary",
	Fields: common(
		"汇总编号", "Summary number", "所属月末", "End of the month", "工资总额", "Wages",
		count("headcount", true, 10_000_000, "职工人数", "Staff"),
		count("insured", true, 10_000_000, "参保人数", "Insured staff"),
		amount("insurance", true, "社保缴费额", "Social insurance"),
		amount("arrears", false, "社保欠费", "Arrears"),
		date("paid", false, "发放或缴费日", "Paid on"),
	),
}

// UtilityBill is one bill for electricity, water, gas or telephone.
var UtilityBill = &Schema{
	ID: "utility-bill", Version: 1, Category: CategoryUtility, ZH: "水电气账单", EN: "Utility bill",
	Fields: common(
		"账单号", "Bill number", "账单日期", "Bill date", "应缴金额", "Amount due",
		code("kind", []string{"electricity", "water", "gas", "telecom"}, "种类", "Kind"),
		date("period_from", true, "计费期起", "Start of the period"),
		date("period_to", true, "计费期止", "End of the period"),
		count("quantity", false, 1_000_000_000_000, "用量(千分之一单位)", "Quantity in thousandths of the unit"),
		date("due", false, "缴费期限", "Due date"),
		date("paid", false, "缴费日", "Paid on"),
	),
}

// licenceFields are those of every version of the licence.
func licenceFields() []Field {
	return []Field{
		text("source_id", true, "证照编号", "Licence number"),
		date("date", true, "颁发日", "Issued on"),
		amount("amount", false, "注册资本", "Registered capital"),
		text("currency", false, "币种", "Currency"),
		code("status", statuses, "状态", "Status"),
		code("kind", []string{"business-licence", "permit"}, "种类", "Kind"),
		text("authority", true, "颁发机关", "Authority"),
		text("scope", false, "许可或经营范围", "Scope"),
		date("valid_from", false, "有效期起", "Valid from"),
		date("valid_to", false, "有效期止", "Valid to"), // missing: without end
	}
}

// Licence is a business licence or a permit. A revoked or withdrawn one is void.
// Version 2 has the codes by which indices of sectors and regions are published.
var Licence = &Schema{
	ID: "licence", Version: 2, Category: CategoryLicence, ZH: "证照", EN: "Licence or permit",
	Fields: append(
		licenceFields(),
		text("sector", false, "行业代码", "Sector code"), // letter and digits of GB/T 4754
		text("region", false, "地区代码", "Region code"), // digits of GB/T 2260
	),
}

var licenceV1 = &Schema{
	ID: "licence", Version: 1, Category: CategoryLicence, ZH: "证照", EN: "Licence or permit", Fields: licenceFields(),
}

// CourtNotice is a case or a penalty that concerns the enterprise.
var CourtNotice = &Schema{
	ID: "court-notice", Version: 1, Category: CategoryCourt, ZH: "司法与处罚信息", EN: "Court or penalty notice",
	Fields: common(
		"案号或文书号", "Case number", "立案或决定日", "Date of the case", "涉案或处罚金额", "Amount at stake",
		code("kind", []string{"lawsuit", "judgment", "enforcement", "dishonest", "penalty"}, "种类", "Kind"),
		code("role", []string{"plaintiff", "defendant"}, "当事人地位", "Role"),
		code("state", []string{"open", "closed"}, "进展", "State"),
		text("authority", true, "法院或机关", "Court or authority"),
		date("closed", false, "结案或履行日", "Closed on"),
	),
}

// Confirmation is what a counterparty's own records say of one invoice, as a
// verifier states it that both parties let in. It names the counterparty by a
// pseudonym, and its quality by grade, never by its records.
var Confirmation = &Schema{
	ID: "confirmation", Version: 1, Category: CategoryInvoice, ZH: "交易对手确认", EN: "Counterparty's confirmation",
	Fields: common(
		"发票号码", "Invoice number", "开票日期", "Issue date", "确认金额", "Amount confirmed",
		code("answer", []string{"confirmed", "denied", "unknown"}, "答复", "Answer"),
		text("counterparty", true, "对方代号", "Counterparty's pseudonym"),
		code("member", []string{"yes", "no"}, "对方是否网内企业", "Counterparty is in the network"),
		count("quality", false, 10_000, "对方质量分", "Counterparty's quality"), // 10,000 is best
		text("confirmer", true, "确认机构", "Confirmed by"),
	),
}

// Lease is a lease of premises or equipment; its amount is the rent of a month.
var Lease = &Schema{
	ID: "lease", Version: 1, Category: CategoryLease, ZH: "租赁合同", EN: "Lease",
	Fields: common(
		"合同编号", "Contract number", "签订日", "Signed on", "月租金", "Monthly rent",
		code("role", []string{"tenant", "landlord"}, "本企业身份", "Role"),
		text("counterparty", true, "对方名称", "Counterparty"),
		date("valid_from", true, "租期起", "Start"),
		date("valid_to", true, "租期止", "End"),
		amount("deposit", false, "押金", "Deposit"),
	),
}

// Receivable is what one customer owes on one contract or invoice.
var Receivable = &Schema{
	ID: "receivable", Version: 1, Category: CategoryReceivable, ZH: "应收账款", EN: "Receivable",
	Fields: common(
		"合同或发票号码", "Contract or invoice number", "形成日", "Date", "账款金额", "Face amount",
		text("counterparty", true, "债务人税号或名称", "Debtor"),
		date("due", true, "到期日", "Due date"),
		amount("outstanding", true, "未收余额", "Outstanding"),
		code("financed", financings, "保理或转让", "Financed"),
	),
}

// OutsideLoan is a loan from a lender outside the network, as it stands on a day.
var OutsideLoan = &Schema{
	ID: "outside-loan", Version: 1, Category: CategoryLoan, ZH: "外部借款", EN: "Loan from elsewhere",
	Fields: common(
		"借据号", "Loan number", "余额日期", "Date of the balance", "借款金额", "Principal",
		text("counterparty", true, "出借机构", "Lender"),
		date("valid_from", true, "发放日", "Disbursed on"),
		date("due", true, "到期日", "Due date"),
		amount("outstanding", true, "未还本金", "Outstanding"),
		amount("instalment", false, "每期还款额", "Instalment"),
		count("rate_bps", false, 100_000, "年利率(万分之一)", "Annual rate in bps"),
		count("overdue_days", true, 100_000, "逾期天数", "Days overdue"),
		code("security", []string{"none", "guarantee", "collateral"}, "担保方式", "Security"),
	),
}
