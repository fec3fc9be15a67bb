// Cards of payments and redemptions.
import { type CardMaker, type Line, saltedLine } from "./template.ts";
import { Fault } from "./fault.ts";
import type { Redeem, Transfer } from "./message.ts";
import { amount } from "./money.ts";
import { organisation } from "./word.ts";

const transfer: CardMaker = async (s) => {
  const m = s.message as unknown as Transfer;
  if (m.toOrgId === m.orgId) throw new Fault("value", "to_org_id");
  const memo: Line[] =
    m.memoHash.length === 0 ? [] : [await saltedLine(s, "memo_hash", m.memoHash, { zh: "附言", en: "Memo" })];
  return {
    title: { zh: "付款", en: "Payment" },
    lines: [
      { label: { zh: "收款方", en: "Payee" }, value: organisation(m.toOrgId, s.support.orgs), strong: true },
      { label: { zh: "金额", en: "Amount" }, value: amount(m.amountFen), strong: true },
      ...memo,
    ],
    parts: [],
    notes: [{ zh: "款项立即到账,不能撤回。", en: "The payment is final at once and cannot be taken back." }],
    confirm: { zh: "付款", en: "Pay" },
  };
};

const redeem: CardMaker = async (s) => {
  const m = s.message as unknown as Redeem;
  return {
    title: { zh: "提现", en: "Redemption" },
    lines: [
      { label: { zh: "金额", en: "Amount" }, value: amount(m.amountFen), strong: true },
      {
        ...(await saltedLine(s, "account_hash", m.accountHash, { zh: "收款账户", en: "Pay-out account" })),
        strong: true,
      },
      { label: { zh: "兑付机构", en: "Paid out by" }, value: organisation(m.issuerOrgId, s.support.orgs) },
    ],
    parts: [],
    notes: [
      {
        zh: "签名后,链上存款立即扣除,由兑付机构转入上面的银行账户。",
        en: "Your deposit is taken at once, and the issuer pays it to the bank account above.",
      },
    ],
    confirm: { zh: "提现", en: "Redeem" },
  };
};

export const cashCards: Record<string, CardMaker> = {
  "/xinlian.cash.v1.MsgTransfer": transfer,
  "/xinlian.cash.v1.MsgRedeem": redeem,
};
