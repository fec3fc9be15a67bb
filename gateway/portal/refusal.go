package portal

import "fmt"

// refusal is a coded refusal of the chain in words that say what to do. One that
// is not listed is shown in the chain's own words.
type refusal struct{ zh, en string }

// refusals are by codespace and code.
var refusals = map[string]map[uint32]refusal{
	"sdk": {
		11: {"交易超出了资源上限，请稍后重试。", "The transaction ran out of gas. Try again later."},
		18: {"请求内容不合规范，请刷新页面后重试。", "The request is malformed. Reload the page and try again."},
		20: {"网络繁忙，请稍后重试。", "The network is busy. Try again shortly."},
		30: {"交易已经超时，请重新提交。", "The transaction has timed out. Submit it again."},
		32: {"另一笔交易刚刚提交，请重新提交这一笔。", "Another transaction came in between. Submit this one again."},
	},
	"xinlian": {
		2: {"节点正在启动，请稍后重试。", "The node is starting. Try again shortly."},
		3: {"交易的形式不被允许，请刷新页面后重试。", "This form of transaction is not allowed. Reload the page and try again."},
		4: {"这里不允许发送这一类消息。", "This message may not be sent here."},
		5: {"这台设备尚未登记、未启用、已冻结或已失效。请用已启用的设备登录，或联系您的核验机构。", "This device is not registered, pending, frozen or expired. Log in with an active one or call your verifier."},
		6: {"交易的有效期不对，请刷新页面后重试；若反复出现请校准时间。", "The transaction's timeout is wrong. Reload and try again; if it keeps happening, check the clock."},
		7: {"交易内容过大。", "The transaction is too large."},
	},
	"passkey": {
		6:  {"签名与交易内容不符，请重新签署。", "The signature does not match the transaction. Sign again."},
		9:  {"设备没有检测到您本人操作，请重新签署。", "The device saw nobody. Sign again."},
		10: {"设备没有验证指纹、面容或密码，请开启屏锁后重试。", "The device did not check fingerprint, face or PIN. Switch on the screen lock and try again."},
		12: {"签名无效，请选用登记时的通行密钥。", "The signature is wrong. Use the passkey that was enrolled."},
		13: {"网络已暂停使用通行密钥，请联系您的服务机构。", "The network has switched passkeys off. Call your institution."},
		14: {"当前网址不在网络允许的名单内，请从服务机构给出的网址打开。", "This address is not allowed. Open the page from the address your institution gave you."},
		15: {"这把通行密钥不属于本网站。", "This passkey belongs to another site."},
	},
	"org": {
		8:  {"没有这个机构。", "There is no such organisation."},
		9:  {"没有登记这台设备。", "This device is not registered."},
		12: {"这台设备不能代表该机构。", "This device does not act for that organisation."},
		13: {"设备尚未启用，请先启用设备。", "The device is pending. Activate it first."},
		14: {"设备已冻结，请用另一台管理员设备解冻。", "The device is frozen. Unfreeze it with another admin device."},
		15: {"设备已注销，不能再使用。", "The device is revoked for good."},
		16: {"设备已过期，请登记新的设备。", "The device has expired. Register a new one."},
		17: {"企业还在等待第二家核验机构确认，请稍后重试。", "The firm awaits its second verifier. Try again shortly."},
		18: {"机构已被暂停，请联系理事会。", "The organisation is suspended. Ask the council."},
		19: {"所选机构没有这项职能，请另选一家。", "That organisation lacks the role. Choose another."},
		21: {"这台设备没有这项权限，请用管理员设备操作。", "This device lacks the right. Use an admin device."},
		22: {"金额超过这台设备的限额，请用限额更高的设备。", "The amount is above this device's limit. Use a device with a higher one."},
		23: {"本时段交易次数已用完，请稍后重试。", "Your transactions of this window are used up. Try again later."},
		24: {"这家企业已经登记过。请直接登录；换了手机请联系核验机构。", "This firm is registered already. Log in; with a new phone, call your verifier."},
		26: {"这台设备已经登记在别的机构名下。", "This device is registered with an organisation already."},
		29: {"现在的状态不能这样操作；可能已经完成，请刷新页面。", "That is not possible in the present state; it may be done already. Reload the page."},
	},
	"cash": {
		4:  {"金额不正确。", "The amount is wrong."},
		5:  {"金额超过这台设备的限额。", "The amount is above this device's limit."},
		7:  {"对方不能收款。", "The payee may not hold deposits."},
		8:  {"账户已被冻结，请联系监管机构。", "The account is frozen. Ask the regulator."},
		9:  {"账户余额不足，请先存入资金。", "The balance is too small. Deposit money first."},
		10: {"兑付机构额度不足，请选择另一家。", "The issuer has too little outstanding. Choose another."},
		17: {"扣款授权已撤销、已到期或尚未生效。", "The mandate was revoked, has ended or has not begun."},
		18: {"扣款超过授权的限额。", "The debit is above the mandate's limits."},
		19: {"这一笔已经处理过，请刷新页面。", "This was done already. Reload the page."},
		20: {"退回金额超过收到的金额。", "That is more than is left to give back."},
		21: {"办理期限已过。", "The time for this has passed."},
		22: {"有一笔扣款被裁定退回，请先退款。", "A debit was ruled to be returned. Refund it first."},
		24: {"清算行的余额尚未核对一致，暂停入金，请联系清算行。", "The bank's balance is not reconciled, so it may not issue. Call the bank."},
	},
	"profile": {
		2:  {"您不能这样操作这份授权。", "You may not do this to the consent."},
		7:  {"企业尚未启用。", "The firm is not active yet."},
		9:  {"数据批次的顺序不对，请重新上传。", "The batch is out of sequence. Upload again."},
		10: {"这段时期的同一来源数据已经上传过。请只上传新的时期。", "This period of the same source was uploaded already. Upload newer periods only."},
		12: {"密钥刚刚更新，请重新上传。", "The key has just been renewed. Upload again."},
		15: {"没有这份授权或数据。", "There is no such consent or batch."},
		17: {"授权的状态已改变，请刷新页面。", "The consent's state has changed. Reload the page."},
		18: {"授权已过期或尚未生效。", "The consent is not in force."},
		19: {"数量已达上限，请先处理已有的申请。", "There are too many. Deal with the waiting ones first."},
	},
	"loan": {
		3:  {"您不能这样操作。", "You may not do this."},
		4:  {"没有这条记录。", "There is no such row."},
		5:  {"金额不在允许范围内。", "The amount is out of range."},
		10: {"现在的状态不能这样操作，请刷新页面。", "That is not possible in the present state. Reload the page."},
		13: {"贷款机构的资金池余额不足，请减少金额或稍后再试。", "The lender's pool has too little money. Ask for less or try later."},
		14: {"产品不支持这个金额或期限。", "The product does not allow this amount or term."},
		15: {"对该机构的授权无效或已撤回，请重新授权。", "Your consent to that lender is not live. Grant it again."},
		16: {"评分已过期或不适用于该机构，请重新评分。", "The score has expired or is for another lender. Have a new one made."},
		17: {"您在该产品下已有申请或报价，请先处理。", "You have an open application or offer for this product. Deal with it first."},
		18: {"金额超过额度。", "The amount is over the limit."},
		19: {"报价已过期，请重新申请。", "The offer has expired. Apply again."},
		20: {"合同内容与报价不一致，请刷新页面。", "The terms differ from the offer. Reload the page."},
		21: {"账户资金已被冻结。", "The money is frozen."},
		22: {"这个金额还不了任何款项。", "The amount pays nothing."},
		26: {"这个决定现在不能申诉：每份申请只能申诉一次，人工审核期限未到时请先等待。", "This decision cannot be appealed now: each application once, and not while a person still has time to decide."},
	},
	"score": {
		17: {"对该机构的授权已失效，请重新授权后再评分。", "The consent is not live. Grant it again and ask for a new score."},
		21: {"独立核验机构数量不足，请等待两家机构都完成核验。", "Too few independent verifiers stand by the features. Wait for both."},
		23: {"数据日期过旧或超前，请上传最近的数据后重新评分。", "The records are too old or lie ahead. Upload recent ones and ask for a new score."},
		24: {"已有更新的数据特征，请重新评分。", "Newer features are attested. Ask for a new score."},
		26: {"部分数据已被替换或有争议，请重新评分。", "Some records were replaced or are contested. Ask for a new score."},
		27: {"核验机构认为部分数据不一致，请先与核验机构沟通。", "A verifier refuses some records. Talk to the verifier first."},
		29: {"有新上传的数据没有计入，请重新评分。", "Newly uploaded records are left out. Ask for a new score."},
		32: {"证明没有通过链上校验，请重新评分。", "The proof does not hold. Ask for a new score."},
		34: {"评分已过期，请重新评分。", "The score has expired. Ask for a new one."},
	},
	"attestation": {
		7:  {"核验机构没有这一类数据的资质。", "The verifier is not accredited for this kind of records."},
		8:  {"核验机构与当事方有关联，不能核验。", "The verifier is not independent of the matter."},
		10: {"数据已被替换或有争议，不能核验。", "The records were replaced or are contested."},
	},
	"pledge": pledgeRefusals,
	"safety": {
		5: {"这一类操作已被紧急暂停，请稍后重试。", "This kind of transaction is stopped for the moment. Try again later."},
	},
}

// refusalText words a refusal of the chain, or gives the chain's own text.
func refusalText(l Lang, space string, code uint32, log string) string {
	if r, ok := refusals[space][code]; ok {
		if l == EN {
			return r.en
		}
		return r.zh
	}
	return fmt.Sprintf("%s/%d: %s", space, code, log)
}
