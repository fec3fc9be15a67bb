// Bytes and their spellings. Every decoder is strict: text that would not be
// spelled again in the same way is refused.
import { Fault } from "./fault.ts";

/** Bytes in memory of their own, as the browser's cryptography wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A copy in memory of its own. */
export function own(b: Uint8Array): Bytes {
  return new Uint8Array(b);
}

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}

export function toHex(b: Uint8Array): string {
  return Array.from(b, (v) => v.toString(16).padStart(2, "0")).join("");
}

/** Lower-case hexadecimal, as forms carry ids and hashes. */
export function fromHex(text: string): Bytes {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Fault("encoding", "hex");
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

export function toBase64(b: Uint8Array): string {
  return btoa(Array.from(b, (v) => String.fromCharCode(v)).join(""));
}

/** Standard base64 with padding, as JSON carries bytes. */
export function fromBase64(text: string): Bytes {
  let raw: string;
  try {
    raw = atob(text);
  } catch {
    throw new Fault("encoding", "base64");
  }
  const b = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  if (toBase64(b) !== text) throw new Fault("encoding", "base64");
  return b;
}

/** base64url without padding, as WebAuthn writes a challenge. */
export function toBase64URL(b: Uint8Array): string {
  return toBase64(b).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function utf8(text: string): Bytes {
  return own(new TextEncoder().encode(text));
}

export function big(b: Uint8Array): bigint {
  return b.length === 0 ? 0n : BigInt("0x" + toHex(b));
}

/** The number in size bytes, big-endian. */
export function fromBig(v: bigint, size: number): Bytes {
  return fromHex(v.toString(16).padStart(2 * size, "0"));
}

export async function sha256(...parts: Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}

export function random(size: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(size));
}
