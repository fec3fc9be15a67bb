// The ways in which the page says no. Each has a code for machines and tests,
// and tells the reader, in her language, what happened and what to do.

export type Language = "zh" | "en";
export type Text = Readonly<Record<Language, string>>;

const unsafe: Text = {
  zh: "请不要继续,返回后重试;若再次出现,请联系您的服务机构。",
  en: "Do not go on. Go back and try again; if it happens again, call your institution.",
};

function refusal(zh: string, en: string): Text {
  return { zh: `已拒绝签名:${zh}。${unsafe.zh}`, en: `Not signed: ${en}. ${unsafe.en}` };
}

/** Every fault by its code. */
export const faults = {
  // what the server prepared is not what it should be
  encoding: refusal("交易内容的编码不规范", "the transaction is not in canonical encoding"),
  "unknown-field": refusal("交易里有本页不认识的内容", "the transaction has content that this page does not know"),
  "message-type": refusal("本页不能签署这一类交易", "this page does not sign this kind of transaction"),
  "message-count": refusal("一次只能签署一项内容", "a transaction must hold exactly one message"),
  signer: refusal("签名人或签名方式不对", "the signer or the way of signing is wrong"),
  device: refusal("交易不是以您这台设备的名义准备的", "the transaction was not prepared for this device"),
  fee: refusal("交易夹带了费用", "the transaction carries a fee"),
  gas: refusal("交易的资源上限异常", "the transaction's gas limit is out of bounds"),
  memo: refusal("交易夹带了附言", "the transaction carries a memo"),
  extension: refusal("交易夹带了扩展选项", "the transaction carries extension options"),
  "chain-id": refusal("交易属于另一个网络", "the transaction is for another network"),
  timeout: refusal("交易没有 5 分钟以内的有效期", "the transaction does not end within 5 minutes"),
  expired: {
    zh: "这笔交易已经过期,没有签名。请重新提交;若反复出现,请校准手机时间。",
    en: "This transaction has expired and was not signed. Submit it again; if it keeps happening, check the clock.",
  },
  "field-differs": refusal("交易内容与您填写的不一致", "the transaction differs from what you entered"),
  support: refusal("缺少用来说明交易内容的资料", "what is needed to explain the transaction is missing"),
  "consent-id": refusal("授权条款与授权编号不符", "the terms of the consent do not match its id"),
  "purpose-text": refusal("用途说明与授权条款不符", "the text of the purpose does not match the consent"),
  "contract-hash": refusal("合同内容与合同哈希不符", "the contract does not match its hash"),
  "template-hash": refusal("合同模板与其哈希不符", "the contract template does not match its hash"),
  "offer-differs": refusal("合同内容与报价不一致", "the contract differs from the offer"),
  value: refusal("交易里有不合法的数值", "the transaction holds an illegal value"),
  nonce: refusal("服务器给的随机数不对", "the server's nonce is wrong"),
  "read-request": refusal("读取请求不合规范", "the request to read is not in its canonical form"),
  // what the person typed
  input: { zh: "填写的内容不正确,请检查后重试。", en: "An entry is not right. Check it and try again." },
  // what the device answered
  "not-allowed": {
    zh: "没有完成验证:您取消了,或者超时了。请再试一次;若没有弹出验证窗口,请先在手机设置里开启指纹、面容或锁屏密码。",
    en: "Verification did not finish: it was cancelled or timed out. Try again; if no prompt appeared, first switch on fingerprint, face or screen lock in the settings.",
  },
  "no-verification": {
    zh: "这台设备没有验证您本人。请先在系统设置里开启指纹、面容或锁屏密码,再试一次。",
    en: "This device did not verify that it is you. Switch on fingerprint, face or screen lock in its settings and try again.",
  },
  "already-enrolled": {
    zh: "这台设备已经登记过。请直接登录。",
    en: "This device is already enrolled. Log in instead.",
  },
  algorithm: {
    zh: "这台设备的通行密钥不支持所需的算法(ES256)。请换一台设备或使用安全钥匙。",
    en: "This device's passkeys lack the needed algorithm (ES256). Use another device or a security key.",
  },
  "wrong-site": {
    zh: "当前网址不能使用这把通行密钥。请从您的服务机构给出的网址打开本页。",
    en: "This passkey cannot be used at this address. Open the page from the address your institution gave you.",
  },
  "use-localhost": {
    zh: "通行密钥不能用于 IP 地址。请把网址里的 127.0.0.1 改成 localhost 再打开。",
    en: "A passkey cannot belong to an IP address. Replace 127.0.0.1 by localhost in the address.",
  },
  browser: {
    zh: "这个浏览器不支持通行密钥。请使用最新版的 Chrome、Edge、Safari 或手机自带浏览器打开本页。",
    en: "This browser has no passkeys. Open the page in a current Chrome, Edge or Safari.",
  },
  wechat: {
    zh: "请点右上角 ··· 在浏览器打开。微信内不能使用指纹或面容签名。",
    en: "Tap ··· at the top right and open the page in your browser. WeChat cannot use your fingerprint or face for signing.",
  },
  insecure: {
    zh: "本页没有通过安全连接打开,不能签名。请使用 https 网址。",
    en: "This page was not opened over a secure connection and cannot sign. Use the https address.",
  },
  assertion: {
    zh: "这个浏览器给出的签名不合规范,不能使用。请换一个浏览器或设备。",
    en: "This browser's signature does not follow the rules and cannot be used. Try another browser or device.",
  },
  "other-passkey": {
    zh: "您选用了另一把通行密钥。请选用登记这个账户时的那一把。",
    en: "Another passkey was used. Choose the one that this account was enrolled with.",
  },
  cancelled: { zh: "已取消,没有签名。", en: "Cancelled; nothing was signed." },
  // the line
  network: {
    zh: "网络不通,没有提交。请检查网络后重试。",
    en: "The network failed and nothing was submitted. Check it and try again.",
  },
  "outcome-unknown": {
    zh: "已经提交,但没有收到结果。请先不要重复提交,稍后在记录里用交易哈希查询。",
    en: "It was submitted, but no answer came. Do not submit it again yet; look the transaction hash up in the records later.",
  },
  "other-hash": {
    zh: "服务器报告的交易不是您签名的那一笔。请立即联系您的服务机构。",
    en: "The server reports another transaction than the one you signed. Call your institution at once.",
  },
  server: { zh: "服务器没有办成这件事。", en: "The server could not do this." },
  internal: {
    zh: "页面出错,没有签名。请刷新后重试。",
    en: "The page failed and nothing was signed. Reload it and try again.",
  },
} as const satisfies Record<string, Text>;

export type FaultCode = keyof typeof faults;

/** One refusal or failure. detail is for support staff: field names, never values. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly detail: string;
  /** What the server said, already in the reader's language. */
  readonly said: string;

  constructor(code: FaultCode, detail = "", said = "") {
    super(detail === "" ? code : `${code}: ${detail}`);
    this.name = "Fault";
    this.code = code;
    this.detail = detail;
    this.said = said;
  }

  /** What happened and what to do. */
  text(language: Language): string {
    const text = faults[this.code][language];
    if (this.said === "") return text;
    return text.replace(/[。.]$/, "") + (language === "zh" ? ":" : ": ") + this.said;
  }
}

/** Any thrown value as a fault. */
export function asFault(e: unknown): Fault {
  return e instanceof Fault ? e : new Fault("internal", e instanceof Error ? `${e.name}: ${e.message}` : "");
}
