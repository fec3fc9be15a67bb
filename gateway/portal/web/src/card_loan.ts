// Cards of applications, contracts and repayments. The contract that is shown is
// made from the offer and its template; both are hashed again, and the result
// must be the hash in the message.
import { contractBytes, templateBytes } from "./artefact.ts";
import { equal, sha256 } from "./bytes.ts";
import { type Card, type CardMaker, type Line, saltedLine, type Subject } from "./template.ts";
import { provenTerms } from "./card_consent.ts";
import { Fault, type Text } from "./fault.ts";
import type { Accept, Appeal, Apply, DecideReferral, Offer, RefuseOffer, Repay, TemplateCondition, TemplateTerms } from "./message.ts";
import { amount, percent, yuan } from "./money.ts";
import { type Line as ScheduleLine, methodLevel, schedule, split } from "./schedule.ts";
import { decodeJSON } from "./schema.ts";
import { method, organisation, periodUnit, same, short, time } from "./word.ts";

const offerOpen = 1;

function periods(n: number): Text {
  if (n < 1) throw new Fault("value", "periods");
  return { zh: `${n} 期`, en: `${n} periods` };
}

const apply: CardMaker = async (s) => {
  const m = s.message as unknown as Apply;
  if (m.consentId.length !== 32 || m.scoreId.length !== 32) throw new Fault("value", "consent_id or score_id");
  const t = await provenTerms(s, m.consentId);
  if (t.enterpriseId !== m.orgId) throw new Fault("value", "org_id");
  return {
    title: { zh: "申请贷款", en: "Apply for a loan" },
    lines: [
      { label: { zh: "向", en: "To" }, value: organisation(t.granteeOrgId, s.support.orgs), strong: true },
      { label: { zh: "产品", en: "Product" }, value: { zh: `${m.productId} 号`, en: `no. ${m.productId}` } },
      { label: { zh: "申请金额", en: "Amount" }, value: amount(m.amountFen), strong: true },
      { label: { zh: "期数", en: "Term" }, value: periods(m.periods), strong: true },
    ],
    parts: [
      {
        title: { zh: "依据", en: "Grounds" },
        lines: [
          { label: { zh: "授权编号", en: "Consent id" }, value: same(short(m.consentId)) },
          { label: { zh: "评分编号", en: "Score id" }, value: same(short(m.scoreId)) },
        ],
      },
    ],
    notes: [
      {
        zh: "申请会立即得到决定。获批后还要您签署合同才会放款。",
        en: "It is decided at once. If it is approved, no money moves before you sign the contract.",
      },
    ],
    confirm: { zh: "提交申请", en: "Apply" },
  };
};

/** Offer and template, proven against each other and against the contract's hash. */
async function provenContract(s: Subject): Promise<{ offer: Offer; terms: TemplateTerms; hash: Uint8Array }> {
  const offer = decodeJSON<Offer>("xinlian.loan.v1.Offer", s.support.offer, "support");
  const terms = decodeJSON<TemplateTerms>("xinlian.loan.v1.TemplateTerms", s.support.template, "support");
  let template: Uint8Array;
  let contract: Uint8Array;
  try {
    template = await sha256(templateBytes(terms));
    contract = await sha256(contractBytes(s.chainID, offer));
  } catch {
    throw new Fault("contract-hash", "terms");
  }
  if (!equal(template, offer.templateHash)) throw new Fault("template-hash");
  if (!equal(contract, offer.contractHash)) throw new Fault("contract-hash", "offer");
  return { offer, terms, hash: contract };
}

const accept: CardMaker = async (s) => {
  const m = s.message as unknown as Accept;
  const { offer, terms, hash } = await provenContract(s);
  if (!equal(hash, m.contractHash)) throw new Fault("contract-hash");
  const agrees =
    m.offerId === offer.id &&
    m.orgId === offer.enterpriseId &&
    m.principalFen === offer.principalFen &&
    m.rateBps === offer.rateBps &&
    m.periods === offer.periods;
  if (!agrees) throw new Fault("offer-differs");
  if (offer.status !== offerOpen || offer.expiresAt <= BigInt(s.now)) throw new Fault("value", "offer is not open");
  if (!m.autoDebit) throw new Fault("value", "auto_debit");
  return {
    title: { zh: `签署借款合同(模板 ${terms.name} 第 ${terms.version} 版)`, en: `Sign the loan contract (template ${terms.name}, version ${terms.version})` },
    lines: contractLines(s, offer, terms),
    parts: contractParts(offer, terms, hash),
    notes: [
      {
        zh: "签署后首笔款项立即到账。系统按期从您的账户自动扣款;请在到期日前备足余额。",
        en: "The first money arrives at once. Instalments are taken from your account when due; keep enough in it.",
      },
    ],
    confirm: { zh: "签署合同", en: "Sign the contract" },
  };
};

function contractLines(s: Subject, o: Offer, t: TemplateTerms): Line[] {
  const unit = periodUnit(t.periodUnit);
  const how = method(t.method);
  const first = schedule(split(o.principalFen, t.trancheBps)[0] as bigint, o.rateBps, t.periodUnit, o.periods, t.method);
  return [
    { label: { zh: "出借人", en: "Lender" }, value: organisation(o.lenderOrgId, s.support.orgs), strong: true },
    { label: { zh: "借款金额", en: "Principal" }, value: amount(o.principalFen), strong: true },
    { label: { zh: "年利率", en: "Yearly rate" }, value: same(percent(o.rateBps)), strong: true },
    {
      label: { zh: "期限", en: "Term" },
      value: { zh: `${o.periods} ${unit.zh},${how.zh}`, en: `${o.periods} ${unit.en}, ${how.en}` },
      strong: true,
    },
    {
      label: t.method === methodLevel ? { zh: "每期还款", en: "Each instalment" } : { zh: "首期还款", en: "First instalment" },
      value: instalment(first, t.trancheBps.length),
    },
    { label: { zh: "利息合计", en: "Interest in all" }, value: interest(o, t) },
    { label: { zh: "自动扣款", en: "Automatic debit" }, value: { zh: "是", en: "yes" } },
  ];
}

function instalment(lines: ScheduleLine[], tranches: number): Text {
  const first = lines[0] as ScheduleLine;
  const figure = yuan(first.principalFen + first.interestFen);
  return tranches === 1 ? same(figure) : { zh: `首笔 ${figure}`, en: `${figure} for the first tranche` };
}

/** The interest of all tranches if each is paid on schedule. */
function interest(o: Offer, t: TemplateTerms): Text {
  let total = 0n;
  for (const part of split(o.principalFen, t.trancheBps)) {
    for (const line of schedule(part, o.rateBps, t.periodUnit, o.periods, t.method)) total += line.interestFen;
  }
  return { zh: `${yuan(total)}(按期还款)`, en: `${yuan(total)} (paid on schedule)` };
}

function contractParts(o: Offer, t: TemplateTerms, hash: Uint8Array): Card["parts"] {
  const parts = split(o.principalFen, t.trancheBps);
  const tranches: Line[] = parts.map((fen, i) => ({
    label: { zh: `第 ${i + 1} 笔`, en: `Tranche ${i + 1}` },
    value:
      i === 0
        ? { zh: `${yuan(fen)},签署后立即放款`, en: `${yuan(fen)}, paid out at signing` }
        : { zh: `${yuan(fen)},满足放款条件后发放`, en: `${yuan(fen)}, paid out when the release rules hold` },
  }));
  return [
    { title: { zh: "放款", en: "Pay-out" }, lines: [...tranches, ...conditionLines(t.release, { zh: "放款条件", en: "Release rule" })] },
    {
      title: { zh: "合同条款", en: "Terms" },
      lines: [
        { label: { zh: "宽限期", en: "Grace" }, value: { zh: `${t.graceDays} 天`, en: `${t.graceDays} days` } },
        { label: { zh: "逾期费", en: "Late fee" }, value: { zh: `未还部分的 ${percent(t.lateFeeBps)},每期一次`, en: `${percent(t.lateFeeBps)} of what is unpaid, once an instalment` } },
        { label: { zh: "提前还款费", en: "Early repayment fee" }, value: { zh: `提前还本部分的 ${percent(t.prepaymentFeeBps)}`, en: `${percent(t.prepaymentFeeBps)} of principal repaid early` } },
        ...conditionLines(t.eligibility, { zh: "准入条件", en: "Eligibility" }),
        ...conditionLines(t.referral, { zh: "转人工条件", en: "Referral" }),
        ...conditionLines(t.covenants, { zh: "贷款期间须满足", en: "Must hold while the loan runs" }),
        ...conditionLines(t.warnings, { zh: "不满足时预警", en: "Early warning unless" }),
        ...t.stepDowns.flatMap((s) =>
          conditionLines([s.condition], { zh: `年利率下调 ${percent(s.bps)}`, en: `Yearly rate less ${percent(s.bps)} when` }),
        ),
        { label: { zh: "报价有效至", en: "Offer ends" }, value: same(time(o.expiresAt)) },
        { label: { zh: "报价编号", en: "Offer" }, value: same(o.id.toString()) },
        { label: { zh: "合同哈希", en: "Contract hash" }, value: same(short(hash)) },
        { label: { zh: "模板哈希", en: "Template hash" }, value: same(short(o.templateHash)) },
      ],
    },
  ];
}

function conditionLines(list: TemplateCondition[], label: Text): Line[] {
  return list.map((c) => ({ label, value: { zh: `${c.zh}(${c.expression})`, en: `${c.en} (${c.expression})` } }));
}

const refuseOffer: CardMaker = async (s) => {
  const m = s.message as unknown as RefuseOffer;
  const { offer } = await provenContract(s);
  if (offer.id !== m.offerId || offer.enterpriseId !== m.orgId) throw new Fault("offer-differs");
  return {
    title: { zh: "谢绝报价", en: "Refuse the offer" },
    lines: [
      { label: { zh: "出借人", en: "Lender" }, value: organisation(offer.lenderOrgId, s.support.orgs), strong: true },
      { label: { zh: "报价编号", en: "Offer" }, value: same(offer.id.toString()) },
      { label: { zh: "金额", en: "Amount" }, value: amount(offer.principalFen) },
    ],
    parts: [],
    notes: [{ zh: "谢绝报价不会留下不良记录。", en: "Nothing is recorded against you." }],
    confirm: { zh: "谢绝", en: "Refuse" },
  };
};

const repay: CardMaker = async (s) => {
  const m = s.message as unknown as Repay;
  if (m.loanId <= 0n) throw new Fault("value", "loan_id");
  return {
    title: { zh: "还款", en: "Repay" },
    lines: [
      { label: { zh: "贷款编号", en: "Loan" }, value: same(m.loanId.toString()), strong: true },
      { label: { zh: "最多扣款", en: "At most" }, value: amount(m.amountFen), strong: true },
    ],
    parts: [],
    notes: [
      {
        zh: "先还逾期和到期的款项,再提前归还本金,利息算到当天;多出的钱留在您的账户。",
        en: "Late and due amounts first, then principal, with interest to the day; what is not owed stays in your account.",
      },
    ],
    confirm: { zh: "还款", en: "Repay" },
  };
};

const decideReferral: CardMaker = async (s) => {
  const m = s.message as unknown as DecideReferral;
  if (m.applicationId <= 0n) throw new Fault("value", "application_id");
  if (!m.approve && m.amountFen !== 0n) throw new Fault("value", "amount_fen");
  if (m.briefHash.length !== 32) throw new Fault("value", "brief_hash");
  const verdict: Line[] = m.approve
    ? [
        { label: { zh: "决定", en: "Decision" }, value: { zh: "同意", en: "approve" }, strong: true },
        { label: { zh: "金额", en: "Amount" }, value: amount(m.amountFen), strong: true },
      ]
    : [{ label: { zh: "决定", en: "Decision" }, value: { zh: "不同意", en: "decline" }, strong: true }];
  return {
    title: { zh: "人工审批", en: "Decide a referred application" },
    lines: [
      { label: { zh: "申请编号", en: "Application" }, value: same(m.applicationId.toString()), strong: true },
      ...verdict,
      await saltedLine(s, "note_hash", m.noteHash, { zh: "理由", en: "Reason" }),
      { label: { zh: "审批摘要指纹", en: "Hash of the brief" }, value: same(short(m.briefHash)) },
    ],
    parts: [],
    notes: [
      {
        zh: "决定以您的名义记入链上,理由只留哈希;您同时确认读过这份指纹的审批摘要。",
        en: "The decision goes on chain in your name, of the reason only the hash; you also confirm that you have read the brief of that hash.",
      },
    ],
    confirm: { zh: "提交决定", en: "Decide" },
  };
};

const appeal: CardMaker = async (s) => {
  const m = s.message as unknown as Appeal;
  if (m.applicationId <= 0n) throw new Fault("value", "application_id");
  const about: Line[] =
    m.disputeId === 0n ? [] : [{ label: { zh: "相关更正", en: "About correction" }, value: same(m.disputeId.toString()) }];
  return {
    title: { zh: "申诉,要求人工复核", en: "Appeal to a person" },
    lines: [
      { label: { zh: "申请编号", en: "Application" }, value: same(m.applicationId.toString()), strong: true },
      await saltedLine(s, "note_hash", m.noteHash, { zh: "您的理由", en: "What you say" }),
      ...about,
    ],
    parts: [],
    notes: [
      {
        zh: "每份申请只能申诉一次。原决定在复核完成前不变;理由在链上只留哈希。",
        en: "Each application may be appealed once. The decision stands until it is reviewed; of what you say only the hash goes on chain.",
      },
    ],
    confirm: { zh: "提交申诉", en: "Appeal" },
  };
};

export const loanCards: Record<string, CardMaker> = {
  "/xinlian.loan.v1.MsgAppeal": appeal,
  "/xinlian.loan.v1.MsgApply": apply,
  "/xinlian.loan.v1.MsgAccept": accept,
  "/xinlian.loan.v1.MsgRefuseOffer": refuseOffer,
  "/xinlian.loan.v1.MsgRepay": repay,
  "/xinlian.loan.v1.MsgDecideReferral": decideReferral,
};
