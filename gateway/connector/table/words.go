package table

import (
	"slices"

	"github.com/xinlian/xinlian/internal/record"
)

// word is what a person writes for a code: the first is what templates show.
type word []string

func (w word) has(s string) bool { return slices.Contains(w, s) }

// words are the Chinese words for each code, by field and code.
var words = map[string]word{
	"direction.in":          {"收", "收入", "流入", "进账", "贷"},
	"direction.out":         {"支", "支出", "流出", "出账", "借"},
	"status.normal":         {"正常", "有效", "有效发票"},
	"status.void":           {"作废", "作废发票", "失效"},
	"status.red":            {"红字", "红字发票", "红冲", "冲正"},
	"financed.none":         {"无", "未转让"},
	"financed.factored":     {"保理"},
	"financed.sold":         {"转让", "已转让"},
	"financed.assigned":     {"债权转让", "已让与"},
	"payment.open":          {"未付", "未付款", "未收"},
	"payment.paid":          {"已付", "已付款", "已收"},
	"booking.open":          {"未入账"},
	"booking.booked":        {"已入账"},
	"financed.securitised":  {"证券化", "securitized"},
	"seal.trusted":          {"可信"},
	"seal.untrusted":        {"不可信"},
	"kind.electricity":      {"电", "电费"},
	"kind.water":            {"水", "水费"},
	"kind.gas":              {"气", "燃气", "燃气费"},
	"kind.telecom":          {"通信", "电话", "话费"},
	"kind.business-licence": {"营业执照", "business licence", "business license"},
	"kind.permit":           {"许可证"},
	"kind.lawsuit":          {"诉讼"},
	"kind.judgment":         {"判决", "judgement"},
	"kind.enforcement":      {"执行"},
	"kind.dishonest":        {"失信"},
	"kind.penalty":          {"处罚", "行政处罚"},
	"role.plaintiff":        {"原告"},
	"role.defendant":        {"被告"},
	"role.tenant":           {"承租", "承租方"},
	"role.landlord":         {"出租", "出租方"},
	"state.open":            {"未结"},
	"state.closed":          {"已结", "结案"},
	"security.none":         {"信用", "无担保"},
	"security.guarantee":    {"保证"},
	"security.collateral":   {"抵押", "质押", "抵质押"},
}

// Words are the values that a column of that field may have: each code with its
// Chinese word, as "in 收".
func Words(f record.Field) []string {
	var out []string
	for _, code := range f.Codes {
		if w := words[f.Name+"."+code]; len(w) > 0 {
			code += " " + w[0]
		}
		out = append(out, code)
	}
	return out
}
