package sample

import "fmt"

// party is an invented firm.
type party struct {
	name      string
	taxNumber string
	account   string
}

var (
	nameFirst  = []string{"晴", "禾", "松", "岚", "澄", "霁", "桐", "溪", "梧", "朗", "清", "沐", "栖", "云", "棠", "屿"}
	nameSecond = []string{"川", "原", "野", "舟", "声", "石", "和", "远", "庐", "汀", "序", "陌", "然", "图", "朵", "岸"}
	nameTrade  = []string{"豆制品", "五金", "印刷", "包装", "食品", "纺织", "家具", "塑料", "机电", "灯饰", "茶叶", "文具", "餐饮", "物流", "建材", "花卉"}
	nameForm   = []string{"有限公司", "商行", "经营部", "加工厂"}
)

// newParty invents a firm. number makes its name unique within a book.
func newParty(r *random, number int64) party {
	pick := func(list []string) string { return list[r.below(int64(len(list)))] }
	return party{
		name: fmt.Sprintf("样本%s%s%s%s（%03d号）", pick(nameFirst), pick(nameSecond), pick(nameTrade), pick(nameForm), number),
		// Registrar 9, kind 9, region 000000: assigned to nobody.
		taxNumber: withCheck(fmt.Sprintf("99000000%09d", r.below(1_000_000_000))),
		account:   fmt.Sprintf("99%017d", r.below(100_000_000_000_000_000)),
	}
}

// withCheck appends the check character of GB 32100-2015 to the first 17 of a
// unified social credit code.
func withCheck(s string) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	weights := [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	sum := 0
	for i := range weights {
		for v := range len(alphabet) {
			if alphabet[v] == s[i] {
				sum += v * weights[i]
			}
		}
	}
	return s + string(alphabet[(31-sum%31)%31])
}
