package connector

// The rules of invoices. Those called br are rules of EN 16931, by its own
// numbers; br-vat-08 and br-vat-09 stand for the rules of that number of every
// VAT category (BR-S-08, BR-E-09, …), which the detail names.
const (
	RuleInvoiceType Rule = "invoice-type"
	RuleBRCO10      Rule = "br-co-10"
	RuleBRCO11      Rule = "br-co-11"
	RuleBRCO12      Rule = "br-co-12"
	RuleBRCO13      Rule = "br-co-13"
	RuleBRCO14      Rule = "br-co-14"
	RuleBRCO15      Rule = "br-co-15"
	RuleBRCO16      Rule = "br-co-16"
	RuleBRCO17      Rule = "br-co-17"
	RuleBRCO18      Rule = "br-co-18"
	RuleVATBase     Rule = "br-vat-08"
	RuleVATZero     Rule = "br-vat-09"
	RuleLineNet     Rule = "line-net"
	RuleAllowance   Rule = "allowance"
	RuleTaxNumber   Rule = "tax-number"
	RuleArchive     Rule = "archive"
	RuleSeal        Rule = "seal"
	RuleDigest      Rule = "digest"
	RuleUnsigned    Rule = "unsigned-file"
	RuleUntrusted   Rule = "seal-untrusted"
	RuleXBRL        Rule = "xbrl"
	RuleTaxRate     Rule = "tax-rate"
)

var invoiceRules = []RuleText{
	{
		RuleInvoiceType, "check-invoice-type", "单据类型不是发票或贷项通知", "The type of the document is no invoice or credit note",
		"请上传正式发票;形式发票不能作为债权凭证",
		"Upload the invoice itself; a pro-forma invoice claims nothing",
	},
	{
		RuleBRCO10, "check-line-sum", "行净额之和不符", "The sum of line net amounts is wrong (BR-CO-10)",
		"请核对各行金额与行合计",
		"Check the lines and their sum",
	},
	{
		RuleBRCO11, "check-allowance-sum", "折让合计不符", "The sum of allowances is wrong (BR-CO-11)",
		"请核对单据级折让与其合计",
		"Check the allowances of the document and their sum",
	},
	{
		RuleBRCO12, "check-charge-sum", "附加费合计不符", "The sum of charges is wrong (BR-CO-12)",
		"请核对单据级附加费与其合计",
		"Check the charges of the document and their sum",
	},
	{
		RuleBRCO13, "check-exclusive", "不含税合计不等于行合计减折让加附加费", "The total without tax is not lines − allowances + charges (BR-CO-13)",
		"请核对不含税合计,差一分也不接受",
		"Check the total without tax; a difference of one cent is refused",
	},
	{
		RuleBRCO14, "check-tax-sum", "税额合计不等于各税种税额之和", "The tax total is not the sum of the tax breakdown (BR-CO-14)",
		"请核对税额合计与分项税额",
		"Check the tax total and the breakdown",
	},
	{
		RuleBRCO15, "check-inclusive", "含税合计不等于不含税合计加税额", "The total with tax is not the total without tax plus tax (BR-CO-15)",
		"请核对含税合计,差一分也不接受",
		"Check the total with tax; a difference of one cent is refused",
	},
	{
		RuleBRCO16, "check-payable", "应付金额不等于含税合计减预付加舍入", "The amount due is not total − prepaid + rounding (BR-CO-16)",
		"请核对应付金额、预付金额与舍入金额",
		"Check the amount due, what was prepaid and the rounding",
	},
	{
		RuleBRCO17, "check-tax-amount", "分项税额不等于计税金额乘税率", "A tax amount is not taxable amount × rate (BR-CO-17)",
		"请核对该税率的计税金额与税额",
		"Check taxable amount, rate and tax of that category",
	},
	{
		RuleBRCO18, "add-breakdown", "缺少税额明细", "There is no VAT breakdown (BR-CO-18)",
		"请重新导出包含税额明细的发票",
		"Export the invoice with its VAT breakdown",
	},
	{
		RuleVATBase, "check-taxable", "计税金额不等于同税种各行之和", "A taxable amount is not the sum of the lines of its category (BR-S-08 and its like)",
		"请核对各行的税种、税率与该税种的计税金额",
		"Check category and rate of the lines, and the taxable amount of the category",
	},
	{
		RuleVATZero, "check-exempt", "免税或零税率项目带有税额", "A category without tax carries tax (BR-E-09 and its like)",
		"免税、零税率、反向征收等项目税额应为零",
		"Exempt, zero-rated and reverse-charge amounts have no tax",
	},
	{
		RuleLineNet, "check-line", "行净额不等于数量乘单价减折让加附加费", "A line's net amount is not quantity × price − allowances + charges",
		"请核对该行的数量、单价与金额",
		"Check quantity, price and net amount of the line",
	},
	{
		RuleAllowance, "check-percentage", "折让或附加费不等于基数乘百分比", "An allowance or charge is not its percentage of its base",
		"请核对折让的基数与百分比",
		"Check base and percentage",
	},
	{
		RuleTaxNumber, "check-tax-number", "税号格式有误", "A tax number is not one",
		"请核对税号:15 至 20 位数字与大写字母",
		"Check the tax number: 15 to 20 digits and capital letters",
	},
	{
		RuleArchive, "download-ofd", "OFD 压缩包有误或不安全", "The OFD archive is damaged or unsafe",
		"请从电子税务局或开票平台重新下载 OFD 原件",
		"Download the original OFD again from the tax bureau or the issuing platform",
	},
	{
		RuleSeal, "get-original", "电子签章无效", "The electronic seal does not verify",
		"文件可能被改动:请上传未经编辑的原件",
		"The file may have been changed: upload the original, unedited",
	},
	{
		RuleDigest, "get-unchanged", "文件内容与签章时的摘要不符", "A file inside is not the one that was sealed",
		"内容在签章后被改动:请上传未经编辑的原件",
		"Contents were changed after sealing: upload the original, unedited",
	},
	{
		RuleUnsigned, "get-sealed", "含有签章未覆盖的文件", "The archive has a file that no seal covers",
		"内容在签章后被添加:请上传未经编辑的原件",
		"Contents were added after sealing: upload the original, unedited",
	},
	{
		RuleUntrusted, "trust-authority", "签章有效,但签发机构不在信任名单中", "The seal verifies, but its authority is not among the trusted ones",
		"已读取,但不作为税务机关签章的凭证;管理员可配置信任的根证书",
		"It was read, but is no proof of the tax bureau's seal; an operator may configure trusted roots",
	},
	{
		RuleXBRL, "export-xbrl", "XBRL 实例自相矛盾", "The XBRL instance contradicts itself",
		"请从会计软件重新导出 XBRL 实例文档",
		"Export the XBRL instance again from the accounting software",
	},
	{
		RuleTaxRate, "check-rate", "税额与金额乘税率不符", "The tax is not amount × rate",
		"差额征税或减按征收时属正常,否则请核对",
		"Normal under margin or reduced taxation; otherwise check it",
	},
}
