// Canonical bytes, as package internal/canon of the chain makes them: fixed
// order, big-endian integers, a four-byte length before strings and byte
// strings, text in form NFC, a domain string `xinlian/<what>/v1` in front.
import { type Bytes, concat, fromBig, sha256, toHex, utf8 } from "./bytes.ts";

/** Bound of one string or byte string, in bytes. */
export const fieldBytesMax = 1 << 20;

/** Failures by class; the names are those of the published vectors. */
export type CanonFailure = "text" | "size" | "short" | "trailing" | "domain" | "bool";

export class CanonError extends Error {
  readonly failure: CanonFailure;

  constructor(failure: CanonFailure, message: string) {
    super(`canon: ${message}`);
    this.name = "CanonError";
    this.failure = failure;
  }
}

export function domain(what: string): string {
  return `xinlian/${what}/v1`;
}

/** Text as it may stand in canonical bytes, or an error. */
function canonicalText(text: string): string {
  // The encoder silently replaces a lone surrogate, which has no UTF-8 form.
  const again = new TextDecoder("utf-8", { ignoreBOM: true }).decode(utf8(text));
  if (again !== text || text.normalize("NFC") !== text) {
    throw new CanonError("text", "text is not in form NFC");
  }
  return text;
}

function inRange(v: bigint, low: bigint, high: bigint): bigint {
  if (v < low || v > high) throw new CanonError("size", `number out of range: ${v}`);
  return v;
}

/** Appends fields; every method throws CanonError on a value that has no canonical form. */
export class Writer {
  private readonly parts: Bytes[] = [];

  constructor(what: string) {
    this.string(domain(what));
  }

  private unsigned(v: bigint | number, size: number): this {
    const n = inRange(BigInt(v), 0n, (1n << BigInt(8 * size)) - 1n);
    this.parts.push(fromBig(n, size));
    return this;
  }

  uint8(v: number): this {
    return this.unsigned(v, 1);
  }

  uint16(v: number): this {
    return this.unsigned(v, 2);
  }

  uint32(v: number): this {
    return this.unsigned(v, 4);
  }

  uint64(v: bigint): this {
    return this.unsigned(v, 8);
  }

  int64(v: bigint): this {
    return this.unsigned(BigInt.asUintN(64, inRange(v, -(1n << 63n), (1n << 63n) - 1n)), 8);
  }

  bool(v: boolean): this {
    return this.uint8(v ? 1 : 0);
  }

  bytes(b: Uint8Array): this {
    if (b.length > fieldBytesMax) throw new CanonError("size", "field too long");
    return this.uint32(b.length).fixed(b);
  }

  /** Without a length: the size is part of the kind's definition. */
  fixed(b: Uint8Array): this {
    this.parts.push(concat(b));
    return this;
  }

  string(text: string): this {
    return this.bytes(utf8(canonicalText(text)));
  }

  encoded(): Bytes {
    return concat(...this.parts);
  }

  sum(): Promise<Bytes> {
    return sha256(this.encoded());
  }
}

/** Takes fields off; every method throws CanonError. done must be called last. */
export class Reader {
  private rest: Uint8Array;

  constructor(what: string, b: Uint8Array) {
    this.rest = b;
    if (this.string() !== domain(what)) throw new CanonError("domain", "wrong domain");
  }

  fixed(size: number): Bytes {
    if (size > this.rest.length) throw new CanonError("short", "input ends inside a field");
    const b = concat(this.rest.subarray(0, size));
    this.rest = this.rest.subarray(size);
    return b;
  }

  uint8(): number {
    return Number(this.unsigned(1));
  }

  uint16(): number {
    return Number(this.unsigned(2));
  }

  uint32(): number {
    return Number(this.unsigned(4));
  }

  uint64(): bigint {
    return this.unsigned(8);
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.unsigned(8));
  }

  bool(): boolean {
    const v = this.uint8();
    if (v > 1) throw new CanonError("bool", "presence byte is neither 0 nor 1");
    return v === 1;
  }

  bytes(): Bytes {
    const size = this.uint32();
    if (size > fieldBytesMax) throw new CanonError("size", "field too long");
    return this.fixed(size);
  }

  string(): string {
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes());
    } catch (e) {
      if (e instanceof CanonError) throw e;
      throw new CanonError("text", "text is not UTF-8");
    }
    return canonicalText(text);
  }

  done(): void {
    if (this.rest.length !== 0) throw new CanonError("trailing", "bytes after the last field");
  }

  private unsigned(size: number): bigint {
    return BigInt("0x" + toHex(this.fixed(size)));
  }
}
