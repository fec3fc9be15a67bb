// What people read. Full texts are compared, so that a word cannot change unseen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf, fromBase64, makeCard, outcome, readNonce, readSignDoc, review, submission, saltedHash, fromHex, toHex, toBase64, word } from "../.build/library.mjs";
import { doc, fixtures } from "./read.mjs";

const salted = { text: fixtures.salted_text, salt: fixtures.salt };
const kept = { memo_hash: salted, account_hash: salted, note_hash: salted, reason_hash: salted, resolution_hash: salted };

async function cardOf(name, support = {}, own = {}) {
  const d = doc(name);
  const t = await readSignDoc(fromBase64(d.sign_bytes), { chainID: fixtures.chain_id, kind: d.kind, now: fixtures.now });
  return makeCard(t, { support: { ...structuredClone(d.support), ...support }, salted: own.salted ?? kept, now: own.now ?? fixtures.now });
}
const shown = (card, l) => [card.title[l], ...card.lines.map((x) => `${x.label[l]}|${x.value[l]}`)];
const refused = (name, code, support, own) => assert.rejects(cardOf(name, support, own), (e) => e.code === code, `${name} ${code}`);

test("a contract is shown with amount, capital numerals, rate, term, instalment and interest", async () => {
  const card = await cardOf("accept one tranche");
  assert.deepEqual(shown(card, "zh"), [
    "签署借款合同(模板 invoice-loan 第 3 版)",
    "代表|晨光食品(机构 12 号)",
    "出借人|青禾银行(机构 3 号)",
    "借款金额|¥100,000.00(壹拾万元整)",
    "年利率|7.20%",
    "期限|12 个月,等额本息",
    "每期还款|¥8,661.90",
    "利息合计|¥3,942.75(按期还款)",
    "自动扣款|是",
  ]);
  assert.deepEqual(shown(card, "en").slice(2, 6), [
    "Lender|青禾银行 (organisation no. 3)",
    "Principal|CNY 100,000.00 (壹拾万元整)",
    "Yearly rate|7.20%",
    "Term|12 months, equal instalments",
  ]);
  const terms = card.parts.flatMap((p) => p.lines.map((x) => `${x.label.zh}|${x.value.zh}`));
  for (const want of ["第 1 笔|¥100,000.00,签署后立即放款", "宽限期|3 天", "逾期费|未还部分的 1.00%,每期一次", "准入条件|评分不低于 500 分(score.points >= 500)"]) {
    assert.ok(terms.includes(want), `${want} in ${terms.join("\n")}`);
  }
  assert.equal(card.version, 1);
});

test("a contract of two tranches says when the second comes", async () => {
  const card = await cardOf("accept two tranches");
  const terms = card.parts.flatMap((p) => p.lines.map((x) => `${x.label.zh}|${x.value.zh}`));
  assert.ok(terms.includes("第 1 笔|¥60,000.00,签署后立即放款"));
  assert.ok(terms.includes("第 2 笔|¥40,000.00,满足放款条件后发放"));
  for (const want of [
    "放款条件|已按时还款不少于 3 期(performance.on_time >= 3)",
    "贷款期间须满足|数据质量等级不低于 C 级(quality.grade <= 3)",
    "年利率下调 0.50%|已按时还款不少于 6 期(performance.on_time >= 6)",
  ]) {
    assert.ok(terms.includes(want), `${want} in ${terms.join("\n")}`);
  }
});

test("a contract is refused if anything shown is not what is signed", async () => {
  const { support } = doc("accept one tranche");
  const offer = (bend) => ({ offer: { ...support.offer, ...bend } });
  for (const bend of [{ principal_fen: "10000001" }, { rate_bps: 719 }, { periods: 24 }, { lender_org_id: "4" }, { id: "8" }, { expires_at: "1795099999" }, { product_id: "3" }]) {
    await refused("accept one tranche", "contract-hash", offer(bend));
  }
  await refused("accept one tranche", "template-hash", offer({ template_hash: toBase64(new Uint8Array(32)) }));
  for (const bend of [{ late_fee_bps: 0 }, { grace_days: 4 }, { version: 4 }, { eligibility: [] }, { prepayment_fee_bps: 1 }]) {
    await refused("accept one tranche", "template-hash", { template: { ...support.template, ...bend } });
  }
  // a whole other contract, true in itself
  await refused("accept one tranche", "contract-hash", doc("accept two tranches").support);
  await refused("accept one tranche", "support", { offer: undefined });
  await refused("accept one tranche", "support", { template: null });
  await refused("accept one tranche", "support", { offer: { ...support.offer, hidden: 1 } });
  await refused("accept one tranche", "value", offer({ status: "OFFER_STATUS_LAPSED" }));
  await refused("accept one tranche", "value", {}, { now: fixtures.now + 86400 });
});

test("a consent is shown in seven lines, with the text of its purpose", async () => {
  const card = await cardOf("grant");
  assert.deepEqual(shown(card, "zh"), [
    "同意数据授权",
    "代表|晨光食品(机构 12 号)",
    "授权给|青禾银行(机构 3 号)",
    "用途|贷款审批:审批经营贷款申请",
    "数据|银行流水、纳税申报",
    "时段|2025-01 至 2026-06",
    "次数|每月最多 2 次",
    "方式|可保存,到期后 30 天内删除",
    `有效|${word.time(BigInt(fixtures.now - 60))} 至 ${word.time(BigInt(fixtures.now + 90 * 86400))}`,
  ]);
  assert.ok(card.parts[0].lines.some((x) => x.value.zh === "只看 ¥1.00 及以上的记录"));
  for (const name of ["refuse consent", "pause", "resume", "revoke"]) assert.equal((await cardOf(name)).lines.length, 8, name);
});

test("a consent is refused if its terms or its purpose are not those of its id", async () => {
  const { consent } = doc("grant").support;
  const bends = [
    { grantee_org_id: "4" }, { month_from: 202401 }, { mode: "MODE_VIEW" }, { fetch_limit: 1000 }, { retention_days: 3000 },
    { categories: ["CATEGORY_BANK"] }, { expires_at: "1899999999" }, { amount_fen_min: "0" }, { purpose: "PURPOSE_MONITORING" }, { nonce: "" },
  ];
  for (const kind of ["grant", "revoke", "apply"]) {
    for (const bend of bends) await refused(kind, "consent-id", { consent: { ...consent, ...bend } });
    await refused(kind, "support", { consent: undefined });
  }
  await refused("grant", "purpose-text", { purpose_text: "随便看看" });
  await refused("grant", "support", { purpose_text: undefined });
  await refused("resume", "support", { purpose_text: undefined });
  for (const name of ["refuse consent", "pause", "revoke"]) { // nothing keeps an owner from taking back
    assert.ok(shown(await cardOf(name, { purpose_text: undefined }), "zh").some((x) => x.endsWith("(用途说明没有公布)")), name);
    await refused(name, "purpose-text", { purpose_text: "随便看看" });
  }
  await refused("grant", "value", {}, { now: fixtures.now + 91 * 86400 });
});

test("payments, pay-outs, applications and decisions say who, how much and why", async () => {
  const lines = async (name) => shown(await cardOf(name), "zh").slice(2);
  assert.deepEqual(await lines("pay"), ["收款方|青禾银行(机构 3 号)", "金额|¥1,234,567.89(壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分)"]);
  assert.match((await lines("pay with a memo"))[2], /^附言\|工商银行 6222/);
  assert.match((await lines("redeem"))[1], /^收款账户\|工商银行 6222 0000 1111 2222 陈静\(哈希 /);
  assert.deepEqual((await lines("apply")).slice(0, 4), ["向|青禾银行(机构 3 号)", "产品|2 号", "申请金额|¥100,000.00(壹拾万元整)", "期数|12 期"]);
  assert.deepEqual((await lines("repay")).slice(0, 2), ["贷款编号|5", "最多扣款|¥8,661.90(捌仟陆佰陆拾壹元玖角整)"]);
  assert.deepEqual((await lines("approve referral")).slice(0, 3), ["申请编号|9", "决定|同意", "金额|¥80,000.00(捌万元整)"]);
  assert.deepEqual((await lines("decline referral")).slice(0, 2), ["申请编号|9", "决定|不同意"]);
  assert.deepEqual(await lines("one custodian"), ["托管机构|安信托管(机构 4 号)", "备用托管机构|不设"]);
  assert.deepEqual(shown(await cardOf("activate"), "zh"), ["启用这台设备", `设备账户|${fixtures.address}`]);
});

test("every card has both languages everywhere", async () => {
  for (const d of fixtures.docs) {
    const card = await cardOf(d.name);
    const texts = [card.title, card.confirm, ...card.notes, ...[...card.lines, ...card.parts.flatMap((p) => p.lines)].flatMap((x) => [x.label, x.value]), ...card.parts.map((p) => p.title)];
    for (const t of texts) assert.ok(t.zh !== "" && t.en !== "", `${d.name} ${JSON.stringify(t)}`);
  }
});

test("a salted hash is signed only if the page itself kept its text", async () => {
  assert.equal(toHex(await saltedHash(fromHex(fixtures.salt), fixtures.salted_text)), fixtures.salted_hash);
  for (const [name, field] of [["redeem", "account_hash"], ["pay with a memo", "memo_hash"], ["approve referral", "note_hash"]]) {
    await refused(name, "support", {}, { salted: {} });
    await refused(name, "field-differs", {}, { salted: { [field]: { ...salted, text: "另一个账户" } } });
    await refused(name, "field-differs", {}, { salted: { [field]: { ...salted, salt: "00".repeat(32) } } });
  }
});

test("a name cannot rearrange its line, and its number stays", () => {
  assert.equal(word.organisation(3n, { 3: "a\u202eb\u2028\nc" }).zh, "abc(机构 3 号)");
  assert.equal(word.organisation(3n, {}).zh, "机构 3 号");
  assert.equal(word.organisation(3n, { 3: "长".repeat(100) }).zh, `${"长".repeat(64)}(机构 3 号)`);
  assert.throws(() => word.organisation(0n, {}));
});

// ——— the answer of the server against what was entered ———

const accept = doc("accept one tranche");
const acceptFields = { offer_id: "7", principal_fen: "10000000", rate_bps: "720", periods: "12", auto_debit: "true", org_id: "12" };
const prepared = (d, bend = {}) => ({ sign_bytes: d.sign_bytes, chain_id: fixtures.chain_id, support: d.support, ...bend });
const expect = (d, fields, bend = {}) => ({ chainID: fixtures.chain_id, kind: d.kind, fields, salted: kept, ...bend });

test("a prepared transaction passes if it is what was entered", async () => {
  const r = await review(prepared(accept), expect(accept, acceptFields), fixtures.now);
  assert.equal(r.check.zh, accept.check);
  assert.deepEqual(submission(r, fromBase64(accept.signature)), { sign_bytes: accept.sign_bytes, signature: accept.signature });
  const { org_id: _, ...without } = acceptFields;
  await review(prepared(accept), expect(accept, without), fixtures.now);
});

test("a prepared transaction is refused if any field is not what was entered", async () => {
  for (const [name, value] of [["offer_id", "8"], ["principal_fen", "9999999"], ["rate_bps", "721"], ["periods", "6"], ["auto_debit", "false"], ["org_id", "13"], ["contract_hash", "00".repeat(32)], ["no_such_field", "1"], ["principalFen", "10000000"]]) {
    await assert.rejects(review(prepared(accept), expect(accept, { ...acceptFields, [name]: value }), fixtures.now), (e) => e.code === "field-differs" && e.detail === name, name);
  }
  for (const name of ["offer_id", "principal_fen", "auto_debit"]) {
    const { [name]: _, ...less } = acceptFields;
    await assert.rejects(review(prepared(accept), expect(accept, less), fixtures.now), (e) => e.code === "field-differs" && e.detail === name, `${name} set by the server`);
  }
  const redeem = doc("redeem");
  await assert.rejects(review(prepared(redeem), expect(redeem, { issuer_org_id: "6", amount_fen: "5000000" }), fixtures.now), (e) => e.detail === "account_hash");
});

test("an answer of another shape, chain or encoding is refused", async () => {
  const bad = [
    [{ chain_id: "xinlian-2" }, "chain-id"], [{ sign_bytes: 7 }, "server"], [{ sign_bytes: `${accept.sign_bytes}=` }, "encoding"],
    [{ sign_bytes: accept.sign_bytes.slice(0, -8) }, "encoding"], [{ support: [] }, "support"], [{ support: undefined }, "support"],
  ];
  for (const [bend, code] of bad) await assert.rejects(review(prepared(accept, bend), expect(accept, acceptFields), fixtures.now), (e) => e.code === code, code);
});

test("a result counts only if it is of this transaction", async () => {
  const r = await review(prepared(accept), expect(accept, acceptFields), fixtures.now);
  const signature = fromBase64(accept.signature);
  assert.deepEqual(await outcome(r, signature, { hash: accept.tx_hash.toUpperCase(), height: 9, took_ms: 640 }), { hash: accept.tx_hash, height: 9, tookMillis: 640 });
  await assert.rejects(outcome(r, signature, { hash: doc("repay").tx_hash, height: 9 }), (e) => e.code === "other-hash");
  await assert.rejects(outcome(r, signature, { hash: accept.tx_hash }), (e) => e.code === "server");
});

test("a nonce is short and not empty, so it can be nothing else that is signed", () => {
  const nonce = new Uint8Array(32).fill(7);
  assert.deepEqual(readNonce({ nonce: toBase64(nonce) }), nonce);
  for (const b of [new Uint8Array(15).fill(1), new Uint8Array(65).fill(1), new Uint8Array(32)]) {
    assert.throws(() => readNonce({ nonce: toBase64(b) }), (e) => e.code === "nonce");
  }
  assert.throws(() => readNonce({ nonce: accept.sign_bytes }), (e) => e.code === "nonce");
});

test("controls become fields: yuan to fen, boxes to true and false, salted texts to hashes", async () => {
  const control = (c) => ({ name: "", type: "text", value: "", checked: false, yuan: false, salted: undefined, ...c });
  const { fields, salted: texts } = await entriesOf([
    control({ name: "amount_fen", value: "1,000.50", yuan: true }),
    control({ name: "auto_debit", type: "checkbox", checked: true, value: "on" }),
    control({ name: "approve", type: "radio", value: "false" }),
    control({ name: "approve", type: "radio", value: "true", checked: true }),
    control({ name: "memo", value: " x " }),
    control({ salted: "account_hash", value: fixtures.salted_text }),
    control({ salted: "memo_hash", value: "  " }),
  ]);
  const { account_hash: hash, ...rest } = fields;
  assert.deepEqual(rest, { amount_fen: "100050", auto_debit: "true", approve: "true", memo: "x" });
  assert.equal(hash, toHex(await saltedHash(fromHex(texts.account_hash.salt), fixtures.salted_text)));
  assert.deepEqual(Object.keys(texts), ["account_hash"]);
  await assert.rejects(entriesOf([control({ name: "a", value: "1" }), control({ name: "a", value: "2" })]), (e) => e.code === "internal");
});

test("an amendment shows the narrower terms that are in it, with sources, kinds of record and what it amends", async () => {
  const card = await cardOf("amend");
  assert.deepEqual(shown(card, "zh").slice(0, 7), [
    "按更窄的条款授权",
    "代表|晨光食品(机构 12 号)",
    "授权给|青禾银行(机构 3 号)",
    "用途|贷款审批:审批经营贷款申请",
    "数据|银行流水",
    "时段|2025-01 至 2026-06",
    "次数|每月最多 1 次",
  ]);
  const more = card.parts[0].lines.map((x) => `${x.label.zh}|${x.value.zh}`);
  for (const want of ["签署人|法定代表人", "数据来源|本企业申报「upload」、青禾银行(机构 3 号)", "记录种类|bank-transaction"]) {
    assert.ok(more.includes(want), `${want} in ${more.join("\n")}`);
  }
  assert.ok(more.some((x) => x.startsWith("变更自|")));
  assert.equal(shown(card, "en")[6], "Reads|at most 1 times a month");
  await refused("amend", "purpose-text", { purpose_text: "随便看看" });
  await refused("amend", "value", {}, { now: fixtures.now + 91 * 86400 });
});

test("an erasure says that it is for good", async () => {
  const card = await cardOf("erase");
  assert.deepEqual(shown(card, "zh").slice(0, 3), ["永久删除本企业数据", "代表|晨光食品(机构 12 号)", "企业|晨光食品(机构 12 号)"]);
  assert.equal(shown(card, "en")[0], "Erase the enterprise's data for good");
  assert.match(card.notes[0].en, /cannot be undone/);
});

test("a case is shown with its number, its firm and its basis", async () => {
  assert.deepEqual(shown(await cardOf("open case"), "zh"), [
    "立案查询", "代表|青禾银行(机构 3 号)", "案号|2026-17", "企业|晨光食品(机构 12 号)", "用途|监管查询:审批经营贷款申请", "数据|银行流水、纳税申报",
    "时段|2025-01 至 2026-06", "次数|总共最多 100 次", "方式|仅查看,不得保存", `有效|${word.time(BigInt(fixtures.now - 60))} 至 ${word.time(BigInt(fixtures.now + 90 * 86400))}`,
  ]);
  for (const [name, title] of [["confirm case", "确认案件"], ["close case", "结案"]]) {
    const card = await cardOf(name);
    assert.equal(card.title.zh, title);
    assert.ok(shown(card, "zh").includes("案号|2026-17"));
  }
  await refused("open case", "purpose-text", { purpose_text: "另一依据" });
  await refused("confirm case", "consent-id", { consent: { ...doc("confirm case").support.consent, case_number: "2026-18" } });
  await refused("confirm case", "consent-id", doc("grant").support);
});

test("a correction names what is wrong and keeps its text off the ledger", async () => {
  const card = await cardOf("correct a batch");
  assert.equal(card.title.zh, "要求更正");
  assert.ok(shown(card, "zh")[4].startsWith(`哪里不对|${fixtures.salted_text}`));
  assert.ok(shown(await cardOf("correct an attestation"), "en").includes("Attestation that is wrong|№4"));
  await refused("correct a batch", "support", {}, { salted: {} });
  assert.equal((await cardOf("uphold dispute")).title.en, "Decide: it is wrong");
  assert.equal((await cardOf("reject dispute")).title.en, "Decide: it is right");
});

test("several boxes of a name make a list", async () => {
  const box = (value, checked) => ({ name: "terms.categories", type: "checkbox", value, checked, yuan: false, salted: undefined, list: true });
  assert.deepEqual((await entriesOf([box("1", true), box("2", false), box("3", true)])).fields, { "terms.categories": "1,3" });
  assert.deepEqual((await entriesOf([box("1", false)])).fields, {});
});
