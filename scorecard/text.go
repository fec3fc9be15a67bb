package scorecard

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// Lang is a language of texts for people.
type Lang string

// The languages of the portal.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Definition is the factor that the reason is about; nil for a version or an
// index that this build does not know.
func (r Reason) Definition() *Definition {
	list := sets[r.Set]
	if int(r.Feature) >= len(list) {
		return nil
	}
	return &list[r.Feature].Definition
}

// Text is the reason in one sentence: factor, value, points lost and what would
// win points. It is empty where Definition is nil. Any language but Chinese is
// answered in English.
func (r Reason) Text(lang Lang) string {
	d := r.Definition()
	switch {
	case d == nil:
		return ""
	case lang == Chinese:
		return d.reasonZH(r)
	}
	return d.reasonEN(r)
}

func (d *Definition) reasonZH(r Reason) string {
	if !r.Value.Present {
		return fmt.Sprintf("缺少“%s”所需的数据（%s），失 %d 分；补充后最多可加 %d 分",
			d.ZH, d.sourceNames(Chinese), r.Lost, r.StepGain)
	}
	text := fmt.Sprintf("%s：%s为 %s，失 %d 分", d.ReasonZH, d.ZH, d.Format(r.Value, Chinese), r.Lost)
	if !r.Step {
		return text
	}
	verb := "不高于"
	if r.Rising {
		verb = "达到"
	}
	return text + fmt.Sprintf("；%s %s可加 %d 分", verb, d.Format(Known(r.StepAt), Chinese), r.StepGain)
}

func (d *Definition) reasonEN(r Reason) string {
	if !r.Value.Present {
		return fmt.Sprintf("No data for %q (%s): %d points lost; supplying it may win up to %d",
			d.EN, d.sourceNames(English), r.Lost, r.StepGain)
	}
	text := fmt.Sprintf("%s: %s, %d points lost", d.ReasonEN, d.Format(r.Value, English), r.Lost)
	text = strings.ToUpper(text[:1]) + text[1:]
	if !r.Step {
		return text
	}
	verb := "at most"
	if r.Rising {
		verb = "at least"
	}
	return text + fmt.Sprintf("; %s %s wins %d points", verb, d.Format(Known(r.StepAt), English), r.StepGain)
}

// Source names the kinds of records that the factor is made of, or the market's
// indices; empty where Definition is nil.
func (r Reason) Source(lang Lang) string {
	d := r.Definition()
	if d == nil {
		return ""
	}
	return d.sourceNames(lang)
}

// sourceNames are the names of the schemas that the feature is made of, or of
// the market's indices where it is made of none.
func (d *Definition) sourceNames(lang Lang) string {
	switch {
	case len(d.Sources) == 0 && lang == Chinese:
		return "市场指数"
	case len(d.Sources) == 0:
		return "indices of the market"
	}
	names := make([]string, 0, len(d.Sources))
	for _, id := range d.Sources {
		s, ok := record.Latest(id)
		switch {
		case !ok:
		case lang == Chinese:
			names = append(names, s.ZH)
		default:
			names = append(names, strings.ToLower(s.EN))
		}
	}
	if lang == Chinese {
		return strings.Join(names, "、")
	}
	return strings.Join(names, ", ")
}

// Format writes a value in the feature's unit: yuan with thousands and two
// digits, percent with two digits, days, months or a plain number.
func (d *Definition) Format(v Value, lang Lang) string {
	if !v.Present {
		if lang == Chinese {
			return "无数据"
		}
		return "no data"
	}
	switch d.Unit {
	case Fen:
		if lang == Chinese {
			return hundredths(v.Int, true) + " 元"
		}
		return "CNY " + hundredths(v.Int, true)
	case BPS:
		return hundredths(v.Int, false) + "%"
	case Days:
		return counted(v.Int, lang, "天", "day")
	case Months:
		return counted(v.Int, lang, "个月", "month")
	}
	return strconv.FormatInt(v.Int, 10)
}

func counted(n int64, lang Lang, zh, en string) string {
	text := strconv.FormatInt(n, 10) + " "
	switch {
	case lang == Chinese:
		return text + zh
	case n == 1 || n == -1:
		return text + en
	}
	return text + en + "s"
}

// hundredths writes v / 100 exactly, with commas between thousands if grouped.
func hundredths(v int64, grouped bool) string {
	u := magnitude(v)
	whole := strconv.FormatUint(u/100, 10)
	if grouped {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	sign := ""
	if v < 0 {
		sign = "-"
	}
	return fmt.Sprintf("%s%s.%02d", sign, whole, u%100)
}
