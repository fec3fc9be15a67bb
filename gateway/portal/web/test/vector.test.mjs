// The vectors that the chain publishes, read where they live.
import assert from "node:assert/strict";
import { test } from "node:test";
import { artefactOf, hex } from "./support.mjs";
import { CanonError, Reader, Writer, fromHex, passkey, toHex, toBase64URL, utf8 } from "../.build/library.mjs";
import { json } from "./read.mjs";

const canon = json("../../../../internal/canon/testdata/vectors.json");

const write = {
  uint8: (w, v) => w.uint8(Number(v)),
  uint16: (w, v) => w.uint16(Number(v)),
  uint32: (w, v) => w.uint32(Number(v)),
  uint64: (w, v) => w.uint64(BigInt(v)),
  int64: (w, v) => w.int64(BigInt(v)),
  bool: (w, v) => w.bool(v === "true"),
  string: (w, v) => w.string(v),
  bytes: (w, v) => w.bytes(fromHex(v)),
  fixed: (w, v) => w.fixed(fromHex(v)),
};
const read = {
  uint8: (r) => String(r.uint8()),
  uint16: (r) => String(r.uint16()),
  uint32: (r) => String(r.uint32()),
  uint64: (r) => String(r.uint64()),
  int64: (r) => String(r.int64()),
  bool: (r) => String(r.bool()),
  string: (r) => r.string(),
  bytes: (r) => toHex(r.bytes()),
};

test("canonical bytes are those of the chain, and read back to the same fields", async () => {
  assert.ok(canon.accepted.length > 10);
  for (const v of canon.accepted) {
    const w = new Writer(v.what);
    for (const f of v.fields) write[f.kind](w, f.value);
    assert.equal(toHex(w.encoded()), v.encoded, v.name);
    assert.equal(toHex(await w.sum()), v.sum, v.name);
    const r = new Reader(v.what, fromHex(v.encoded));
    for (const f of v.fields) {
      const got = f.kind === "fixed" ? toHex(r.fixed(f.value.length / 2)) : read[f.kind](r);
      assert.equal(got, f.value, v.name);
    }
    r.done();
  }
});

test("bytes that are not canonical are refused for the reason that the chain gives", () => {
  assert.ok(canon.refused.length > 20);
  for (const v of canon.refused) {
    const attempt = () => {
      const r = new Reader(v.what, fromHex(v.encoded));
      for (const k of v.kinds) {
        if (k.startsWith("fixed:")) r.fixed(Number(k.slice(6)));
        else read[k](r);
      }
      r.done();
    };
    assert.throws(attempt, (e) => e instanceof CanonError && e.failure === v.error, `${v.name} want ${v.error}`);
  }
});

test("text that is not NFC or has a lone surrogate is never written", () => {
  for (const text of ["e\u0301", "\ud800", "a\udc00", "\uf900"]) {
    assert.throws(() => new Writer("test").string(text), (e) => e.failure === "text", JSON.stringify(text));
  }
  assert.ok(new Writer("test").string("𠮷\ufeff信"));
});

test("consent ids are those of the chain, and terms of a wrong size have none", async () => {
  const vectors = json("../../../../internal/artefact/testdata/vectors.json").filter((v) => v.kind === "consent");
  assert.ok(vectors.length >= 5);
  for (const v of vectors) {
    const got = artefactOf.consent(v.value);
    if (v.failure === undefined) assert.equal(hex(await got()), v.want, v.name);
    else await assert.rejects(async () => got(), (e) => e.failure === v.failure, v.name);
  }
});

test("template and contract bytes and hashes are those of the chain", async () => {
  const vectors = json("../../../../internal/artefact/testdata/loan.json");
  const seen = new Set();
  for (const v of vectors) {
    const kind = v.template ? "template" : v.offer ? "contract" : null;
    if (kind === null) continue;
    seen.add(kind);
    const [bytes, hash] = await artefactOf[kind](v);
    assert.equal(hex(bytes), v.canonical_hex, v.name);
    assert.equal(hex(hash), v.sha256_hex, v.name);
  }
  assert.deepEqual([...seen].sort(), ["contract", "template"]);
});

test("the passkey verifier gives every published vector the chain's verdict", async () => {
  const vectors = json("../../../../passkey/testdata/vectors.json");
  const seen = new Set();
  for (const v of vectors) {
    let code = 0;
    try {
      await passkey.verify(fromHex(v.key), "sign", fromHex(v.message), fromHex(v.signature));
    } catch (e) {
      assert.ok(e instanceof passkey.PasskeyError, `${v.name}: ${e}`);
      code = e.code;
    }
    assert.equal(code, v.code, v.name);
    seen.add(code);
  }
  assert.deepEqual([...seen].sort((a, b) => a - b), [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test("accepted signatures are encoded again to the same bytes", () => {
  const vectors = json("../../../../passkey/testdata/vectors.json").filter((v) => v.code === 0);
  for (const v of vectors) assert.equal(hex(passkey.encode(passkey.decode(fromHex(v.signature)))), v.signature, v.name);
});

test("the challenge carries domain and salt", async () => {
  const v = json("../../../../passkey/testdata/vectors.json")[0];
  const s = passkey.decode(fromHex(v.signature));
  const challenge = async (d, m, salt) => toBase64URL(await passkey.challenge(d, m, salt));
  const message = fromHex(v.message);
  assert.ok(v.client_data_json.includes(await challenge("sign", message, s.salt)));
  const others = await Promise.all([
    challenge("login", message, s.salt),
    challenge("read", message, s.salt),
    challenge("sign", utf8("x"), s.salt),
    challenge("sign", message, new Uint8Array(16)),
  ]);
  assert.equal(new Set(others).size, 4);
  for (const o of others) assert.ok(!v.client_data_json.includes(o));
});

test("parts of a wrong size are not encoded", () => {
  const s = { authenticatorData: new Uint8Array(37), clientDataJSON: new Uint8Array(10), rs: new Uint8Array(64), salt: new Uint8Array(16) };
  assert.ok(passkey.encode(s));
  for (const bent of [{ authenticatorData: new Uint8Array(36) }, { authenticatorData: new Uint8Array(1025) }, { clientDataJSON: new Uint8Array(2049) }]) {
    assert.throws(() => passkey.encode({ ...s, ...bent }), (e) => e.code === 3);
  }
});
