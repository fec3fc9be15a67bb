// P-256 points and signatures, as far as the page needs them: compress and
// check points, and turn the browser's DER signature into r ‖ s with low s.
// Nothing here touches a secret.
import { big, type Bytes, concat, fromBig, own } from "./bytes.ts";
import { Fault } from "./fault.ts";

const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
/** The order of the group. */
export const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
/** The largest s that the chain accepts. */
export const orderHalf = order >> 1n;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let e = exponent, v = base; e > 0n; e >>= 1n, v = (v * v) % p) {
    if (e & 1n) result = (result * v) % p;
  }
  return result;
}

/** y² for an x on the curve. */
function squared(x: bigint): bigint {
  return (((x * x * x - 3n * x + b) % p) + p) % p;
}

/** The 33 bytes of a point given by its coordinates, or null if it is not on the curve. */
export function compress(x: Uint8Array, y: Uint8Array): Bytes | null {
  const [vx, vy] = [big(x), big(y)];
  if (x.length !== 32 || y.length !== 32 || vx >= p || vy >= p || squared(vx) !== (vy * vy) % p) return null;
  return concat(Uint8Array.of(2 | Number(vy & 1n)), x);
}

/** The 65 bytes of a compressed point, or null if they are no point. */
export function decompress(key: Uint8Array): Bytes | null {
  const x = big(key.subarray(1));
  if (key.length !== 33 || (key[0] !== 2 && key[0] !== 3) || x >= p) return null;
  const want = squared(x);
  const root = power(want, (p + 1n) / 4n);
  if ((root * root) % p !== want) return null;
  const y = (root & 1n) === BigInt(key[0] & 1) ? root : p - root;
  return concat(Uint8Array.of(4), key.subarray(1), fromBig(y, 32));
}

/** A point of 65 bytes with the prefix 4, on the curve. */
export function onCurve(point: Uint8Array): boolean {
  return point.length === 65 && point[0] === 4 && compress(point.subarray(1, 33), point.subarray(33)) !== null;
}

/** Everything before the point in the SubjectPublicKeyInfo of a P-256 key. */
const spkiPrefix = Uint8Array.from([
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
  0x01, 0x07, 0x03, 0x42, 0x00,
]);

/** The compressed point in a SubjectPublicKeyInfo, or null if it is of any other form. */
export function fromSPKI(der: Uint8Array): Bytes | null {
  const n = spkiPrefix.length;
  if (der.length !== n + 65 || !spkiPrefix.every((v, i) => v === der[i]) || der[n] !== 4) return null;
  return compress(der.subarray(n + 1, n + 33), der.subarray(n + 33));
}

/** One INTEGER at the start of der: its value and what follows. Strict, positive, at most 33 bytes. */
function integer(der: Uint8Array): [bigint, Uint8Array] | null {
  const size = der[1];
  if (der[0] !== 0x02 || size === undefined || size === 0 || size > 33 || der.length < 2 + size) return null;
  const body = der.subarray(2, 2 + size);
  const first = body[0] as number;
  const second = body[1];
  if (first >= 0x80) return null; // negative
  if (first === 0 && (second === undefined || second < 0x80)) return null; // zero, or longer than need be
  return [big(body), der.subarray(2 + size)];
}

/**
 * The 64 bytes r ‖ s, with low s, of a signature in DER. Authenticators give a
 * high s about half of the time. It throws on anything but the one DER form of
 * two numbers from 1 to n-1.
 */
export function normalize(der: Uint8Array): Bytes {
  const bad = new Fault("assertion", "der");
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) throw bad;
  const r = integer(der.subarray(2));
  if (r === null) throw bad;
  const s = integer(r[1]);
  if (s === null || s[1].length !== 0 || r[0] >= order || s[0] >= order) throw bad;
  return concat(fromBig(r[0], 32), fromBig(s[0] > orderHalf ? order - s[0] : s[0], 32));
}

/** ECDSA with SHA-256 over message; rs is r ‖ s. The point must be on the curve. */
export async function verifies(point: Uint8Array, rs: Uint8Array, message: Uint8Array): Promise<boolean> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const key = await crypto.subtle.importKey("raw", own(point), algorithm, false, ["verify"]);
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, own(rs), own(message));
}
