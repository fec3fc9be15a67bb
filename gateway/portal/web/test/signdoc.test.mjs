// Sign bytes made by the chain's own code are read in full; bent in any way they are refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cardKinds, fromBase64, passkey, readSignDoc, schemas, toBase64, toHex, transactionHash, address, checkCharacters, own } from "../.build/library.mjs";
import { bytesField, doc, fixtures, join, json, numberField, split, varint } from "./read.mjs";

const want = (d) => ({ chainID: fixtures.chain_id, kind: d.kind, now: fixtures.now });
const refused = (bytes, d, code, about, bend = {}) =>
  assert.rejects(readSignDoc(bytes, { ...want(d), ...bend }), (e) => e.code === code, `${about}: want ${code}`);

test("every kind's sign bytes are read, signed by the fixture's device, and hash to the chain's transaction", async () => {
  const seen = new Set();
  for (const d of fixtures.docs) {
    const bytes = fromBase64(d.sign_bytes);
    const t = await readSignDoc(bytes, want(d));
    assert.equal(t.device, fixtures.address, d.name);
    assert.equal(toBase64(t.publicKey), fixtures.public_key, d.name);
    assert.equal(t.endsAt, BigInt(fixtures.now + 240), d.name);
    const signature = fromBase64(d.signature);
    const made = await passkey.verify(t.publicKey, "sign", bytes, signature);
    assert.ok(await passkey.madeAt(made, fixtures.origin, fixtures.rp), d.name);
    assert.ok(!(await passkey.madeAt(made, fixtures.origin + "0", fixtures.rp)), d.name);
    assert.ok(!(await passkey.madeAt(made, fixtures.origin, "example.com")), d.name);
    assert.equal(toHex(await transactionHash(t.doc, signature)), d.tx_hash, d.name);
    assert.deepEqual(await checkCharacters(bytes), { zh: d.check, en: d.check_en }, d.name);
    seen.add(d.kind);
  }
  assert.deepEqual([...seen].sort(), cardKinds());
  assert.deepEqual(cardKinds(), json("../kinds.json"));
});

test("the address of a key is the chain's", async () => {
  assert.equal(await address(fromBase64(fixtures.public_key)), fixtures.address);
});

// Parts of the fixture's bytes, to be put together again bent.
const base = doc("accept two tranches");
const signDoc = split(fromBase64(base.sign_bytes));
const [body, auth] = [signDoc[0][2], signDoc[1][2]];
const anyMessage = split(body)[0][2];
const [typeURL, value] = split(anyMessage).map((f) => f[2]);
const signerInfo = split(auth)[0][2];
const fee = split(auth)[1][2];
const chain = new TextEncoder().encode(fixtures.chain_id);

const docOf = (b, a = auth, c = chain) => join(bytesField(1, b), bytesField(2, a), bytesField(3, c), numberField(4, 41));
const anyOf = (url, v) => join(bytesField(1, url), bytesField(2, v));
const timeout = (seconds) => bytesField(5, numberField(1, seconds));
const bodyOf = (v, rest = timeout(fixtures.now + 240)) => join(bytesField(1, anyOf(typeURL, v)), rest);
const text = (s) => new TextEncoder().encode(s);

test("the parts put together again are the fixture", async () => {
  assert.equal(toBase64(docOf(bodyOf(value))), base.sign_bytes);
  await readSignDoc(docOf(bodyOf(value)), want(base));
});

test("a hidden field is refused at every depth", async () => {
  const hidden = numberField(1999, 1);
  const cases = {
    "sign doc": join(fromBase64(base.sign_bytes), hidden),
    body: docOf(join(body, hidden)),
    message: docOf(bodyOf(join(value, hidden))),
    any: docOf(join(bytesField(1, join(anyMessage, hidden)), timeout(fixtures.now + 240))),
    timestamp: docOf(join(bytesField(1, anyMessage), bytesField(5, join(numberField(1, fixtures.now + 240), hidden)))),
    "auth info": docOf(body, join(auth, hidden)),
    "signer info": docOf(body, join(bytesField(1, join(signerInfo, hidden)), bytesField(2, fee))),
    fee: docOf(body, join(bytesField(1, signerInfo), bytesField(2, join(fee, hidden)))),
  };
  for (const [name, bytes] of Object.entries(cases)) await refused(bytes, base, "unknown-field", name);
  const key = split(signerInfo);
  const packed = split(key[0][2]);
  const bentKey = join(bytesField(1, join(packed[0][1], bytesField(2, join(packed[1][2], hidden)))), key[1][1], key[2][1]);
  await refused(docOf(body, join(bytesField(1, bentKey), bytesField(2, fee))), base, "unknown-field", "key");
});

test("bytes that are not the one canonical encoding are refused", async () => {
  const fields = split(value);
  const principal = fields.find((f) => f[0] === 5)[1];
  const cases = {
    "field repeated": join(value.subarray(0, value.length - 2), principal, value.subarray(value.length - 2)),
    "last field repeated": join(value, fields.at(-1)[1]),
    "first field repeated with another value": join(numberField(5, 1), value),
    "fields reordered": join(...fields.map((f) => f[1]).reverse()),
    "overlong number": join(...fields.slice(0, -1).map((f) => f[1]), varint(64), varint(1, 1)),
    "overlong tag": join(...fields.slice(0, -1).map((f) => f[1]), varint(64, 1), varint(1)),
    "default written out": join(...fields.slice(0, -1).map((f) => f[1]), numberField(8, 0)),
    "bool of 2": join(...fields.slice(0, -1).map((f) => f[1]), numberField(8, 2)),
    "32 bits overflowing": join(...fields.slice(0, 5).map((f) => f[1]), numberField(6, (1n << 32n) + 720n), ...fields.slice(6).map((f) => f[1])),
    "text not UTF-8": join(bytesField(1, Uint8Array.of(0xff, 0xfe)), ...fields.slice(1).map((f) => f[1])),
    "byte order mark": join(bytesField(1, join([0xef, 0xbb, 0xbf], fields[0][2])), ...fields.slice(1).map((f) => f[1])),
    "wire type changed": join(bytesField(2, Uint8Array.of(12)), ...fields.slice(2).map((f) => f[1])),
    cut: value.subarray(0, value.length - 1),
  };
  for (const [name, bent] of Object.entries(cases)) {
    await assert.rejects(readSignDoc(docOf(bodyOf(bent)), want(base)), (e) => ["encoding", "unknown-field", "device"].includes(e.code), name);
    if (name !== "wire type changed" && name !== "byte order mark") await refused(docOf(bodyOf(bent)), base, "encoding", name);
  }
  await refused(join(bytesField(2, auth), bytesField(1, body), bytesField(3, chain), numberField(4, 41)), base, "encoding", "sign doc reordered");
  await refused(join(fromBase64(base.sign_bytes), numberField(4, 41)), base, "encoding", "account number twice");
  await refused(docOf(join(timeout(fixtures.now + 240), bytesField(1, anyMessage))), base, "encoding", "body reordered");
  await refused(new Uint8Array(0), base, "encoding", "nothing");
  await refused(new Uint8Array(70_000), base, "encoding", "too long");
});

test("flipping any bit of sign bytes never changes what is read without being noticed", async () => {
  const bytes = fromBase64(base.sign_bytes);
  const before = await readSignDoc(bytes, want(base));
  for (let i = 0; i < bytes.length * 8; i++) {
    const bent = own(bytes);
    bent[i >> 3] ^= 1 << (i & 7);
    const after = await readSignDoc(bent, want(base)).catch((e) => {
      assert.equal(e.name, "Fault", `bit ${i}: ${e}`);
      return null;
    });
    // What is still accepted decodes to other values, and encodes to the bent bytes: nothing is dropped on the way.
    if (after !== null) assert.notDeepEqual({ ...after, doc: null, n: after.doc.accountNumber, a: toHex(after.doc.authInfoBytes) }, { ...before, doc: null, n: before.doc.accountNumber, a: toHex(before.doc.authInfoBytes) }, `bit ${i}`);
  }
});

test("what is not one plain transaction is refused by name", async () => {
  const two = join(bytesField(1, anyMessage), bytesField(1, anyMessage), timeout(fixtures.now + 240));
  const end = timeout(fixtures.now + 240);
  await refused(docOf(body, auth, text("xinlian-2")), base, "chain-id", "another chain");
  await refused(docOf(body, auth, new Uint8Array(0)), base, "encoding", "empty chain id written out");
  await refused(fromBase64(base.sign_bytes), base, "chain-id", "page without a chain id", { chainID: "" });
  await refused(docOf(two), base, "message-count", "two messages");
  await refused(docOf(end), base, "message-count", "no message");
  await refused(docOf(join(bytesField(1, anyMessage), bytesField(2, text("hi")), end)), base, "memo", "memo");
  await refused(docOf(join(bytesField(1, anyMessage), numberField(3, 9), end)), base, "timeout", "timeout height");
  await refused(docOf(join(bytesField(1, anyMessage), numberField(4, 1), end)), base, "timeout", "unordered");
  await refused(docOf(join(bytesField(1, anyMessage), end, bytesField(1023, anyMessage))), base, "extension", "extension option");
  await refused(docOf(join(bytesField(1, anyMessage), end, bytesField(2047, anyMessage))), base, "extension", "non-critical extension option");
  await refused(fromBase64(base.sign_bytes), base, "message-type", "another kind", { kind: "/xinlian.loan.v1.MsgRepay" });
  const foreign = anyOf(text("/cosmos.bank.v1beta1.MsgSend"), value);
  await refused(docOf(join(bytesField(1, foreign), end)), base, "message-type", "a kind without a card", { kind: "/cosmos.bank.v1beta1.MsgSend" });
});

test("a timeout must be there, ahead, and at most five minutes ahead", async () => {
  const at = (b) => docOf(join(bytesField(1, anyMessage), b));
  await refused(at(new Uint8Array(0)), base, "timeout", "absent");
  await refused(at(bytesField(5, new Uint8Array(0))), base, "expired", "zero");
  await refused(at(timeout(fixtures.now)), base, "expired", "now");
  await refused(at(timeout(fixtures.now + 301)), base, "timeout", "301 s");
  await refused(at(bytesField(5, join(numberField(1, fixtures.now + 300), numberField(2, 1)))), base, "timeout", "300 s and 1 ns");
  await refused(at(bytesField(5, join(numberField(1, fixtures.now + 200), numberField(2, 1_000_000_000)))), base, "timeout", "too many nanoseconds");
  await readSignDoc(at(timeout(fixtures.now + 300)), want(base));
});

test("fees, foreign payers, other signers and other ways of signing are refused", async () => {
  const gas = split(fee)[0][1];
  const coin = join(bytesField(1, text("fen")), bytesField(2, text("1")));
  const withFee = (f) => docOf(body, join(bytesField(1, signerInfo), bytesField(2, f)));
  await refused(withFee(join(bytesField(1, coin), gas)), base, "fee", "amount");
  await refused(withFee(join(gas, bytesField(3, text("xin1payer")))), base, "fee", "payer");
  await refused(withFee(join(gas, bytesField(4, text("xin1granter")))), base, "fee", "granter");
  await refused(withFee(new Uint8Array(0)), base, "gas", "no gas");
  await refused(withFee(numberField(2, 50_000_001)), base, "gas", "too much gas");
  await refused(docOf(body, bytesField(1, signerInfo)), base, "fee", "no fee at all");
  await refused(docOf(body, join(auth, bytesField(3, new Uint8Array(0)))), base, "fee", "tip");
  await refused(docOf(body, join(bytesField(1, signerInfo), bytesField(1, signerInfo), bytesField(2, fee))), base, "signer", "two signers");
  await refused(docOf(body, bytesField(2, fee)), base, "signer", "no signer");
  const [key, mode, sequence] = split(signerInfo).map((f) => f[1]);
  const signer = (...parts) => docOf(body, join(bytesField(1, join(...parts)), bytesField(2, fee)));
  const single = (m) => bytesField(2, bytesField(1, numberField(1, m)));
  assert.equal(toBase64(signer(key, mode, sequence)), base.sign_bytes);
  await refused(signer(key, single(127), sequence), base, "signer", "amino");
  await refused(signer(key, single(2), sequence), base, "signer", "textual");
  await refused(signer(key, bytesField(2, bytesField(2, new Uint8Array(0))), sequence), base, "signer", "multisig");
  await refused(signer(key, sequence), base, "signer", "no mode");
  await refused(signer(mode, sequence), base, "signer", "no key");
  const packed = (url, k) => bytesField(1, join(bytesField(1, text(url)), bytesField(2, bytesField(1, k))));
  const mine = fromBase64(fixtures.public_key);
  await refused(signer(packed("/cosmos.crypto.secp256k1.PubKey", mine), mode, sequence), base, "signer", "another key type");
  await refused(signer(packed("/xinlian.passkey.v1.PubKey", mine.subarray(1)), mode, sequence), base, "signer", "short key");
  const other = own(mine);
  other[32] ^= 1;
  await refused(signer(packed("/xinlian.passkey.v1.PubKey", other), mode, sequence), base, "device", "somebody else's key");
});

test("negative and large numbers come through exactly", () => {
  const b = schemas.encode("xinlian.cash.v1.MsgTransfer", { device: "d", orgId: 2n ** 64n - 1n, amountFen: -(2n ** 63n) });
  const m = schemas.decodeStrict("xinlian.cash.v1.MsgTransfer", b);
  assert.deepEqual([m.orgId, m.amountFen], [2n ** 64n - 1n, -(2n ** 63n)]);
});
