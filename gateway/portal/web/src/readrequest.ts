// A request to read records under a consent, in the canonical form of package
// gateway/vault: the page decodes it before the device signs it.
import { equal } from "./bytes.ts";
import { CanonError, Reader, Writer } from "./canon.ts";
import { Fault, type Text } from "./fault.ts";
import type { Card } from "./template.ts";
import { categoryList, mode, month, organisation, same, short, time } from "./word.ts";

const lifeSecondsMax = 300;

export interface ReadRequest {
  chainID: string;
  custodian: bigint;
  consent: Uint8Array;
  purpose: string;
  use: number;
  device: string;
  categories: number[];
  monthFrom: number;
  monthTo: number;
  batches: Uint8Array[];
  records: { batch: Uint8Array; index: bigint }[];
  nonce: Uint8Array;
  /** Unix seconds. */
  expires: bigint;
}

function times<T>(n: number, read: () => T): T[] {
  return Array.from({ length: n }, read);
}

function decode(b: Uint8Array): ReadRequest {
  const r = new Reader("read", b);
  const request: ReadRequest = {
    chainID: r.string(),
    custodian: r.uint64(),
    consent: r.fixed(32),
    purpose: r.string(),
    use: r.uint8(),
    device: r.string(),
    categories: times(r.uint8(), () => r.uint8()),
    monthFrom: r.uint32(),
    monthTo: r.uint32(),
    batches: times(r.uint16(), () => r.fixed(32)),
    records: times(r.uint16(), () => ({ batch: r.fixed(32), index: r.uint64() })),
    nonce: r.fixed(16),
    expires: r.int64(),
  };
  r.done();
  return request;
}

/** The canonical bytes of a request. */
export function encodeReadRequest(q: ReadRequest): Uint8Array {
  const w = new Writer("read").string(q.chainID).uint64(q.custodian).fixed(q.consent).string(q.purpose).uint8(q.use).string(q.device);
  w.uint8(q.categories.length);
  for (const c of q.categories) w.uint8(c);
  w.uint32(q.monthFrom).uint32(q.monthTo).uint16(q.batches.length);
  for (const b of q.batches) w.fixed(b);
  w.uint16(q.records.length);
  for (const k of q.records) w.fixed(k.batch).uint64(k.index);
  return w.fixed(q.nonce).int64(q.expires).encoded();
}

/** Decodes and checks a request, or throws a Fault. */
export function readReadRequest(b: Uint8Array, chainID: string, now: number): ReadRequest {
  let q: ReadRequest;
  try {
    q = decode(b);
    if (!equal(encodeReadRequest(q), b)) throw new CanonError("trailing", "not canonical");
  } catch (e) {
    throw new Fault("read-request", e instanceof CanonError ? e.failure : "");
  }
  if (q.chainID !== chainID || chainID === "") throw new Fault("chain-id");
  if (q.expires > BigInt(now + lifeSecondsMax)) throw new Fault("timeout", "too far ahead");
  if (q.expires <= BigInt(now)) throw new Fault("expired");
  return q;
}

const purposes: Readonly<Record<string, Text>> = {
  underwriting: { zh: "贷款审批", en: "decision on an application" },
  monitoring: { zh: "贷后监测", en: "watch over a running loan" },
  verification: { zh: "数据核验", en: "check by a verifier" },
  collection: { zh: "逾期催收", en: "recovery of a loan in arrears" },
  audit: { zh: "审计", en: "audit" },
  insurance: { zh: "保险担保", en: "insurance or guarantee" },
  supervision: { zh: "监管查询", en: "a regulator's case" },
};

/** The card of a request to read. */
export function readCard(q: ReadRequest, names: Readonly<Record<string, string>> | undefined): Omit<Card, "version"> {
  const purpose = purposes[q.purpose];
  if (purpose === undefined) throw new Fault("value", "purpose");
  // Computed results are not records: nobody signs a read for them.
  if (q.use !== 1 && q.use !== 2) throw new Fault("value", "use");
  const narrowed = q.batches.length + q.records.length;
  return {
    title: { zh: "查询数据", en: "Read records" },
    lines: [
      { label: { zh: "授权编号", en: "Consent id" }, value: same(short(q.consent)), strong: true },
      { label: { zh: "用途", en: "Purpose" }, value: purpose, strong: true },
      { label: { zh: "数据", en: "Data" }, value: categoryList(q.categories), strong: true },
      { label: { zh: "时段", en: "Months" }, value: { zh: `${month(q.monthFrom)} 至 ${month(q.monthTo)}`, en: `${month(q.monthFrom)} to ${month(q.monthTo)}` } },
      { label: { zh: "方式", en: "Use" }, value: mode(q.use) },
      { label: { zh: "范围", en: "Scope" }, value: narrowed === 0 ? { zh: "全部记录", en: "all records" } : { zh: `指定的 ${q.batches.length} 个批次和 ${q.records.length} 条记录`, en: `${q.batches.length} named batches and ${q.records.length} named records` } },
      { label: { zh: "托管机构", en: "Custodian" }, value: organisation(q.custodian, names) },
      { label: { zh: "请求有效至", en: "Request ends" }, value: same(time(q.expires)) },
    ],
    parts: [{ title: { zh: "设备", en: "Device" }, lines: [{ label: { zh: "设备账户", en: "Device account" }, value: same(q.device) }] }],
    notes: [{ zh: "这次查询会留下不能删除的记录,企业可以看到。", en: "This read leaves a permanent record that the firm can see." }],
    confirm: { zh: "查询", en: "Read" },
  };
}
