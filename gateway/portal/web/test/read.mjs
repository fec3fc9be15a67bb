// Files and small encoders that several tests share.
import { readFileSync } from "node:fs";

export function json(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
}

/** Sign bytes of every kind, made by the chain's own code. */
export const fixtures = json("../testdata/signdocs.json");

export function doc(name) {
  const d = fixtures.docs.find((x) => x.name === name);
  if (d === undefined) throw new Error(`no fixture ${name}`);
  return d;
}

/** A varint, padded with `extra` needless bytes. */
export function varint(v, extra = 0) {
  const out = [];
  let n = BigInt(v);
  do {
    out.push(Number(n & 127n));
    n >>= 7n;
  } while (n > 0n);
  for (let i = 0; i < extra; i++) out.push(0);
  return Uint8Array.from(out, (b, i) => (i === out.length - 1 ? b : b | 128));
}

export function join(...parts) {
  return Uint8Array.from(parts.flatMap((p) => Array.from(p)));
}

/** A field of length-delimited type. */
export function bytesField(number, b) {
  return join(varint((BigInt(number) << 3n) | 2n), varint(b.length), b);
}

export function numberField(number, v) {
  return join(varint(BigInt(number) << 3n), varint(v));
}

/** The fields of encoded bytes as [number, whole field, content]. */
export function split(b) {
  const out = [];
  let at = 0;
  const read = () => {
    let v = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = b[at++];
      v |= BigInt(byte & 127) << shift;
      if (byte < 128) return v;
    }
  };
  while (at < b.length) {
    const start = at;
    const tag = read();
    let content = b.subarray(at, at);
    if ((tag & 7n) === 2n) {
      const n = Number(read());
      content = b.subarray(at, at + n);
      at += n;
    } else {
      read();
    }
    out.push([Number(tag >> 3n), b.subarray(start, at), content]);
  }
  return out;
}
