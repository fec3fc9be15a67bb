// The signing page's entry: binds forms and publishes `xinlian`.
import { fromBase64, toBase64, toHex } from "./bytes.ts";
import { cardKinds, cardVersion } from "./card.ts";
import { remember, remembered } from "./credential.ts";
import { Fault, type Language } from "./fault.ts";
import { controlsOf, type Entries, entriesOf } from "./form.ts";
import { definitive, get, member, post } from "./http.ts";
import { cover, Panel } from "./panel.ts";
import { readCard, readReadRequest } from "./readrequest.ts";
import { type Expect, type Outcome, outcome, readNonce, review, submission } from "./review.ts";
import { transactionHash } from "./signdoc.ts";
import { answer, ask, checkBrowser, makePasskey, type Site, userNameOf } from "./webauthn.ts";

function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

function site(): Site {
  return { rpID: meta("xinlian-rp"), rpName: meta("xinlian-rp-name") || "信链 Xinlian", origin: location.origin };
}

function language(): Language {
  return document.documentElement.lang.toLowerCase().startsWith("en") ? "en" : "zh";
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** What sign takes: the answer of POST /tx/prepare, and what the page expects in it. */
export interface Prepared {
  sign_bytes: string;
  chain_id: string;
  support?: unknown;
  expect: { chain_id: string; kind: string; fields: Record<string, string>; salted?: Expect["salted"] };
}

/** Reviews, shows, signs, submits and checks one prepared transaction. */
export async function sign(prepared: Prepared, root: HTMLElement = document.body, panel = new Panel(root, language())): Promise<Outcome> {
  const here = site();
  checkBrowser(here);
  const e = prepared.expect;
  const want: Expect = { chainID: e.chain_id, kind: e.kind, fields: e.fields, salted: e.salted ?? {} };
  const r = await review(prepared as unknown as Record<string, unknown>, want, now());
  panel.reached("prepared");
  const question = await ask("sign", r.signBytes);
  await panel.confirm(r.card, r.check);
  const { credentialID, signature } = await answer(here, question, r.transaction.publicKey, panel.signal);
  remember({ id: credentialID, publicKey: r.transaction.publicKey });
  panel.reached("signed");
  panel.busy();
  const sent = post(root.dataset["submit"] ?? "/tx/submit", submission(r, signature));
  panel.reached("submitted");
  const got = await sent.catch(async (x: unknown) => {
    // The transaction may be on its way: never invite to sign it twice.
    if (definitive(x)) throw x;
    throw new Fault("outcome-unknown", toHex(await transactionHash(r.transaction.doc, signature)));
  });
  const result = await outcome(r, signature, got);
  panel.reached("on-chain", `#${result.height}`);
  panel.reached("done", result.tookMillis > 0 ? `${(result.tookMillis / 1000).toFixed(1)} s` : "");
  return result;
}

async function signForm(form: HTMLFormElement, panel: Panel): Promise<Outcome> {
  checkBrowser(site());
  const kind = form.dataset["sign"] ?? "";
  const chainID = meta("xinlian-chain");
  const { fields, salted }: Entries = await entriesOf(controlsOf(form));
  panel.busy();
  const prepared = await post(form.dataset["prepare"] ?? "/tx/prepare", { kind, fields, salted }, panel.signal);
  const expect = { chain_id: chainID, kind, fields, salted };
  return sign({ ...(prepared as unknown as Prepared), expect }, form, panel);
}

/**
 * Makes a passkey on this device and proves at once, with a test assertion for
 * the server's nonce, that this browser can use it.
 */
export async function enrol(form: HTMLFormElement, panel = new Panel(form, language())): Promise<string> {
  const here = site();
  checkBrowser(here);
  const { fields } = await entriesOf(controlsOf(form));
  for (const reserved of ["public_key", "credential_id", "assertion", "nonce"]) {
    if (Object.keys(fields).includes(reserved)) throw new Fault("internal", `a control named ${reserved}`);
  }
  // One person may act for several firms in one browser: a second passkey is refused only if the page asks for that.
  const known = form.dataset["enrol"] === "once" ? remembered() : [];
  const credential = await makePasskey(here, userNameOf(form.dataset["user"] ?? document.title), known, panel.signal);
  const nonce = readNonce(await get(form.dataset["nonce"] ?? "/nonce"));
  const question = await ask("login", nonce);
  remember(credential);
  const { signature } = await answer(here, question, credential.publicKey, panel.signal).catch(async (e: unknown) => {
    // Some browsers want a tap of its own for each prompt.
    if (!(e instanceof Fault) || e.code !== "not-allowed") throw e;
    await panel.press({ zh: "再验证一次,完成登记", en: "Verify once more to finish" });
    return answer(here, question, credential.publicKey, panel.signal);
  });
  panel.busy();
  const got = await post(form.getAttribute("action") ?? "/enrol", {
    ...fields,
    public_key: toBase64(credential.publicKey),
    credential_id: toBase64(credential.id),
    assertion: toBase64(signature),
    nonce: toBase64(nonce),
  });
  return member(got, "location");
}

/** Logs in: the device signs the server's nonce under the domain for sessions, never anything else. */
export async function login(form: HTMLFormElement, panel = new Panel(form, language())): Promise<string> {
  const here = site();
  checkBrowser(here);
  const { fields } = await entriesOf(controlsOf(form));
  const nonce = readNonce(await get(form.dataset["nonce"] ?? "/nonce"));
  const question = await ask("login", nonce);
  const { credentialID, signature } = await answer(here, question, null, panel.signal);
  const mine = remembered().find((c) => toHex(c.id) === toHex(credentialID));
  panel.busy();
  const got = await post(form.getAttribute("action") ?? "/login", {
    ...fields,
    credential_id: toBase64(credentialID),
    public_key: mine === undefined ? "" : toBase64(mine.publicKey),
    assertion: toBase64(signature),
    nonce: toBase64(nonce),
  });
  return member(got, "location");
}

/** Shows a request to read records and signs it under the domain for reads; returns the encoded signature. */
export async function read(request: Uint8Array, orgs: Record<string, string> = {}, root: HTMLElement = document.body, panel = new Panel(root, language())): Promise<Uint8Array> {
  const here = site();
  checkBrowser(here);
  const q = readReadRequest(request, meta("xinlian-chain"), now());
  const question = await ask("read", request);
  await panel.confirm(readCard(q, orgs), null);
  const { signature } = await answer(here, question, null, panel.signal);
  return signature;
}

async function readForm(form: HTMLFormElement, panel: Panel): Promise<string> {
  const { fields } = await entriesOf(controlsOf(form));
  panel.busy();
  const prepared = await post(form.dataset["prepare"] ?? "/read/prepare", fields, panel.signal);
  const support = (prepared["support"] ?? {}) as { orgs?: Record<string, string> };
  const request = member(prepared, "request");
  const signature = await read(fromBase64(request), support.orgs ?? {}, form, panel);
  panel.busy();
  const got = await post(form.getAttribute("action") ?? "/read", { request, signature: toBase64(signature) });
  return member(got, "location");
}

function follow(target: string): void {
  const url = new URL(target, location.href);
  if (url.origin !== location.origin) throw new Fault("internal", "foreign address");
  location.assign(url);
}

const running = new WeakSet<HTMLFormElement>();
const panels = new WeakMap<HTMLFormElement, Panel>();

async function run(form: HTMLFormElement): Promise<void> {
  if (running.has(form)) return;
  running.add(form);
  const panel = panels.get(form) ?? new Panel(form, language());
  panels.set(form, panel);
  panel.reset();
  try {
    if (form.dataset["sign"] !== undefined) {
      const result = await signForm(form, panel);
      form.dispatchEvent(new CustomEvent("xinlian:done", { bubbles: true, detail: result }));
      if (form.dataset["next"] !== undefined) follow(form.dataset["next"]);
    } else if (form.dataset["enrol"] !== undefined) {
      follow(await enrol(form, panel));
    } else if (form.dataset["login"] !== undefined) {
      follow(await login(form, panel));
    } else {
      follow(await readForm(form, panel));
    }
  } catch (e) {
    panel.failed(e);
    form.dispatchEvent(new CustomEvent("xinlian:failed", { bubbles: true, detail: e }));
  } finally {
    running.delete(form);
  }
}

const bound = "form[data-sign], form[data-enrol], form[data-login], form[data-read]";

/** One listener for all forms, also for those that come later. */
document.addEventListener("submit", (event) => {
  if (!(event.target instanceof HTMLFormElement) || !event.target.matches(bound)) return;
  event.preventDefault();
  event.stopPropagation();
  void run(event.target);
}, true);

function warn(): void {
  if (document.querySelector(bound) === null) return;
  try {
    checkBrowser(site());
  } catch (e) {
    if (e instanceof Fault && (e.code === "wechat" || e.code === "use-localhost")) cover(e, language());
  }
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", warn);
else warn();

export { cardKinds as kinds, cardVersion as version };
