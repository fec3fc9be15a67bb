import assert from "node:assert/strict";
import { test } from "node:test";
import { amount, capital, fromCapital, parseYuan, percent, schedule, yuan } from "../.build/library.mjs";

test("amounts read as banks write them in capital numerals", () => {
  const cases = [
    [0n, "零元整"], [1n, "壹分"], [10n, "壹角整"], [11n, "壹角壹分"], [100n, "壹元整"], [101n, "壹元零壹分"],
    [110n, "壹元壹角整"], [1000n, "壹拾元整"], [10_000n, "壹佰元整"], [10_100n, "壹佰零壹元整"], [100_100n, "壹仟零壹元整"],
    [101_000n, "壹仟零壹拾元整"], [10_000_000n, "壹拾万元整"], [866_190n, "捌仟陆佰陆拾壹元玖角整"], [1_000_100n, "壹万零壹元整"],
    [10_050_000n, "壹拾万零伍佰元整"], [100_500_000n, "壹佰万伍仟元整"], [123_456_789n, "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分"],
    [10_000_000_000n, "壹亿元整"], [10_000_000_100n, "壹亿零壹元整"], [10_001_000_000n, "壹亿零壹万元整"],
    [1_000_010_000_000n, "壹佰亿零壹拾万元整"], [99_999_999_999_999n, "玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"],
  ];
  for (const [fen, want] of cases) assert.equal(capital(fen), want, String(fen));
});

test("capital numerals read back to the same fen, over every digit pattern", () => {
  const check = (fen) => assert.equal(fromCapital(capital(fen)), fen, `${fen} ${capital(fen)}`);
  for (let fen = 0n; fen < 120_000n; fen++) check(fen);
  // every pattern of zero and other digits in 12 places of yuan, with and without jiao and fen
  for (let mask = 0; mask < 1 << 14; mask++) {
    let fen = 0n;
    for (let i = 0; i < 14; i++) if (mask & (1 << i)) fen += BigInt((i * 7) % 9 + 1) * 10n ** BigInt(i);
    check(fen);
  }
  let seed = 88172645463325252n;
  for (let i = 0; i < 20_000; i++) {
    seed ^= (seed << 13n) & ((1n << 64n) - 1n);
    seed ^= seed >> 7n;
    seed ^= (seed << 17n) & ((1n << 64n) - 1n);
    check(seed % 10n ** BigInt((i % 14) + 1));
  }
});

test("no two amounts have the same words, and a lost character is noticed", () => {
  const seen = new Map();
  for (let fen = 0n; fen < 50_000n; fen++) {
    const words = capital(fen);
    assert.ok(!seen.has(words), words);
    seen.set(words, fen);
  }
  assert.notEqual(fromCapital("壹万元整"), 10_000_000n);
  for (const bad of ["", "元", "一百元整", "壹佰元x", "100元"]) assert.equal(fromCapital(bad) === null || bad === "元", true, bad);
});

test("amounts without words are refused", () => {
  for (const fen of [-1n, 10n ** 14n, 2n ** 63n - 1n]) assert.throws(() => capital(fen), (e) => e.code === "value");
  for (const fen of [0n, -1n]) assert.throws(() => amount(fen), (e) => e.code === "value");
  assert.deepEqual(amount(10_000_000n), { zh: "¥100,000.00(壹拾万元整)", en: "CNY 100,000.00 (壹拾万元整)" });
});

test("yuan have thousands and two places, rates two", () => {
  assert.equal(yuan(123_456_789n), "¥1,234,567.89");
  assert.equal(yuan(-5n), "-¥0.05");
  assert.equal(yuan(100_000n), "¥1,000.00");
  assert.equal(percent(720), "7.20%");
  assert.equal(percent(5), "0.05%");
  assert.throws(() => percent(-1));
});

test("what is typed in yuan becomes exact fen, or is refused", () => {
  const good = { "1": 100n, "1,000.5": 100_050n, " ¥0.07 ": 7n, "¥12,345,678.90": 1_234_567_890n, "1234.56": 123_456n, "000012": 1200n };
  for (const [typed, fen] of Object.entries(good)) assert.equal(parseYuan(typed), fen, typed);
  for (const typed of ["", "1.234", "1,00", "-1", "1e3", "0x10", "1 000", "12,3456", "9999999999999", ".5", "1.", "NaN"]) {
    assert.throws(() => parseYuan(typed), (e) => e.code === "input", typed);
  }
});

test("a schedule has the contract's integers", () => {
  // first and last line and all interest, as the chain's own schedule gives them
  const cases = [
    [[10_000_000n, 720, 1, 12, 1], [806_190n, 60_000n], [861_019n, 5_166n], 394_275n],
    [[1_234_567n, 3599, 2, 52, 1], [19_817n, 8_521n], [28_117n, 194n], 238_982n],
    [[1_000_000n, 720, 1, 3, 2], [333_333n, 6_000n], [333_334n, 2_000n], 12_000n],
    [[1_000_000n, 720, 2, 2, 3], [0n, 1_381n], [1_000_000n, 1_381n], 2_762n],
    [[1_000_000n, 720, 1, 1, 4], [1_000_000n, 6_000n], [1_000_000n, 6_000n], 6_000n],
  ];
  for (const [terms, first, last, interest] of cases) {
    const lines = schedule.schedule(...terms);
    assert.equal(lines.length, terms[3]);
    assert.deepEqual([lines[0].principalFen, lines[0].interestFen], first);
    assert.deepEqual([lines.at(-1).principalFen, lines.at(-1).interestFen], last);
    assert.equal(lines.reduce((n, l) => n + l.interestFen, 0n), interest);
  }
  for (const [fen, bps, unit, n] of [[1n, 0, 1, 1], [100n, 0, 1, 3], [999_999n, 3600, 2, 52], [10_000_001n, 1, 1, 60], [7n, 2400, 2, 60]]) {
    for (const method of [1, 2, 3, 4]) {
      const l = schedule.schedule(fen, bps, unit, n, method);
      assert.ok(l.length <= n);
      assert.equal(l.reduce((s, x) => s + x.principalFen, 0n), fen);
    }
  }
  assert.deepEqual(schedule.schedule(1_000_000n, 720, 1, 12, 4), [{ principalFen: 1_000_000n, interestFen: 72_000n }]);
  assert.throws(() => schedule.schedule(1n, 1, 3, 1, 1));
  assert.throws(() => schedule.schedule(1n, 1, 1, 61, 1));
  assert.throws(() => schedule.schedule(1n, 1, 1, 1, 5));
  assert.deepEqual(schedule.split(10_000_001n, [3333, 3333, 3334]), [3_333_000n, 3_333_000n, 3_334_001n]);
  assert.throws(() => schedule.split(1n, [5000, 5000]));
});
