// The form's values against the message's. The page keeps what the person
// entered and compares it with the decoded message after the server prepared it.
import { toHex } from "./bytes.ts";
import { Fault } from "./fault.ts";
import { schema } from "./schema.ts";

/** What the server may fill in where the form says nothing; each is shown on the card or proven by it. */
const filledByServer: Readonly<Record<string, readonly string[]>> = {
  "/xinlian.loan.v1.MsgAccept": ["contract_hash"],
  "/xinlian.loan.v1.MsgApply": ["consent_id", "score_id"],
  "/xinlian.org.v1.MsgSetDataKey": ["public_key"],
  "/xinlian.profile.v1.MsgAmendConsent": ["terms"], // the card shows every one of them
  "/xinlian.profile.v1.MsgOpenCase": ["terms"],
  "/xinlian.attestation.v1.MsgOpenDispute": ["enterprise_id"],
};
const filledAlways: readonly string[] = ["device", "org_id"];

/** A xinlian.profile.v1.Provider as forms write it. */
function provider(x: unknown): string | undefined {
  const p = x as { orgId?: unknown; source?: unknown };
  return typeof p === "object" && p !== null && typeof p.orgId === "bigint" && typeof p.source === "string" ? `${p.orgId}:${p.source}` : undefined;
}

/** A decoded value as forms and `fields` write it: decimal, true or false, hexadecimal, text, lists with commas. */
function written(v: unknown): string {
  if (v instanceof Uint8Array) return toHex(v);
  if (["bigint", "number", "boolean", "string"].includes(typeof v)) return String(v);
  if (Array.isArray(v) && v.every((x) => typeof x === "number" || typeof x === "string")) return v.join(",");
  if (Array.isArray(v) && v.every((x) => provider(x) !== undefined)) return v.map(provider).join(",");
  throw new Fault("internal", "field of an unknown type");
}

/** How a value that nobody set is written. */
function isDefault(text: string): boolean {
  return text === "" || text === "0" || text === "false";
}

/**
 * Compares the kept fields with the message: every field of the form must be in
 * it with the same value, and nothing else may be set but what the server may
 * fill in. It throws field-differs with the field's name.
 */
export function compareFields(kind: string, kept: Readonly<Record<string, string>>, message: Readonly<Record<string, unknown>>): void {
  const desc = schema(kind.slice(1));
  const known = new Set(desc.fields.map((f) => f.name));
  for (const name of Object.keys(kept)) {
    if (!known.has(name.split(".")[0] as string)) throw new Fault("field-differs", name);
  }
  const server = [...filledAlways, ...(filledByServer[kind] ?? [])];
  for (const f of desc.fields) {
    if (f.fieldKind === "message") {
      if (!server.includes(f.name)) throw new Fault("internal", `${f.name} is a message`);
      compareInner(f.name, f.message.fields, kept, message[f.localName] as Readonly<Record<string, unknown>> | undefined);
      continue;
    }
    const got = written(message[f.localName]);
    const want = kept[f.name];
    if (want === undefined || want === "") {
      if (!isDefault(got) && !server.includes(f.name)) throw new Fault("field-differs", f.name);
    } else if (got !== want) {
      throw new Fault("field-differs", f.name);
    }
  }
}

/** The fields of a message in the message: `terms.month_to` of the form is month_to of terms. What the form leaves out is as it was, and on the card. */
function compareInner(
  outer: string,
  fields: readonly { name: string; localName: string }[],
  kept: Readonly<Record<string, string>>,
  inner: Readonly<Record<string, unknown>> | undefined,
): void {
  if (inner === undefined) throw new Fault("field-differs", outer);
  for (const [name, want] of Object.entries(kept)) {
    if (name === outer) throw new Fault("field-differs", name);
    if (!name.startsWith(`${outer}.`) || want === "") continue;
    const f = fields.find((x) => `${outer}.${x.name}` === name);
    if (f === undefined || written(inner[f.localName]) !== want) throw new Fault("field-differs", name);
  }
}
