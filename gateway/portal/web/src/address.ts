// The account address of a passkey, bech32 with prefix `xin`.
import { concat, sha256, utf8 } from "./bytes.ts";

const prefix = "xin";
const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function polymod(values: number[]): number {
  let chk = 1;
  for (const v of values) {
    const top = chk >>> 25;
    chk = ((chk & 0x1ffffff) << 5) ^ v;
    generator.forEach((g, i) => {
      if ((top >>> i) & 1) chk ^= g;
    });
  }
  return chk >>> 0;
}

/** Bytes as five-bit groups, the last padded with zeros. */
function groups(b: Uint8Array): number[] {
  const out: number[] = [];
  let [acc, bits] = [0, 0];
  for (const v of b) {
    acc = ((acc << 8) | v) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) out.push((acc >>> (bits - 5)) & 31);
  }
  if (bits > 0) out.push((acc << (5 - bits)) & 31);
  return out;
}

export function bech32(hrp: string, b: Uint8Array): string {
  const data = groups(b);
  const codes = Array.from(hrp, (c) => c.charCodeAt(0));
  const expanded = [...codes.map((c) => c >>> 5), 0, ...codes.map((c) => c & 31)];
  const checksum = polymod([...expanded, ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const tail = [5, 4, 3, 2, 1, 0].map((i) => (checksum >>> (5 * i)) & 31);
  return `${hrp}1${[...data, ...tail].map((v) => letters[v]).join("")}`;
}

/** The address of a compressed passkey: SHA-256(SHA-256("xinlian.passkey.v1.PubKey") ‖ key). */
export async function address(key: Uint8Array): Promise<string> {
  const type = await sha256(utf8("xinlian.passkey.v1.PubKey"));
  return bech32(prefix, await sha256(concat(type, key)));
}
