package portal

// termsTexts are of limits and rates, the way up and the sliders.
var termsTexts = map[string]entry{
	"way.title": {"最快升到 %s 级", "The shortest way to band %s"},
	"way.text":  {"只需改变下面 %d 项，就能补上差的 %d 分，升到 %s 级（%d 分）：", "These %d changes win the %d points that are missing for band %s (%d points in all):"},
	"way.raise": {"%s：从 %s 提高到 %s", "%s: from %s up to %s"},
	"way.lower": {"%s：从 %s 降到 %s", "%s: from %s down to %s"},
	"way.none":  {"还差 %d 分到 %s 级。半年内通常做得到的改变里，没有不超过 %d 项就够的组合；可以先从上面的单项做起。", "%d points are missing for band %s. Of what a firm can usually change in half a year no %d changes or fewer are enough; begin with the single steps above."},
	"way.best":  {"%s 级已经是最好的等级。", "Band %s is the best there is."},
	"way.try":   {"用滑块试算", "Try it with sliders"},

	"whatif.title":  {"滑块试算", "What if"},
	"whatif.note":   {"试算，不构成承诺：用与链上相同的评分卡和公式计算，正式审批以届时的数据为准。", "A trial, not a promise: computed with the chain's own scorecard and formulas; a decision rests on the facts of its day."},
	"whatif.none":   {"这里没有可以试算的评分。", "There is no score here to try things with."},
	"whatif.how":    {"向右拖动表示变好，最右边是半年左右通常做得到的程度。只有您自己能看到这些数值。", "Right is better; the far right is what a firm can usually do in half a year. Only you see these values."},
	"whatif.more":   {"其余 %d 项", "%d more"},
	"whatif.button": {"重新计算", "Compute"},
	"whatif.reset":  {"恢复现状", "Back to now"},
	"whatif.now":    {"现在 %s", "now %s"},
	"whatif.moved":  {"%s（现在 %s）", "%s (now %s)"},
	"whatif.score":  {"%+d 分，等级 %s → %s，一年违约概率 %s，每月可还 %s", "%+d points, band %s → %s, default within a year %s, capacity %s a month"},
	"whatif.same":   {"还没有移动任何滑块，这是现在的情况。", "No slider is moved: this is how it is now."},
	"whatif.limit":  {"%s 额度", "%s: limit"},
	"whatif.rate":   {"%s 年利率", "%s: yearly rate"},
	"whatif.parts":  {"%s 怎样算出来的", "%s: how it comes about"},

	"rounding.up":   {"（向上取整）", "(rounded up)"},
	"rounding.down": {"（向下取整）", "(rounded down)"},

	"bound.title":          {"额度取下列各项中最小的", "The limit is the smallest of these"},
	"bound.limit-product":  {"产品上限", "The product's largest loan"},
	"bound.limit-capacity": {"还款能力 × 期数 × 等级系数 × 数据质量系数", "Capacity × periods × band factor × grade factor"},
	"bound.limit-band":     {"该产品不向这个等级放款", "The product lends nothing in this band"},
	"bound.limit-grade":    {"这个数据质量不放款", "Nothing is lent on data of this grade"},
	"bound.limit-exposure": {"全网负债余额", "Exposure left on the network"},
	"bound.limit-pool":     {"资金池可用", "Free in the pool"},
	"rate.title":           {"年利率是下列各项之和", "The rate is the sum of these"},

	"inputs.model":       {"评分模型", "Score model"},
	"inputs.model.text":  {"%s（特征集 %d）%s", "%s (feature set %d) %s"},
	"inputs.band":        {"等级与违约概率", "Band and probability"},
	"inputs.band.text":   {"%s，%s", "%s, %s"},
	"inputs.bandfactor":  {"等级系数", "Band factor"},
	"inputs.gradefactor": {"数据质量系数", "Grade factor"},
	"inputs.lgd":         {"违约损失率", "Loss given default"},
	"inputs.brief":       {"审批摘要", "Brief"},

	"reason.facts": {"来源：%s；数据截至 %s；此项得 %d 分", "Source: %s; as of %s; scored %d points"},

	"decision.limit-band": {"该产品在这个信用等级不放款（系数 %d 基点，至少 %d）", "the product lends nothing in this band (factor of %d bps, at least %d)"},
}
