// Calls to the gateway. Every answer is JSON of a known shape; a refusal is a
// problem document whose words are already in the reader's language.
import { Fault } from "./fault.ts";

const answerBytesMax = 1 << 20;

interface Problem {
  title?: unknown;
  detail?: unknown;
  code?: unknown;
  space?: unknown;
}

function words(v: unknown): string {
  return typeof v === "string" ? v.slice(0, 500) : "";
}

/** A refusal by the server or the chain. */
export class Refusal extends Fault {
  readonly status: number;
  readonly space: string;
  readonly chainCode: number;

  constructor(status: number, p: Problem) {
    super("server", `http ${status} ${words(p.space)}/${String(p.code ?? "")}`, [words(p.title), words(p.detail)].filter((t) => t !== "").join(" "));
    this.status = status;
    this.space = words(p.space);
    this.chainCode = typeof p.code === "number" ? p.code : 0;
  }
}

/**
 * Whether an error settles that nothing was done. A server that breaks down in
 * between, or a proxy that gives up waiting, settles nothing.
 */
export function definitive(e: unknown): boolean {
  return e instanceof Refusal && (e.status < 500 || e.space !== "");
}

async function call(url: string, init: RequestInit): Promise<Record<string, unknown>> {
  const target = new URL(url, location.href);
  if (target.origin !== location.origin) throw new Fault("internal", "foreign address");
  let response: Response;
  let text: string;
  try {
    response = await fetch(target, { ...init, credentials: "same-origin", redirect: "error", cache: "no-store" });
    text = await response.text();
  } catch {
    throw new Fault("network");
  }
  if (text.length > answerBytesMax) throw new Fault("server", "answer too long");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (!response.ok) throw new Refusal(response.status, typeof value === "object" && value !== null ? (value as Problem) : {});
  if (typeof value !== "object" || value === null) throw new Fault("server", `http ${response.status}`);
  return value as Record<string, unknown>;
}

export function get(url: string): Promise<Record<string, unknown>> {
  return call(url, { method: "GET", headers: { Accept: "application/json" } });
}

export function post(url: string, body: unknown, signal?: AbortSignal): Promise<Record<string, unknown>> {
  return call(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json, application/problem+json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** A text member of an answer. */
export function member(v: Record<string, unknown>, name: string): string {
  const text = v[name];
  if (typeof text !== "string") throw new Fault("server", `no ${name} in the answer`);
  return text;
}
