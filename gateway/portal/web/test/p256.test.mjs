import assert from "node:assert/strict";
import { createSign, generateKeyPairSync, webcrypto } from "node:crypto";
import { test } from "node:test";
import { big, compress, decompress, fromHex, fromSPKI, normalize, onCurve, order, orderHalf, toHex, verifies } from "../.build/library.mjs";
import { join } from "./read.mjs";

const generator = [
  "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
  "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
];

test("points are compressed and found again; what is no point is refused", () => {
  const [x, y] = generator.map(fromHex);
  const key = compress(x, y);
  assert.equal(toHex(key), `03${generator[0]}`);
  assert.equal(toHex(decompress(key)), `04${generator[0]}${generator[1]}`);
  const mirrored = decompress(join([2], x));
  assert.ok(onCurve(mirrored) && toHex(mirrored) !== toHex(decompress(key)));
  const off = Uint8Array.from(y);
  off[31] ^= 1;
  assert.equal(compress(x, off), null);
  assert.equal(compress(x.subarray(1), y), null);
  assert.equal(decompress(join([4], x)), null);
  assert.equal(decompress(join([2], new Uint8Array(32).fill(255))), null);
  assert.ok(!onCurve(join([4], x, off)) && !onCurve(join([6], x, y)) && !onCurve(join([4], x)));
});

test("a key in SubjectPublicKeyInfo is read only in its one form", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  const key = fromSPKI(der);
  assert.equal(toHex(decompress(key)), toHex(der.subarray(26)));
  for (let i = 0; i < der.length; i++) {
    const bent = Uint8Array.from(der);
    bent[i] ^= 1;
    assert.equal(fromSPKI(bent), null, `byte ${i}`);
  }
  assert.equal(fromSPKI(join(der, [0])), null);
  const other = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ type: "spki", format: "der" });
  assert.equal(fromSPKI(new Uint8Array(other)), null);
});

test("signatures come out as r and low s that still verify, high s about half of the time", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  const message = new TextEncoder().encode("signed");
  let high = 0;
  for (let i = 0; i < 60; i++) {
    const sig = new Uint8Array(createSign("SHA256").update(message).sign(privateKey));
    const rs = normalize(sig);
    assert.equal(rs.length, 64);
    assert.ok(big(rs.subarray(32)) <= orderHalf);
    const s = big(sig.subarray(sig.length - sig[5 + sig[3]]));
    if (s > orderHalf) high++;
    assert.ok(await verifies(der.subarray(26), rs, message));
  }
  assert.ok(high > 5 && high < 55, `${high} of 60`);
  assert.ok(!(await verifies(der.subarray(26), new Uint8Array(64).fill(1), message)));
  assert.equal(typeof webcrypto.subtle.verify, "function");
});

const integer = (v) => {
  let hex = v.toString(16);
  if (hex.length % 2) hex = `0${hex}`;
  if (parseInt(hex.slice(0, 2), 16) >= 128) hex = `00${hex}`;
  return join([2, hex.length / 2], fromHex(hex));
};
const sequence = (...parts) => {
  const b = join(...parts);
  return join([0x30, b.length], b);
};

test("DER is read strictly", () => {
  assert.equal(toHex(normalize(sequence(integer(1n), integer(2n)))), `${"1".padStart(64, "0")}${"2".padStart(64, "0")}`);
  assert.equal(big(normalize(sequence(integer(1n), integer(order - 1n))).subarray(32)), 1n);
  assert.equal(big(normalize(sequence(integer(1n), integer(orderHalf))).subarray(32)), orderHalf);
  assert.equal(big(normalize(sequence(integer(1n), integer(orderHalf + 1n))).subarray(32)), orderHalf);
  const good = sequence(integer(1n), integer(2n));
  const refused = {
    nothing: new Uint8Array(0),
    "empty sequence": sequence(),
    "one number": sequence(integer(1n)),
    "three numbers": sequence(integer(1n), integer(2n), integer(3n)),
    "byte behind": join(good, [0]),
    cut: good.subarray(0, good.length - 1),
    "set instead of sequence": join([0x31], good.subarray(1)),
    "long length": join([0x30, 0x81, good.length - 2], good.subarray(2)),
    "indefinite length": join([0x30, 0x80], good.subarray(2), [0, 0]),
    "needless zero": sequence([2, 2, 0, 1], integer(2n)),
    "negative number": sequence([2, 1, 0x80], integer(2n)),
    "empty number": sequence([2, 0], integer(2n)),
    "r of zero": sequence([2, 1, 0], integer(2n)),
    "s of zero": sequence(integer(1n), [2, 1, 0]),
    "r of the order": sequence(integer(order), integer(2n)),
    "s of the order": sequence(integer(1n), integer(order)),
    "number too long": sequence(join([2, 34, 1], new Uint8Array(33)), integer(2n)),
    "octets instead of a number": sequence([4, 1, 1], integer(2n)),
  };
  for (const [name, der] of Object.entries(refused)) assert.throws(() => normalize(der), (e) => e.code === "assertion", name);
});
