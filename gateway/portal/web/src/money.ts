// Money in words and figures. Amounts are whole fen, as bigint; nothing here
// ever is a float.
import { Fault, type Language } from "./fault.ts";

/** Bound of an amount on a card: below a million million yuan, where the names of numbers begin to differ. */
const fenMax = 10n ** 14n - 1n;

const digits = "零壹贰叁肆伍陆柒捌玖";
const places = ["", "拾", "佰", "仟"];
const groups = ["", "万", "亿"];

/** ¥100,000.00 */
export function yuan(fen: bigint): string {
  const sign = fen < 0n ? "-" : "";
  const v = fen < 0n ? -fen : fen;
  const whole = (v / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign}¥${whole}.${(v % 100n).toString().padStart(2, "0")}`;
}

/** Four digits in capital numerals, without their group's name. */
function four(v: number): string {
  let out = "";
  let gap = false;
  for (let place = 3; place >= 0; place--) {
    const d = Math.trunc(v / 10 ** place) % 10;
    if (d === 0) {
      gap = out !== "";
      continue;
    }
    out += (gap ? "零" : "") + digits[d] + places[place];
    gap = false;
  }
  return out;
}

/** The amount in capital numerals (大写金额), like 壹拾万元整. It is never negative. */
export function capital(fen: bigint): string {
  if (fen < 0n || fen > fenMax) throw new Fault("value", "amount");
  let rest = fen / 100n;
  let whole = "";
  for (let g = 0; rest > 0n; g++, rest /= 10000n) {
    const v = Number(rest % 10000n);
    if (v !== 0) whole = four(v) + groups[g] + gapBefore(whole, fen / 100n, g) + whole;
  }
  const jiao = Number((fen / 10n) % 10n);
  const cent = Number(fen % 10n);
  const yuanPart = whole === "" ? "" : `${whole}元`;
  if (jiao + cent === 0) return `${yuanPart === "" ? "零元" : yuanPart}整`;
  const jiaoPart = jiao > 0 ? `${digits[jiao]}角` : yuanPart === "" ? "" : "零";
  return yuanPart + jiaoPart + (cent > 0 ? `${digits[cent]}分` : "整");
}

/** 零 between a group and what follows it, where the digit just below the group is 0. */
function gapBefore(lower: string, whole: bigint, group: number): string {
  return lower !== "" && (whole / 10n ** BigInt(4 * group - 1)) % 10n === 0n ? "零" : "";
}

/** The fen of an amount in capital numerals, or null if it is none. Written apart from capital, to check it. */
export function fromCapital(text: string): bigint | null {
  const m = /^(?:([零壹贰叁肆伍陆柒捌玖拾佰仟万亿]+)元)?(?:零?([壹贰叁肆伍陆柒捌玖])角)?(?:零?([壹贰叁肆伍陆柒捌玖])分)?整?$/.exec(text);
  if (m === null || text === "") return null;
  let total = 0n;
  let group = 0n;
  let digit = 0n;
  for (const c of m[1] ?? "") {
    const place = places.indexOf(c);
    const unit = groups.indexOf(c);
    if (place > 0) [group, digit] = [group + digit * 10n ** BigInt(place), 0n];
    else if (unit > 0) [total, group, digit] = [total + (group + digit) * 10n ** BigInt(4 * unit), 0n, 0n];
    else digit = BigInt(digits.indexOf(c));
  }
  const small = (d: string | undefined) => (d === undefined ? 0n : BigInt(digits.indexOf(d)));
  return (total + group + digit) * 100n + small(m[2]) * 10n + small(m[3]);
}

/** The amount for a card: figures, and in Chinese capital numerals too. It must be positive. */
export function amount(fen: bigint): Readonly<Record<Language, string>> {
  if (fen <= 0n) throw new Fault("value", "amount");
  const words = capital(fen);
  // A character lost here would be a lost zero there: read it back.
  if (fromCapital(words) !== fen) throw new Fault("internal", "capital numerals");
  return { zh: `${yuan(fen)}(${words})`, en: `CNY ${yuan(fen).slice(1)} (${words})` };
}

/** Fen from what a person types in yuan: digits, thousands commas, at most two decimals. */
export function parseYuan(text: string): bigint {
  const m = /^[¥¥]?\s*(\d{1,3}(?:[,,]\d{3})+|\d{1,12})(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (m === null) throw new Fault("input", "amount");
  const fen = BigInt((m[1] as string).replace(/[,,]/g, "")) * 100n + BigInt((m[2] ?? "").padEnd(2, "0"));
  if (fen > fenMax) throw new Fault("input", "amount");
  return fen;
}

/** A rate in basis points as a percentage: 720 → 7.20%. */
export function percent(bps: number): string {
  if (!Number.isInteger(bps) || bps < 0) throw new Fault("value", "rate");
  return `${Math.trunc(bps / 100)}.${String(bps % 100).padStart(2, "0")}%`;
}
