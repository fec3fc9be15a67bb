// From what the gateway prepared to what a person may sign: decode, compare,
// explain. Nothing here touches the page or the device.
import { type Bytes, equal, fromBase64, toBase64, toHex } from "./bytes.ts";
import { makeCard } from "./card.ts";
import { checkCharacters } from "./check.ts";
import { Fault, type Text } from "./fault.ts";
import { compareFields } from "./field.ts";
import { member } from "./http.ts";
import { readSignDoc, type Transaction, transactionHash } from "./signdoc.ts";
import type { Card, SaltedText, Support } from "./template.ts";

/** What the page knows of its own and holds against the bytes. */
export interface Expect {
  chainID: string;
  kind: string;
  /** As the person entered them: decimal, true or false, hexadecimal. */
  fields: Record<string, string>;
  salted: Record<string, SaltedText>;
}

/** A transaction that a person may be asked to sign. */
export interface Reviewed {
  transaction: Transaction;
  signBytes: Bytes;
  card: Card;
  check: Text;
}

function supportOf(prepared: Record<string, unknown>): Support {
  const s = prepared["support"] ?? {};
  if (typeof s !== "object" || Array.isArray(s)) throw new Fault("support");
  return s as Support;
}

/** Checks an answer of POST /tx/prepare against what the page expects; now is in Unix seconds. */
export async function review(prepared: Record<string, unknown>, want: Expect, now: number): Promise<Reviewed> {
  const signBytes = fromBase64(member(prepared, "sign_bytes"));
  if (member(prepared, "chain_id") !== want.chainID) throw new Fault("chain-id");
  const transaction = await readSignDoc(signBytes, { chainID: want.chainID, kind: want.kind, now });
  compareFields(want.kind, want.fields, transaction.message);
  const card = await makeCard(transaction, { support: supportOf(prepared), salted: want.salted, now });
  return { transaction, signBytes, card, check: await checkCharacters(signBytes) };
}

/** The body of POST /tx/submit. */
export function submission(r: Reviewed, signature: Uint8Array): Record<string, string> {
  return { sign_bytes: toBase64(r.signBytes), signature: toBase64(signature) };
}

/** What became of a transaction. */
export interface Outcome {
  hash: string;
  height: number;
  tookMillis: number;
}

/** Checks an answer of POST /tx/submit: it must speak of this very transaction. */
export async function outcome(r: Reviewed, signature: Uint8Array, answer: Record<string, unknown>): Promise<Outcome> {
  const hash = toHex(await transactionHash(r.transaction.doc, signature));
  if (member(answer, "hash").toLowerCase() !== hash) throw new Fault("other-hash", hash);
  const { height, took_ms: took } = answer;
  if (typeof height !== "number" || height <= 0) throw new Fault("server", "no height in the answer");
  return { hash, height, tookMillis: typeof took === "number" ? took : 0 };
}

/** The nonce in an answer of GET /nonce. It is too short to be anything else that is signed. */
export function readNonce(answer: Record<string, unknown>): Bytes {
  const nonce = fromBase64(member(answer, "nonce"));
  if (nonce.length < 16 || nonce.length > 64 || equal(nonce, new Uint8Array(nonce.length))) throw new Fault("nonce");
  return nonce;
}
