// Cards of a regulator's cases and of disputes about records.
import { consentID } from "./artefact.ts";
import { caseTerms } from "./card_consent.ts";
import { Fault, type Text } from "./fault.ts";
import type { OnConsent, OpenCase, OpenDispute, ResolveDispute } from "./message.ts";
import { type CardMaker, saltedLine } from "./template.ts";
import { organisation, same, short } from "./word.ts";

const caseNote: Text = {
  zh: "案号、企业和您的机构在链上公开;企业主看得到案件和每一次查询。",
  en: "Case number, firm and your organisation are public on the ledger; the owner sees the case and every read.",
};

/** The terms are in the message itself: what is shown is what is signed. */
const openCase: CardMaker = async (s) => {
  const m = s.message as unknown as OpenCase;
  const t = m.terms;
  if (t === undefined || m.orgId !== t.granteeOrgId || t.purpose !== 7 || t.caseNumber === "") throw new Fault("value", "terms");
  if (t.expiresAt <= BigInt(s.now)) throw new Fault("value", "expires_at");
  const shown = await caseTerms(s, t, await consentID(t));
  return {
    title: { zh: "立案查询", en: "Open a case" },
    lines: shown.lines,
    parts: shown.parts,
    notes: [{ zh: "须由本机构的另一台设备确认后才能查询。", en: "Nothing can be read before another device of your organisation confirms it." }, caseNote],
    confirm: { zh: "立案", en: "Open the case" },
  };
};

function onCase(title: Text, confirm: Text, note: Text): CardMaker {
  return async (s) => {
    const m = s.message as unknown as OnConsent;
    const shown = await caseTerms(s, undefined, m.consentId);
    if (m.orgId !== shown.granteeOrgId) throw new Fault("value", "org_id");
    return { title, lines: shown.lines, parts: shown.parts, notes: [note, caseNote], confirm };
  };
}

const openDispute: CardMaker = async (s) => {
  const m = s.message as unknown as OpenDispute;
  if ((m.batchId.length === 32) === (m.attestationId !== 0n) || m.consentId.length !== 0) throw new Fault("value", "subject");
  const subject =
    m.batchId.length === 32
      ? { label: { zh: "有误的批次", en: "Batch that is wrong" }, value: same(short(m.batchId)), strong: true }
      : { label: { zh: "有误的核验声明", en: "Attestation that is wrong" }, value: same(`№${m.attestationId}`), strong: true };
  return {
    title: { zh: "要求更正", en: "Ask for a correction" },
    lines: [
      { label: { zh: "企业", en: "Firm" }, value: organisation(m.enterpriseId, s.support.orgs) },
      subject,
      await saltedLine(s, "reason_hash", m.reasonHash, { zh: "哪里不对", en: "What is wrong" }),
    ],
    parts: [],
    notes: [
      {
        zh: "有争议的批次在裁定前不计入评分,也不能据此借款。裁定为有误后,由数据来源提交新的批次。说明文字不上链。",
        en: "A contested batch counts for no score until it is decided. If it is found wrong, its source delivers a new one. The text stays off the ledger.",
      },
    ],
    confirm: { zh: "提出更正", en: "Ask for it" },
  };
};

const resolveDispute: CardMaker = async (s) => {
  const m = s.message as unknown as ResolveDispute;
  if (m.disputeId === 0n) throw new Fault("value", "dispute_id");
  return {
    title: m.upheld ? { zh: "裁定:有误", en: "Decide: it is wrong" } : { zh: "裁定:无误", en: "Decide: it is right" },
    lines: [
      { label: { zh: "异议", en: "Dispute" }, value: same(`№${m.disputeId}`), strong: true },
      await saltedLine(s, "resolution_hash", m.resolutionHash, { zh: "理由", en: "Reason" }),
    ],
    parts: [],
    notes: [
      m.upheld
        ? { zh: "有误的批次不再计入评分,直到来源提交新批次;相关核验声明作废。", en: "The batch counts no more until its source delivers a new one; attestations of it fall." }
        : { zh: "批次恢复有效。", en: "The batch counts again." },
    ],
    confirm: { zh: "裁定", en: "Decide" },
  };
};

export const caseCards: Record<string, CardMaker> = {
  "/xinlian.attestation.v1.MsgOpenDispute": openDispute,
  "/xinlian.attestation.v1.MsgResolveDispute": resolveDispute,
  "/xinlian.profile.v1.MsgCloseCase": onCase(
    { zh: "结案", en: "Close a case" },
    { zh: "结案", en: "Close" },
    { zh: "结案后不能再查询,保存的副本须按期删除。", en: "Nothing can be read afterwards; kept copies must be deleted in time." },
  ),
  "/xinlian.profile.v1.MsgConfirmCase": onCase(
    { zh: "确认案件", en: "Confirm a case" },
    { zh: "确认", en: "Confirm" },
    { zh: "确认后本机构可以按以上条款查询。请独立核对案号和法律依据。", en: "Your organisation may read under these terms afterwards. Check case number and legal basis yourself." },
  ),
  "/xinlian.profile.v1.MsgOpenCase": openCase,
};
