package portal

import "strings"

var (
	capitalDigits = []rune("零壹贰叁肆伍陆柒捌玖")
	capitalUnits  = []string{"", "拾", "佰", "仟"}
	capitalGroups = []string{"", "万", "亿", "兆"}
)

// Capital writes fen as contracts do in Chinese: 壹拾万元整. A negative amount
// begins with 负.
func Capital(fen int64) string {
	u, sign := uint64(fen), ""
	if fen < 0 {
		u, sign = -u, "负"
	}
	yuan, jiao, rest := u/100, u/10%10, u%10
	var b strings.Builder
	b.WriteString(sign)
	if yuan > 0 || jiao+rest == 0 {
		b.WriteString(capitalWhole(yuan))
		b.WriteString("元")
	}
	switch {
	case jiao+rest == 0:
		b.WriteString("整")
		return b.String()
	case jiao > 0:
		b.WriteRune(capitalDigits[jiao])
		b.WriteString("角")
	case yuan > 0:
		b.WriteString("零")
	}
	if rest > 0 {
		b.WriteRune(capitalDigits[rest])
		b.WriteString("分")
	} else {
		b.WriteString("整")
	}
	return b.String()
}

// capitalWhole writes a whole number in groups of four digits. A gap of zeros,
// inside a group or between two, is one 零.
func capitalWhole(n uint64) string {
	if n == 0 {
		return "零"
	}
	var groups []uint64
	for ; n > 0; n /= 10_000 {
		groups = append(groups, n%10_000)
	}
	var b strings.Builder
	gap := false
	for i := len(groups) - 1; i >= 0; i-- {
		g := groups[i]
		if g == 0 {
			gap = true
			continue
		}
		if b.Len() > 0 && (gap || g < 1000) {
			b.WriteString("零")
		}
		gap = false
		capitalGroup(&b, g)
		b.WriteString(capitalGroups[i])
	}
	return b.String()
}

func capitalGroup(b *strings.Builder, g uint64) {
	gap, begun := false, false
	for place := 3; place >= 0; place-- {
		d := g / []uint64{1, 10, 100, 1000}[place] % 10
		if d == 0 {
			gap = begun
			continue
		}
		if gap {
			b.WriteString("零")
		}
		gap, begun = false, true
		b.WriteRune(capitalDigits[d])
		b.WriteString(capitalUnits[place])
	}
}
