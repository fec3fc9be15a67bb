// Canonical bytes and ids of the things that a person signs for, as package
// internal/artefact of the chain makes them. The page recomputes them from the
// terms that it shows, so that no server can show one thing and sign another.
import type { Bytes } from "./bytes.ts";
import { CanonError, Writer } from "./canon.ts";
import type { ConsentTerms, Offer, TemplateCondition, TemplateTerms } from "./message.ts";

function sized(b: Uint8Array, want: number): Uint8Array {
  if (b.length !== want) throw new CanonError("size", `field has ${b.length} bytes, want ${want}`);
  return b;
}

/** The SHA-256 of a consent's canonical terms. */
export function consentID(t: ConsentTerms): Promise<Bytes> {
  for (const link of [t.amends, t.renews]) if (link.length !== 0) sized(link, 32);
  const w = new Writer("consent").uint64(t.enterpriseId).uint64(t.granteeOrgId).uint32(t.categories.length);
  for (const c of t.categories) w.uint32(c);
  w.uint32(t.monthFrom)
    .uint32(t.monthTo)
    .uint32(t.purpose)
    .fixed(sized(t.purposeTextHash, 32))
    .uint32(t.mode)
    .uint32(t.fetchType)
    .uint32(t.fetchUnit)
    .uint32(t.fetchLimit)
    .int64(t.startsAt)
    .int64(t.expiresAt)
    .uint32(t.retentionDays)
    .uint32(t.signer)
    .uint32(t.providers.length);
  for (const p of t.providers) w.uint64(p.orgId).string(p.source);
  w.int64(t.amountFenMin).uint32(t.schemas.length);
  for (const id of t.schemas) w.string(id);
  return w.bytes(t.amends).bytes(t.renews).string(t.caseNumber).fixed(sized(t.nonce, 16)).sum();
}

/** The canonical bytes of a loan contract; the template hash stands for all that the template fixes. */
export function contractBytes(chainID: string, o: Offer): Bytes {
  return new Writer("contract")
    .string(chainID)
    .uint64(o.id)
    .uint64(o.applicationId)
    .uint64(o.enterpriseId)
    .uint64(o.lenderOrgId)
    .uint64(o.productId)
    .bytes(o.templateHash)
    .int64(o.principalFen)
    .uint32(o.rateBps)
    .uint32(o.periods)
    .int64(o.expiresAt)
    .encoded();
}

function conditions(w: Writer, list: TemplateCondition[]): void {
  w.uint32(list.length);
  for (const c of list) condition(w, c);
}

function condition(w: Writer, c: TemplateCondition): Writer {
  return w.string(c.code).string(c.expression).string(c.zh).string(c.en);
}

/** Whether a template has anything that the first kind of encoding cannot say. */
function secondKind(t: TemplateTerms): boolean {
  return t.covenants.length + t.warnings.length + t.stepDowns.length > 0 || t.tests.some((c) => c.variables.some((v) => v.text !== ""));
}

/** The canonical bytes of a contract template. */
export function templateBytes(t: TemplateTerms): Bytes {
  const second = secondKind(t);
  const w = new Writer(second ? "template-2" : "template")
    .string(t.name)
    .uint32(t.version)
    .uint32(t.method)
    .uint32(t.periodUnit)
    .uint32(t.trancheBps.length);
  for (const bps of t.trancheBps) w.uint32(bps);
  w.uint32(t.graceDays).uint32(t.lateFeeBps).uint32(t.prepaymentFeeBps);
  conditions(w, t.eligibility);
  conditions(w, t.referral);
  conditions(w, t.release);
  w.uint32(t.tests.length);
  for (const c of t.tests) {
    w.string(c.condition).uint32(c.variables.length);
    for (const v of c.variables) {
      w.string(v.name).int64(v.value);
      if (second) w.string(v.text);
    }
    w.bool(c.want);
  }
  if (second) {
    conditions(w, t.covenants);
    conditions(w, t.warnings);
    w.uint32(t.stepDowns.length);
    for (const s of t.stepDowns) condition(w, s.condition).uint32(s.bps);
  }
  return w.encoded();
}

/** The hash under which a text is committed to that must not be on chain. The salt is 32 random bytes. */
export function saltedHash(salt: Uint8Array, text: string): Promise<Bytes> {
  return new Writer("salted-text").fixed(sized(salt, 32)).string(text).sum();
}
