// The calls to the browser, against an authenticator made of software.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { faults, Fault, http, passkey, panel, readAttestation, readrequest, toBase64URL, toHex, utf8, webauthn } from "../.build/library.mjs";
import { Authenticator } from "./authenticator.mjs";

const site = { rpID: "localhost", rpName: "信链", origin: "http://localhost:8080" };
const { signal } = new AbortController();

function browser(bend = {}, place = {}) {
  const authenticator = new Authenticator(site.origin, bend);
  const store = new Map();
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { userAgent: "test", credentials: authenticator, ...place.navigator } });
  globalThis.window = { isSecureContext: true, PublicKeyCredential: class {}, ...place.window };
  globalThis.localStorage = { getItem: (k) => store.get(k) ?? null, setItem: (k, v) => store.set(k, v) };
  return authenticator;
}
beforeEach(() => browser());

async function enrolled(bend) {
  const a = browser(bend);
  return [a, await webauthn.makePasskey(site, "晨光食品", [], signal)];
}
const refusedWith = (code) => (e) => e instanceof Fault && e.code === code;

test("a new passkey gives its compressed key, with or without the browser's own reading of it", async () => {
  for (const spki of [true, false]) {
    const [a, c] = await enrolled({ spki });
    assert.equal(c.publicKey.length, 33);
    assert.ok(a.keys.has(toHex(c.id)));
    assert.deepEqual(a.created.pubKeyCredParams, [{ type: "public-key", alg: -7 }]);
    assert.deepEqual(a.created.authenticatorSelection, { residentKey: "preferred", userVerification: "required" });
    assert.equal(a.created.rp.id, "localhost");
  }
});

test("a passkey is refused if its two keys differ, its user was not verified, or its algorithm is another", async () => {
  await assert.rejects(enrolled({ foreignKey: true }), refusedWith("assertion"));
  await assert.rejects(enrolled({ flags: 0x41 }), refusedWith("no-verification"));
  await assert.rejects(enrolled({ flags: 0x05 }), refusedWith("assertion"));
  await assert.rejects(enrolled({ algorithm: 0x27, spki: false }), refusedWith("algorithm"));
  await assert.rejects(enrolled({ behind: [0] }), refusedWith("assertion"));
  assert.throws(() => readAttestation(new Uint8Array([0xbf, 0xff])), refusedWith("assertion"));
  assert.throws(() => readAttestation(new Uint8Array(0)), refusedWith("assertion"));
});

test("an answer is a signature that the chain's rules accept, and the challenge is the page's own", async () => {
  for (const domain of ["sign", "login", "read"]) {
    const [a, c] = await enrolled();
    const message = utf8(`message for ${domain}`);
    for (let i = 0; i < 8; i++) {
      const q = await webauthn.ask(domain, message);
      const { signature, credentialID } = await webauthn.answer(site, q, c.publicKey, signal);
      assert.deepEqual(credentialID, c.id);
      assert.ok(await passkey.verify(c.publicKey, domain, message, signature));
      for (const other of ["sign", "login", "read"].filter((d) => d !== domain)) {
        await assert.rejects(passkey.verify(c.publicKey, other, message, signature), (e) => e.code === 6);
      }
    }
    const challenges = new Set(a.asked.map((o) => toBase64URL(new Uint8Array(o.challenge))));
    assert.equal(challenges.size, 8, "a salt of its own for each");
    for (const o of a.asked) assert.equal(o.userVerification, "required");
  }
});

test("an odd browser is refused by name", async () => {
  const attempt = async (bend) => {
    const [, c] = await enrolled(bend);
    return webauthn.answer(site, await webauthn.ask("login", new Uint8Array(32).fill(3)), c.publicKey, signal);
  };
  await assert.rejects(attempt({ getFlags: 1 }), refusedWith("no-verification"));
  await assert.rejects(attempt({ getFlags: 4 }), refusedWith("assertion"));
  await assert.rejects(attempt({ origin: "http://localhost:9999" }), refusedWith("wrong-site"));
  await assert.rejects(attempt({ rpID: "example.com" }), refusedWith("wrong-site"));
  await assert.rejects(attempt({ challenge: new Uint8Array(32) }), refusedWith("assertion"));
  await assert.rejects(attempt({ client: '{"challenge":"x","type":"webauthn.get"}' }), refusedWith("assertion"));
});

test("another passkey than the account's is told apart", async () => {
  const [, first] = await enrolled();
  const a = browser();
  await webauthn.makePasskey(site, "another", [], signal);
  await assert.rejects(webauthn.answer(site, await webauthn.ask("sign", utf8("m")), first.publicKey, signal), refusedWith("other-passkey"));
  assert.deepEqual(a.asked[0].allowCredentials, []);
});

test("what the browser throws becomes a fault with a remedy in both languages", async () => {
  const codes = { NotAllowedError: "not-allowed", AbortError: "cancelled", InvalidStateError: "already-enrolled", NotSupportedError: "algorithm", ConstraintError: "no-verification", SecurityError: "wrong-site", OddError: "browser" };
  for (const [name, code] of Object.entries(codes)) {
    browser({ createError: name, getError: name });
    await assert.rejects(webauthn.makePasskey(site, "x", [], signal), refusedWith(code), name);
    await assert.rejects(webauthn.answer(site, await webauthn.ask("login", new Uint8Array(32)), null, signal), refusedWith(code), name);
  }
  for (const [code, t] of Object.entries(faults)) assert.ok(t.zh.length > 4 && t.en.length > 8, code);
});

test("places where nothing can be signed are named before anything is asked", () => {
  const at = (place, s = site) => {
    browser({}, place);
    return () => webauthn.checkBrowser(s);
  };
  at({})();
  assert.throws(at({ navigator: { userAgent: "Mozilla/5.0 MicroMessenger/8.0" } }), refusedWith("wechat"));
  assert.match(new Fault("wechat").text("zh"), /^请点右上角 ··· 在浏览器打开/);
  assert.throws(at({}, { ...site, origin: "http://127.0.0.1:8080" }), refusedWith("use-localhost"));
  assert.throws(at({ window: { isSecureContext: false } }), refusedWith("insecure"));
  assert.throws(at({}, { ...site, rpID: "example.com" }), refusedWith("wrong-site"));
  assert.throws(at({}, { ...site, rpID: "host", origin: "http://localhost:8080" }), refusedWith("wrong-site"));
  at({}, { ...site, rpID: "example.com", origin: "https://sign.example.com" })();
  browser();
  globalThis.window = { isSecureContext: true };
  assert.throws(() => webauthn.checkBrowser(site), refusedWith("browser"));
});

test("a refusal of the server keeps its words, and known codes add what to do", () => {
  const r = new http.Refusal(400, { title: "余额不足", detail: "账户只有 ¥1.00", code: 9, space: "cash" });
  assert.equal(panel.failureText(r, "zh"), "服务器没有办成这件事:余额不足 账户只有 ¥1.00");
  assert.match(panel.failureText(new http.Refusal(409, { title: "x", code: 32, space: "sdk" }), "en"), /Submit again/);
  assert.equal(panel.failureText(new TypeError("bug"), "en"), faults.internal.en);
});

test("only a clear refusal settles that nothing was done", () => {
  assert.ok(http.definitive(new http.Refusal(400, { title: "x" })));
  assert.ok(http.definitive(new http.Refusal(503, { title: "x", code: 2, space: "xinlian" })));
  for (const e of [new http.Refusal(502, {}), new Fault("network"), new Fault("server"), new TypeError("x")]) assert.ok(!http.definitive(e));
});

const request = {
  chainID: "xinlian-1", custodian: 4n, consent: new Uint8Array(32).fill(1), purpose: "underwriting", use: 1, device: "xin1x",
  categories: [1, 3], monthFrom: 202501, monthTo: 202606, batches: [], records: [], nonce: new Uint8Array(16).fill(2), expires: 1_795_000_100n,
};

test("a request to read is decoded in full and shown", () => {
  const b = readrequest.encodeReadRequest({ ...request, batches: [new Uint8Array(32)], records: [{ batch: new Uint8Array(32), index: 9n }] });
  const q = readrequest.readReadRequest(b, "xinlian-1", 1_795_000_000);
  const card = readrequest.readCard(q, { 4: "安信托管" });
  assert.deepEqual(card.lines.map((l) => l.value.zh).slice(1, 7), ["贷款审批", "银行流水、纳税申报", "2025-01 至 2026-06", "仅查看,不得保存", "指定的 1 个批次和 1 条记录", "安信托管(机构 4 号)"]);
});

test("a request to read that is bent, foreign, stale or too long good is refused", () => {
  const refuse = (bend, code, now = 1_795_000_000, chain = "xinlian-1") =>
    assert.throws(() => readrequest.readReadRequest(readrequest.encodeReadRequest({ ...request, ...bend }), chain, now), refusedWith(code), code);
  refuse({}, "chain-id", 1_795_000_000, "xinlian-2");
  refuse({}, "expired", 1_795_000_100);
  refuse({ expires: 1_795_000_301n }, "timeout");
  const b = readrequest.encodeReadRequest(request);
  for (const bent of [b.subarray(1), b.subarray(0, b.length - 1), Uint8Array.from([...b, 0]), new Uint8Array(0)]) {
    assert.throws(() => readrequest.readReadRequest(bent, "xinlian-1", 1_795_000_000), refusedWith("read-request"));
  }
  const show = (bend) => () => readrequest.readCard({ ...request, ...bend }, {});
  for (const bend of [{ purpose: "curiosity" }, { use: 3 }, { categories: [] }, { categories: [3, 1] }, { categories: [12] }, { monthFrom: 202513 }]) {
    assert.throws(show(bend), refusedWith("value"), JSON.stringify(bend));
  }
});
