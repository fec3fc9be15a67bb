// Small words that several cards share: organisations, times, enums, hashes.
import { toHex } from "./bytes.ts";
import { Fault, type Text } from "./fault.ts";

/** The same text in both languages. */
export function same(text: string): Text {
  return { zh: text, en: text };
}

/** A hash or id, shortened at a place that people can compare. */
export function short(b: Uint8Array): string {
  const hex = toHex(b);
  return hex.length <= 20 ? hex : `${hex.slice(0, 10)}…${hex.slice(-6)}`;
}

/** Unix seconds in Shanghai, which has one offset all year: 2026-12-31 23:59:59. */
export function time(seconds: bigint): string {
  if (seconds <= 0n || seconds > 253_402_271_999n) throw new Fault("value", "time");
  const iso = new Date(Number(seconds + 28_800n) * 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

/** yyyymm as 2025-01. */
export function month(v: number): string {
  const [year, m] = [Math.trunc(v / 100), v % 100];
  if (year < 1900 || year > 9999 || m < 1 || m > 12) throw new Fault("value", "month");
  return `${year}-${String(m).padStart(2, "0")}`;
}

/**
 * An organisation: its number is signed, its name is the server's word. Control
 * and direction characters are taken out of the name, so that it cannot
 * rearrange the line it stands in.
 */
export function organisation(id: bigint, names: Readonly<Record<string, string>> | undefined): Text {
  if (id <= 0n) throw new Fault("value", "organisation");
  const name = plain(names?.[id.toString()] ?? "");
  return name === ""
    ? { zh: `机构 ${id} 号`, en: `organisation no. ${id}` }
    : { zh: `${name}(机构 ${id} 号)`, en: `${name} (organisation no. ${id})` };
}

function oneOf(table: Readonly<Record<number, Text>>, value: number, what: string): Text {
  const text = table[value];
  if (text === undefined) throw new Fault("value", what);
  return text;
}

const categories: Record<number, Text> = {
  1: { zh: "银行流水", en: "bank statements" },
  2: { zh: "发票", en: "invoices" },
  3: { zh: "纳税申报", en: "tax returns" },
  4: { zh: "平台销售", en: "platform sales" },
  5: { zh: "工资社保", en: "payroll and social insurance" },
  6: { zh: "水电气费", en: "utility bills" },
  7: { zh: "证照", en: "licences and permits" },
  8: { zh: "司法与处罚", en: "court and penalty notices" },
  9: { zh: "租赁", en: "leases" },
  10: { zh: "应收账款", en: "receivables" },
  11: { zh: "外部借款", en: "loans from elsewhere" },
};

/** A list of xinlian.profile.v1.Category. */
export function categoryList(list: readonly number[]): Text {
  if (list.length === 0 || list.some((c, i) => i > 0 && c <= (list[i - 1] as number))) throw new Fault("value", "categories");
  const texts = list.map((c) => oneOf(categories, c, "category"));
  return { zh: texts.map((t) => t.zh).join("、"), en: texts.map((t) => t.en).join(", ") };
}

const purposes: Record<number, Text> = {
  1: { zh: "贷款审批", en: "decision on an application" },
  2: { zh: "贷后监测", en: "watch over a running loan" },
  3: { zh: "数据核验", en: "check by a verifier" },
  4: { zh: "逾期催收", en: "recovery of a loan in arrears" },
  5: { zh: "审计", en: "audit" },
  6: { zh: "保险担保", en: "insurance or guarantee" },
  7: { zh: "监管查询", en: "a regulator's case" },
};

/** A xinlian.profile.v1.Purpose. */
export function purpose(v: number): Text {
  return oneOf(purposes, v, "purpose");
}

const modes: Record<number, Text> = {
  1: { zh: "仅查看,不得保存", en: "look only, keep nothing" },
  2: { zh: "可保存", en: "may keep copies" },
  3: { zh: "仅得计算结果,看不到原始记录", en: "computed results only, no record is seen" },
};

/** A xinlian.profile.v1.Mode. */
export function mode(v: number): Text {
  return oneOf(modes, v, "mode");
}

/** How often may be read: a xinlian.profile.v1.FetchUnit and a count. */
export function frequency(unit: number, count: number): Text {
  if (count < 1) throw new Fault("value", "frequency");
  const units: Record<number, Text> = {
    1: { zh: `总共最多 ${count} 次`, en: `at most ${count} times in all` },
    2: { zh: `每天最多 ${count} 次`, en: `at most ${count} times a day` },
    3: { zh: `每月最多 ${count} 次`, en: `at most ${count} times a month` },
    4: { zh: `每年最多 ${count} 次`, en: `at most ${count} times a year` },
  };
  return oneOf(units, unit, "fetch unit");
}

/** Who signs for the enterprise: a xinlian.profile.v1.Signer. */
export function signer(v: number): Text {
  return oneOf({ 0: { zh: "监管机构的两台设备,企业不签署", en: "two devices of the regulator, not the firm" }, 1: { zh: "法定代表人", en: "the legal representative" }, 2: { zh: "经办人", en: "a handler" } }, v, "signer");
}

/** A name that others chose, without the characters that could rearrange its line. */
export function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").slice(0, 64);
}

/** A xinlian.loan.v1.PeriodUnit as the word for one period. */
export function periodUnit(v: number): Text {
  return oneOf({ 1: { zh: "个月", en: "months" }, 2: { zh: "周", en: "weeks" } }, v, "period unit");
}

/** A xinlian.loan.v1.Method. */
export function method(v: number): Text {
  return oneOf(
    {
      1: { zh: "等额本息", en: "equal instalments" },
      2: { zh: "等额本金", en: "equal principal" },
      3: { zh: "先息后本", en: "interest first, principal at the end" },
      4: { zh: "一次还本付息", en: "principal and interest at the end" },
    },
    v,
    "method",
  );
}
