// What a card is, and what it is made from.
import { saltedHash } from "./artefact.ts";
import { equal, fromHex } from "./bytes.ts";
import { Fault, type Text } from "./fault.ts";
import { short } from "./word.ts";

export interface Line {
  label: Text;
  value: Text;
  /** Shown larger: the lines that decide. */
  strong?: boolean;
}

export interface Card {
  version: number;
  title: Text;
  lines: Line[];
  /** Further parts, folded at first: the whole contract, the small print. */
  parts: { title: Text; lines: Line[] }[];
  /** What follows from signing, in sentences. */
  notes: Text[];
  /** The word on the button. */
  confirm: Text;
}

/** A text that the person typed and that the chain knows by its salted hash only. */
export interface SaltedText {
  text: string;
  /** 32 bytes, hexadecimal. */
  salt: string;
}

/** What the gateway adds to explain a message; none of it is believed unproven but orgs. */
export interface Support {
  orgs?: Record<string, string>;
  /** xinlian.profile.v1.ConsentTerms, proto JSON. */
  consent?: unknown;
  purpose_text?: string;
  /** xinlian.loan.v1.Offer, proto JSON. */
  offer?: unknown;
  /** xinlian.loan.v1.TemplateTerms, proto JSON. */
  template?: unknown;
}

/** What a card is made from. */
export interface Subject {
  message: Record<string, unknown>;
  chainID: string;
  support: Support;
  /** The page's own, by field name. */
  salted: Readonly<Record<string, SaltedText>>;
  /** The page's clock, Unix seconds. */
  now: number;
}

export type CardMaker = (s: Subject) => Promise<Omit<Card, "version">>;

/**
 * A line for a field that is a salted hash of something the person typed. The
 * hash must be that of the kept text: a server that put another one in is refused.
 */
export async function saltedLine(s: Subject, field: string, hash: Uint8Array, label: Text): Promise<Line> {
  const kept = s.salted[field];
  if (kept === undefined) throw new Fault("support", field);
  if (!equal(await saltedHash(fromHex(kept.salt), kept.text), hash)) throw new Fault("field-differs", field);
  return { label, value: { zh: `${kept.text}(哈希 ${short(hash)})`, en: `${kept.text} (hash ${short(hash)})` } };
}
