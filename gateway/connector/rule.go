package connector

import "slices"

// Rule is the stable code of what a document breaks.
type Rule string

// The rules. Their texts and remedies are in Rules.
const (
	RuleFileType     Rule = "file-type"
	RuleFileSize     Rule = "file-size"
	RuleFileEmpty    Rule = "file-empty"
	RuleFileOpen     Rule = "file-open"
	RuleRowLimit     Rule = "row-limit"
	RuleXMLTruncated Rule = "xml-truncated"
	RuleXMLSyntax    Rule = "xml-syntax"
	RuleXMLDTD       Rule = "xml-dtd"
	RuleXMLLimit     Rule = "xml-limit"
	RuleEncoding     Rule = "encoding"
	RuleHeader       Rule = "header"
	RuleQuote        Rule = "quote"
	RuleColumns      Rule = "columns"
	RuleRequired     Rule = "required"
	RuleLength       Rule = "length"
	RuleRange        Rule = "range"
	RuleCode         Rule = "code"
	RuleAmount       Rule = "amount"
	RuleTotal        Rule = "total"
	RuleSign         Rule = "sign"
	RuleDate         Rule = "date"
	RuleCurrency     Rule = "currency"
	RuleOwner        Rule = "owner"
	RuleNumber       Rule = "number"
	RuleDuplicate    Rule = "duplicate"
	RuleRepeat       Rule = "repeat"
	RulePending      Rule = "pending"
	RuleUndated      Rule = "undated"
	RuleReference    Rule = "reference"
	RuleBalance      Rule = "balance"
)

// RuleText is what the portal shows for a rule: what is wrong, and what to do.
type RuleText struct {
	Rule               Rule
	Remedy             string // stable code
	ZH, EN             string
	RemedyZH, RemedyEN string
}

// Rules is the catalogue of every rule: documents first, then rows, then notes,
// then what invoices have of their own.
var Rules = slices.Concat(generalRules, invoiceRules)

var generalRules = []RuleText{
	{
		RuleFileType, "use-known-format", "文件类型不认识", "The type of the file is not known",
		"请上传银行对账单（camt、MT940）、发票（UBL、CII、数电票 XML、OFD、XBRL）或按模板填写的表格（CSV、XLSX）",
		"Upload a bank statement (camt, MT940), an invoice (UBL, CII, 数电票 XML, OFD, XBRL) or a table by our template (CSV, XLSX)",
	},
	{
		RuleFileSize, "split-file", "文件过大", "The file is too large",
		"请按月拆分后分别上传,每个文件不超过 64 MiB",
		"Split it by month; a file may have at most 64 MiB",
	},
	{
		RuleFileEmpty, "download-again", "文件为空", "The file is empty",
		"请重新下载后上传",
		"Download it again and upload that",
	},
	{
		RuleFileOpen, "check-path", "文件打不开或读不全", "The file cannot be opened or read to its end",
		"请核对文件路径与权限;压缩文件可能已损坏,请重新下载",
		"Check path and permission; an archive may be damaged: download it again",
	},
	{
		RuleRowLimit, "split-file-rows", "行数或问题过多", "Too many rows or too many problems",
		"请拆分文件,或先改正已列出的问题",
		"Split the file, or first correct the problems listed",
	},
	{
		RuleXMLTruncated, "download-complete", "XML 不完整,中途结束", "The XML ends before it is complete",
		"文件下载不完整,请重新下载后上传",
		"The download was cut off: download it again",
	},
	{
		RuleXMLSyntax, "export-again", "XML 格式有误", "The XML is not well formed",
		"请从银行或开票系统重新导出,不要手工编辑",
		"Export it again from the bank or invoicing system; do not edit by hand",
	},
	{
		RuleXMLDTD, "remove-dtd", "XML 含有 DTD 或实体,出于安全不接受", "The XML has a DTD or entities, which are refused for safety",
		"请导出不含 DOCTYPE 的标准文件",
		"Export the standard file, which has no DOCTYPE",
	},
	{
		RuleXMLLimit, "export-plain", "XML 嵌套过深或元素过大", "The XML is nested too deeply or has too large an element",
		"请重新导出,并去掉附件",
		"Export it again, without attachments",
	},
	{
		RuleEncoding, "save-as-utf8", "文字编码有误", "The text is not in a known encoding",
		"请另存为 UTF-8 或 GB18030 编码",
		"Save it as UTF-8 or GB18030",
	},
	{
		RuleHeader, "use-template", "表头缺少必需的列,或有重复的列", "The header lacks a required column or names one twice",
		"请下载模板,保留第一行表头",
		"Download the template and keep its first row",
	},
	{
		RuleQuote, "fix-quotes", "引号不成对", "A quotation mark is not closed",
		"请检查这一行的双引号;一格内不能换行",
		"Check the quotation marks of this row; a cell may not contain a line break",
	},
	{
		RuleColumns, "fix-columns", "这一行的列数与表头不符", "The row has not as many columns as the header",
		"请检查这一行多出或缺少的逗号",
		"Look for a comma too many or too few in this row",
	},
	{
		RuleRequired, "fill-in", "必填项为空", "A required value is missing",
		"请补填这一格",
		"Fill in this cell",
	},
	{
		RuleLength, "shorten", "内容过长", "The value is too long",
		"请缩短内容",
		"Shorten it",
	},
	{
		RuleRange, "check-value", "数值超出允许范围", "The value is out of range",
		"请核对这一格的数值",
		"Check the value of this cell",
	},
	{
		RuleCode, "use-listed-value", "不是可选值之一", "The value is none of those allowed",
		"请使用模板说明中列出的值",
		"Use one of the values listed with the template",
	},
	{
		RuleAmount, "write-exact-amount", "金额写法有误,或小于一分", "The amount is not a plain number, or has less than a fen",
		"请用半角数字书写,最多两位小数,例如 1234.50;系统不会四舍五入",
		"Write it in plain digits with at most two decimals, such as 1234.50; nothing is rounded",
	},
	{
		RuleTotal, "check-totals", "合计不等于各项之和", "The total is not the sum of its parts",
		"请核对不含税金额、税额与价税合计,差一分也不接受",
		"Check net, tax and total; a difference of one fen is refused",
	},
	{
		RuleSign, "check-sign", "金额的正负与单据类型不符", "The sign of the amount does not fit the kind of document",
		"红字发票金额应为负,蓝字发票应为正",
		"A red-letter invoice is negative, any other is positive",
	},
	{
		RuleDate, "write-date", "日期有误", "The date is missing or not a date",
		"请写成 2026-01-31",
		"Write it as 2026-01-31",
	},
	{
		RuleCurrency, "write-currency", "币种有误", "The currency is not a code",
		"请使用三位币种代码,例如 CNY",
		"Use the three-letter code, such as CNY",
	},
	{
		RuleOwner, "check-owner", "单据不属于本企业", "The document is not this enterprise's",
		"请核对税号与账号,只上传本企业的单据",
		"Check tax number and account; upload your own documents only",
	},
	{
		RuleNumber, "check-number", "单据号码有误", "The document's number is wrong",
		"请核对号码;数电票为 20 位数字",
		"Check the number; a 数电票 has 20 digits",
	},
	{
		RuleDuplicate, "keep-one", "同一号码出现两次,内容不同", "One number appears twice with different contents",
		"请核对哪一份正确,只保留一份",
		"Find out which is right and keep that one",
	},
	{
		RuleRepeat, "nothing-to-do", "同一内容重复,已忽略", "The same content again, ignored",
		"无需处理",
		"Nothing to do",
	},
	{
		RulePending, "wait-for-booking", "尚未记账,已忽略", "Not yet booked, ignored",
		"记账后的对账单会包含它",
		"The statement after booking will have it",
	},
	{
		RuleUndated, "check-day", "没有记账日,取对账单生成日", "Without a booking date the day of the message is taken",
		"请核对日期;以正式对账单为准",
		"Check the day; the statement is what counts",
	},
	{
		RuleReference, "use-statement", "没有银行流水号,无法与对账单核对重复", "Without the bank's reference the entry cannot be matched with the statement",
		"同一期间请只上传正式对账单",
		"For the same days upload the statement only",
	},
	{
		RuleBalance, "check-statement", "期初余额加发生额不等于期末余额", "Opening balance and movements do not give the closing balance",
		"对账单可能缺页或被改动,请重新下载",
		"The statement may lack pages or have been changed: download it again",
	},
}

// Text is the catalogue's entry for the rule, and whether there is one.
func (r Rule) Text() (RuleText, bool) {
	for _, t := range Rules {
		if t.Rule == r {
			return t, true
		}
	}
	return RuleText{}, false
}

// Remedy is the code of what to do about the rule.
func (r Rule) Remedy() string {
	t, _ := r.Text()
	return t.Remedy
}
