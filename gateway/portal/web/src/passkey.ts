// The account key's forms and rules, as package passkey of the chain has them:
// challenge, canonical signature, and the same verifier with the same codes, so
// that an odd browser is found out here and not by the chain.
import { big, type Bytes, concat, equal, sha256, toBase64URL, utf8 } from "./bytes.ts";
import { CanonError, Reader, Writer } from "./canon.ts";
import { decompress, orderHalf, verifies } from "./p256.ts";

/** What an assertion is for. The chain accepts `sign` only. */
export type Domain = "sign" | "login" | "read";

export const saltBytes = 16;
const authenticatorDataBytesMin = 37;
const authenticatorDataBytesMax = 1 << 10;
const clientDataBytesMax = 2 << 10;
const originBytesMax = 300;
const signatureBytesMax = 4 + "xinlian/passkey-signature/v1".length + 8 + authenticatorDataBytesMax + clientDataBytesMax + 80;

/** The rules of the verifier, by the code of the chain's error. */
export const codes = {
  key: 2,
  size: 3,
  encoding: 4,
  type: 5,
  challenge: 6,
  originText: 7,
  ending: 8,
  userPresent: 9,
  userVerified: 10,
  highS: 11,
  signature: 12,
} as const;

/** A rule that an assertion broke. */
export class PasskeyError extends Error {
  readonly code: number;

  constructor(rule: keyof typeof codes) {
    super(`passkey: ${rule}`);
    this.name = "PasskeyError";
    this.code = codes[rule];
  }
}

/** SHA-256(domain string with its four-byte length, SHA-256(message), salt). */
export async function challenge(d: Domain, message: Uint8Array, salt: Uint8Array): Promise<Bytes> {
  return new Writer(`passkey-${d}`).fixed(await sha256(message)).fixed(salt).sum();
}

/** The parts of an assertion that travel. */
export interface Signature {
  authenticatorData: Uint8Array;
  clientDataJSON: Uint8Array;
  /** r ‖ s with low s, 64 bytes. */
  rs: Uint8Array;
  salt: Uint8Array;
}

function checkSizes(s: Signature): void {
  const n = s.authenticatorData.length;
  if (n < authenticatorDataBytesMin || n > authenticatorDataBytesMax || s.clientDataJSON.length > clientDataBytesMax) {
    throw new PasskeyError("size");
  }
}

/** The canonical encoding. */
export function encode(s: Signature): Bytes {
  checkSizes(s);
  return new Writer("passkey-signature").bytes(s.authenticatorData).bytes(s.clientDataJSON).fixed(s.rs).fixed(s.salt).encoded();
}

/** Reads the canonical encoding. */
export function decode(b: Uint8Array): Signature {
  if (b.length > signatureBytesMax) throw new PasskeyError("size");
  try {
    const r = new Reader("passkey-signature", b);
    const s = { authenticatorData: r.bytes(), clientDataJSON: r.bytes(), rs: r.fixed(64), salt: r.fixed(saltBytes) };
    r.done();
    checkSizes(s);
    return s;
  } catch (e) {
    throw e instanceof CanonError ? new PasskeyError("encoding") : e;
  }
}

interface ClientData {
  challenge: string;
  origin: string;
  /** The first rule broken after the challenge, if any. */
  broken: "originText" | "ending" | null;
}

const clientType = '{"type":"webauthn.get","challenge":"';
const clientOrigin = '","origin":"';
const clientCross = '","crossOrigin":false';
const challengeChars = 43;

/** Walks clientDataJSON by prefixes, one character a byte; it is no JSON parser. */
function scan(b: Uint8Array): ClientData {
  let rest = Array.from(b, (v) => String.fromCharCode(v)).join("");
  if (!rest.startsWith(clientType)) throw new PasskeyError("type");
  rest = rest.slice(clientType.length);
  if (rest.length < challengeChars) throw new PasskeyError("challenge");
  const c: ClientData = { challenge: rest.slice(0, challengeChars), origin: "", broken: null };
  rest = rest.slice(challengeChars);
  const origin = /^","origin":"([\x21\x23-\x5b\x5d-\x7e]+)"/.exec(rest)?.[1];
  if (origin === undefined || origin.length > originBytesMax) return { ...c, broken: "originText" };
  c.origin = origin;
  rest = rest.slice(clientOrigin.length + origin.length);
  const after = rest.startsWith(clientCross) ? rest.slice(clientCross.length) : null;
  const legal = rest === '"}' || after === "}" || (after !== null && after.startsWith(",") && after.endsWith("}"));
  return legal ? c : { ...c, broken: "ending" };
}

/** What a verified signature says about its making. */
export interface Assertion {
  origin: string;
  rpIDHash: Uint8Array;
}

/**
 * What an encoded signature proves: the holder of key (33 bytes), present and
 * verified, agreed to message in domain d. It throws PasskeyError with the
 * chain's code. Origin and rpIdHash are reported and not judged.
 */
export async function verify(key: Uint8Array, d: Domain, message: Uint8Array, encoded: Uint8Array): Promise<Assertion> {
  if (key.length !== 33) throw new PasskeyError("key");
  const s = decode(encoded);
  const c = scan(s.clientDataJSON);
  if (c.challenge !== toBase64URL(await challenge(d, message, s.salt))) throw new PasskeyError("challenge");
  if (c.broken !== null) throw new PasskeyError(c.broken);
  const flags = s.authenticatorData[32] as number;
  if ((flags & 1) === 0) throw new PasskeyError("userPresent");
  if ((flags & 4) === 0) throw new PasskeyError("userVerified");
  if (big(s.rs.subarray(32)) > orderHalf) throw new PasskeyError("highS");
  const point = decompress(key);
  if (point === null) throw new PasskeyError("key");
  const signed = concat(s.authenticatorData, await sha256(s.clientDataJSON));
  if (!(await verifies(point, s.rs, signed))) throw new PasskeyError("signature");
  return { origin: c.origin, rpIDHash: s.authenticatorData.subarray(0, 32) };
}

/** Whether an assertion was made at this origin for this rpId. */
export async function madeAt(a: Assertion, origin: string, rpID: string): Promise<boolean> {
  return a.origin === origin && equal(a.rpIDHash, await sha256(utf8(rpID)));
}
