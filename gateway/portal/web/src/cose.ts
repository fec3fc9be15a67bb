// The new key in an attestation object: just enough CBOR to reach authenticator
// data and the COSE key in it. Indefinite lengths, tags and floats are refused.
import { type Bytes, equal, own } from "./bytes.ts";
import { Fault } from "./fault.ts";
import { compress } from "./p256.ts";

type Value = bigint | string | Uint8Array | boolean | null | Value[] | Map<bigint | string, Value>;

const bad = () => new Fault("assertion", "attestation");

/** Reads one value at a time; depth and size are bounded by the input. */
class Decoder {
  private at = 0;
  private readonly input: Uint8Array;

  constructor(input: Uint8Array) {
    this.input = input;
  }

  get offset(): number {
    return this.at;
  }

  private take(n: number): Uint8Array {
    if (n > this.input.length - this.at) throw bad();
    this.at += n;
    return this.input.subarray(this.at - n, this.at);
  }

  private argument(info: number): bigint {
    if (info < 24) return BigInt(info);
    if (info > 27) throw bad();
    return this.take(1 << (info - 24)).reduce((v, b) => (v << 8n) | BigInt(b), 0n);
  }

  value(depth = 0): Value {
    if (depth > 8) throw bad();
    const head = this.take(1)[0] as number;
    const [major, info] = [head >>> 5, head & 31];
    if (major === 7) {
      if (info < 20 || info > 22) throw bad();
      return info === 22 ? null : info === 21;
    }
    const n = this.argument(info);
    switch (major) {
      case 0:
        return n;
      case 1:
        return -1n - n;
      case 2:
        return this.take(Number(n));
      case 3:
        return new TextDecoder("utf-8", { fatal: true }).decode(this.take(Number(n)));
      case 4:
        return this.list(n, depth);
      case 5:
        return this.map(n, depth);
      default:
        throw bad();
    }
  }

  private list(n: bigint, depth: number): Value[] {
    const out: Value[] = [];
    for (let i = 0n; i < n; i++) out.push(this.value(depth + 1));
    return out;
  }

  private map(n: bigint, depth: number): Map<bigint | string, Value> {
    const out = new Map<bigint | string, Value>();
    for (let i = 0n; i < n; i++) {
      const key = this.value(depth + 1);
      if ((typeof key !== "bigint" && typeof key !== "string") || out.has(key)) throw bad();
      out.set(key, this.value(depth + 1));
    }
    return out;
  }
}

/** What a new credential says of itself. */
export interface Attested {
  id: Bytes;
  /** Compressed point. */
  publicKey: Bytes;
  flags: number;
  rpIDHash: Bytes;
}

/** The credential in authenticator data that carries one. */
export function readAuthenticatorData(b: Uint8Array): Attested {
  const flags = b[32];
  if (flags === undefined || b.length < 55 || (flags & 0x40) === 0) throw bad();
  const size = ((b[53] as number) << 8) | (b[54] as number);
  const id = b.subarray(55, 55 + size);
  if (id.length !== size || size === 0 || size > 1023) throw bad();
  const decoder = new Decoder(b.subarray(55 + size));
  const publicKey = readKey(decoder.value());
  // Extension data may follow the key only if its flag says so.
  if (55 + size + decoder.offset !== b.length && (flags & 0x80) === 0) throw bad();
  return { id: own(id), publicKey, flags, rpIDHash: own(b.subarray(0, 32)) };
}

/** A COSE key of type EC2, algorithm ES256, curve P-256. */
function readKey(v: Value): Bytes {
  if (!(v instanceof Map)) throw bad();
  if (v.get(1n) !== 2n || v.get(3n) !== -7n || v.get(-1n) !== 1n) throw new Fault("algorithm");
  const [x, y] = [v.get(-2n), v.get(-3n)];
  const key = x instanceof Uint8Array && y instanceof Uint8Array ? compress(x, y) : null;
  if (key === null) throw bad();
  return key;
}

/** The credential in an attestation object. */
export function readAttestation(b: Uint8Array): Attested {
  const decoder = new Decoder(b);
  let top: Value;
  try {
    top = decoder.value();
  } catch {
    throw bad();
  }
  const data = top instanceof Map ? top.get("authData") : undefined;
  if (!(data instanceof Uint8Array) || decoder.offset !== b.length) throw bad();
  return readAuthenticatorData(data);
}

/** Refuses a credential whose two statements about its key differ. */
export function mustAgree(a: Attested, id: Uint8Array, spki: Uint8Array | null): void {
  if (!equal(a.id, id) || (spki !== null && !equal(a.publicKey, spki))) throw bad();
}
