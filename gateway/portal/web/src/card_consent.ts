// Cards of consents. The terms come from the gateway and are hashed again: they
// are shown only if they are exactly the ones whose id the message carries.
import { consentID } from "./artefact.ts";
import { equal, sha256, utf8 } from "./bytes.ts";
import type { Card, CardMaker, Line, Subject } from "./template.ts";
import { Fault, type Text } from "./fault.ts";
import type { AmendConsent, ConsentTerms, OnConsent, Provider, RequestErasure } from "./message.ts";
import { yuan } from "./money.ts";
import { decodeJSON } from "./schema.ts";
import { categoryList, frequency, mode, month, organisation, plain, purpose, same, short, signer, time } from "./word.ts";

/** The terms of a consent, proven against its id. */
export async function provenTerms(s: Subject, id: Uint8Array): Promise<ConsentTerms> {
  const t = decodeJSON<ConsentTerms>("xinlian.profile.v1.ConsentTerms", s.support.consent, "support");
  let got: Uint8Array;
  try {
    got = await consentID(t);
  } catch {
    throw new Fault("consent-id", "terms");
  }
  if (!equal(got, id)) throw new Fault("consent-id");
  return t;
}

/**
 * The text of the purpose, proven against the terms. What only takes away from
 * the other side may be signed without it.
 */
async function purposeText(s: Subject, t: ConsentTerms, ending: boolean): Promise<Text> {
  const text = s.support.purpose_text;
  if (ending && text === undefined) return { zh: "(用途说明没有公布)", en: "(its text was never published)" };
  if (typeof text !== "string" || text === "") throw new Fault("support", "purpose_text");
  if (!equal(await sha256(utf8(text)), t.purposeTextHash)) throw new Fault("purpose-text");
  return same(text);
}

/** The seven lines that decide. */
async function decisive(s: Subject, t: ConsentTerms, ending = false): Promise<Line[]> {
  const kind = purpose(t.purpose);
  const text = await purposeText(s, t, ending);
  return [
    { label: { zh: "授权给", en: "Granted to" }, value: organisation(t.granteeOrgId, s.support.orgs), strong: true },
    { label: { zh: "用途", en: "Purpose" }, value: { zh: `${kind.zh}:${text.zh}`, en: `${kind.en}: ${text.en}` }, strong: true },
    { label: { zh: "数据", en: "Data" }, value: categoryList(t.categories), strong: true },
    { label: { zh: "时段", en: "Months" }, value: { zh: `${month(t.monthFrom)} 至 ${month(t.monthTo)}`, en: `${month(t.monthFrom)} to ${month(t.monthTo)}` } },
    { label: { zh: "次数", en: "Reads" }, value: frequency(t.fetchUnit, t.fetchLimit) },
    { label: { zh: "方式", en: "Use" }, value: keeping(t) },
    { label: { zh: "有效", en: "Valid" }, value: { zh: `${time(t.startsAt)} 至 ${time(t.expiresAt)}`, en: `${time(t.startsAt)} to ${time(t.expiresAt)} (Shanghai)` } },
  ];
}

function keeping(t: ConsentTerms): Text {
  const how = mode(t.mode);
  return t.retentionDays === 0
    ? how
    : {
        zh: `${how.zh},到期后 ${t.retentionDays} 天内删除`,
        en: `${how.en}, to be deleted within ${t.retentionDays} days after the end`,
      };
}

/** The sources that may be read; an empty list is all of them. */
function providers(list: readonly Provider[], names: Subject["support"]["orgs"]): Text {
  if (list.length === 0) return { zh: "以上数据的全部来源", en: "every source of these data" };
  const texts = list.map((p): Text => {
    const who = p.orgId === 0n ? { zh: "本企业申报", en: "declared by the enterprise" } : organisation(p.orgId, names);
    const which = plain(p.source);
    return which === "" ? who : { zh: `${who.zh}「${which}」`, en: `${who.en} “${which}”` };
  });
  return { zh: texts.map((x) => x.zh).join("、"), en: texts.map((x) => x.en).join(", ") };
}

function details(s: Subject, t: ConsentTerms, id: Uint8Array): Card["parts"] {
  const schemas: Text = t.schemas.length === 0 ? { zh: "不限", en: "any" } : same(t.schemas.map(plain).join(", "));
  const links: Line[] = [];
  if (t.amends.length !== 0) links.push({ label: { zh: "变更自", en: "Amends" }, value: same(short(t.amends)) });
  if (t.renews.length !== 0) links.push({ label: { zh: "续期自", en: "Renews" }, value: same(short(t.renews)) });
  const filter: Text =
    t.amountFenMin === 0n
      ? { zh: "不过滤", en: "none" }
      : { zh: `只看 ${yuan(t.amountFenMin)} 及以上的记录`, en: `only records of ${yuan(t.amountFenMin)} or more` };
  return [
    {
      title: { zh: "更多条款", en: "More terms" },
      lines: [
        { label: { zh: "签署人", en: "Signed by" }, value: signer(t.signer) },
        { label: { zh: "数据来源", en: "Sources" }, value: providers(t.providers, s.support.orgs) },
        { label: { zh: "记录种类", en: "Kinds of record" }, value: schemas },
        { label: { zh: "金额过滤", en: "Filter" }, value: filter },
        ...links,
        { label: { zh: "授权编号", en: "Consent id" }, value: same(short(id)) },
      ],
    },
  ];
}

/** A case: its terms, or those that support proves for its id. */
export async function caseTerms(s: Subject, terms: ConsentTerms | undefined, id: Uint8Array): Promise<{ lines: Line[]; parts: Card["parts"]; granteeOrgId: bigint }> {
  const t = terms ?? (await provenTerms(s, id));
  if (t.purpose !== 7) throw new Fault("value", "purpose");
  const head: Line[] = [
    { label: { zh: "案号", en: "Case number" }, value: same(plain(t.caseNumber)), strong: true },
    { label: { zh: "企业", en: "Firm" }, value: organisation(t.enterpriseId, s.support.orgs), strong: true },
  ];
  return { lines: [...head, ...(await decisive(s, t)).slice(1)], parts: details(s, t, id), granteeOrgId: t.granteeOrgId };
}

interface Wording {
  title: Text;
  confirm: Text;
  note: Text;
  /** The grantee may sign it too. */
  grantee?: boolean;
  /** It lets the other side read: the consent has not ended, and its purpose is known. */
  live?: boolean;
}

function consentCard(w: Wording): CardMaker {
  return async (s) => {
    const m = s.message as unknown as OnConsent;
    const t = await provenTerms(s, m.consentId);
    if (m.orgId !== t.enterpriseId && !(w.grantee && m.orgId === t.granteeOrgId)) throw new Fault("value", "org_id");
    if (w.live && t.expiresAt <= BigInt(s.now)) throw new Fault("value", "expires_at");
    return { title: w.title, lines: await decisive(s, t, !w.live), parts: details(s, t, m.consentId), notes: [w.note], confirm: w.confirm };
  };
}

/** The narrower artefact is in the message itself: what is shown is what is signed. */
const amendCard: CardMaker = async (s) => {
  const m = s.message as unknown as AmendConsent;
  const t = m.terms;
  if (t === undefined || m.orgId !== t.enterpriseId || t.amends.length !== 32) throw new Fault("value", "terms");
  if (t.expiresAt <= BigInt(s.now)) throw new Fault("value", "expires_at");
  return {
    title: { zh: "按更窄的条款授权", en: "Grant under narrower terms" },
    lines: await decisive(s, t),
    parts: details(s, t, await consentID(t)),
    notes: [
      {
        zh: "以上条款立即生效并取代原授权或原申请;原授权下已经保存的数据须按期删除。",
        en: "These terms take effect at once in place of the earlier consent or request; copies kept under an earlier consent must be deleted in time.",
      },
    ],
    confirm: { zh: "同意以上条款", en: "Grant these terms" },
  };
};

const erasureCard: CardMaker = async (s) => {
  const m = s.message as unknown as RequestErasure;
  return {
    title: { zh: "永久删除本企业数据", en: "Erase the enterprise's data for good" },
    lines: [
      { label: { zh: "企业", en: "Enterprise" }, value: organisation(m.orgId, s.support.orgs), strong: true },
      { label: { zh: "删除内容", en: "What is erased" }, value: { zh: "全部记录的密钥,包括备份", en: "the keys of every record, backups included" }, strong: true },
      { label: { zh: "授权", en: "Consents" }, value: { zh: "全部立即撤回", en: "all are revoked at once" } },
      { label: { zh: "以后", en: "Afterwards" }, value: { zh: "不能再存入数据或授权", en: "no data can be stored and no consent given" } },
    ],
    parts: [],
    notes: [
      {
        zh: "不能撤销。链上的哈希、日期和次数仍然保留;有未结清贷款或监管案件时不受理。",
        en: "It cannot be undone. Hashes, dates and counts stay on chain; it is refused while a loan runs or a regulator's case is open.",
      },
    ],
    confirm: { zh: "永久删除", en: "Erase for good" },
  };
};

export const consentCards: Record<string, CardMaker> = {
  "/xinlian.profile.v1.MsgGrantConsent": consentCard({
    title: { zh: "同意数据授权", en: "Grant a consent" },
    confirm: { zh: "同意授权", en: "Grant" },
    live: true,
    note: {
      zh: "您可以随时暂停或撤回;撤回后对方不能再查询,已经保存的数据须按期删除。",
      en: "You may pause or revoke it at any time; after that nothing more can be read, and kept copies must be deleted in time.",
    },
  }),
  "/xinlian.profile.v1.MsgRefuseConsent": consentCard({
    title: { zh: "拒绝数据授权", en: "Refuse a consent" },
    confirm: { zh: "拒绝", en: "Refuse" },
    note: { zh: "对方得不到任何数据。", en: "The other side gets no data." },
  }),
  "/xinlian.profile.v1.MsgPauseConsent": consentCard({
    title: { zh: "暂停数据授权", en: "Pause a consent" },
    confirm: { zh: "暂停", en: "Pause" },
    note: { zh: "暂停期间对方不能查询;您可以随时恢复。", en: "Nothing can be read while it is paused; you may resume it." },
  }),
  "/xinlian.profile.v1.MsgResumeConsent": consentCard({
    title: { zh: "恢复数据授权", en: "Resume a consent" },
    confirm: { zh: "恢复", en: "Resume" },
    live: true,
    note: { zh: "对方可以再次按以上条款查询。", en: "The other side may read again under these terms." },
  }),
  "/xinlian.profile.v1.MsgRevokeConsent": consentCard({
    title: { zh: "撤回数据授权", en: "Revoke a consent" },
    confirm: { zh: "撤回", en: "Revoke" },
    grantee: true,
    note: {
      zh: "撤回从下一个区块起生效,不能恢复;如需再授权,要由对方重新申请。",
      en: "It takes effect with the next block and cannot be undone; a new consent must be asked for.",
    },
  }),
  "/xinlian.profile.v1.MsgAmendConsent": amendCard,
  "/xinlian.profile.v1.MsgRequestErasure": erasureCard,
};
