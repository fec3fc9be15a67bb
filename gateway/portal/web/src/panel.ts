// The part of a form where the card, the buttons, the steps and the errors
// stand. Everything is made from text nodes; no markup ever comes from data.
import { asFault, Fault, type Language, type Text } from "./fault.ts";
import { Refusal } from "./http.ts";
import type { Card, Line } from "./template.ts";

type Child = Node | string;

function element(tag: string, attributes: Record<string, string>, ...children: Child[]): HTMLElement {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

/** The steps of a signature, in order. */
export const steps = ["prepared", "signed", "submitted", "on-chain", "done"] as const;
export type Step = (typeof steps)[number];

const stepNames: Readonly<Record<Step, Text>> = {
  prepared: { zh: "已准备", en: "Prepared" },
  signed: { zh: "已签名", en: "Signed" },
  submitted: { zh: "已提交", en: "Submitted" },
  "on-chain": { zh: "已上链", en: "On chain" },
  done: { zh: "已完成", en: "Done" },
};

const words = {
  cancel: { zh: "取消", en: "Cancel" },
  check: { zh: "校验码", en: "Check characters" },
  busy: { zh: "正在处理,请稍候…", en: "Working on it…" },
  slow: { zh: "比平时慢。通常一个区块(几秒)内完成,请不要关闭本页。", en: "Slower than usual. It normally takes one block, a few seconds; keep this page open." },
  failed: { zh: "未完成", en: "Not done" },
  code: { zh: "代码", en: "Code" },
} as const satisfies Record<string, Text>;

/** Remedies for refusals of the chain that a person can do something about, by codespace and code. */
const remedies: Readonly<Record<string, Text>> = {
  "sdk/32": { zh: "这个账户刚有另一笔交易。请重新提交。", en: "Another transaction of this account came first. Submit again." },
  "xinlian/2": { zh: "网络正在启动。请稍后重试。", en: "The network is starting. Try again soon." },
  "xinlian/6": { zh: "从准备到签名的时间太长。请重新提交。", en: "Too long passed before the signature. Submit again." },
  "passkey/13": { zh: "通行密钥签名已被联盟暂停。请联系您的服务机构。", en: "The consortium has paused passkeys. Call your institution." },
  "passkey/14": { zh: "当前网址不在联盟允许的签名网址之内。", en: "This address is not among the consortium's signing origins." },
};

const busyMillis = 1_000;
const slowMillis = 10_000;

/** What a failed attempt tells the person. */
export function failureText(e: unknown, language: Language): string {
  const fault = asFault(e);
  const remedy = fault instanceof Refusal ? remedies[`${fault.space}/${fault.chainCode}`] : undefined;
  return fault.text(language) + (remedy === undefined ? "" : ` ${remedy[language]}`);
}

/** The signing part of one form, in one language. */
export class Panel {
  private readonly language: Language;
  private readonly card: HTMLElement;
  private readonly confirmButton: HTMLButtonElement;
  private readonly cancelButton: HTMLButtonElement;
  private readonly status: HTMLElement;
  private readonly list: HTMLElement;
  private readonly alert: HTMLElement;
  private timers: ReturnType<typeof setTimeout>[] = [];
  private cancelled = new AbortController();

  /** Finds the parts in root, and makes those that the page left out. */
  constructor(root: HTMLElement, language: Language) {
    this.language = language;
    const part = (name: string, tag: string, attributes: Record<string, string> = {}): HTMLElement => {
      const found = root.querySelector<HTMLElement>(`[${name}]:not(template)`);
      if (found !== null) return found;
      const made = element(tag, { [name]: "", ...attributes });
      const template = root.querySelector<HTMLTemplateElement>(`template[${name}]`);
      if (template === null) root.append(made);
      else {
        made.append(template.content.cloneNode(true));
        template.after(made);
      }
      return made;
    };
    this.card = part("data-sign-card", "div");
    this.confirmButton = part("data-sign-confirm", "button", { type: "button" }) as HTMLButtonElement;
    this.cancelButton = part("data-sign-cancel", "button", { type: "button" }) as HTMLButtonElement;
    this.status = part("data-sign-status", "p", { role: "status" });
    this.list = part("data-sign-steps", "ol");
    this.alert = part("data-sign-error", "div", { role: "alert" });
    if (this.cancelButton.textContent?.trim() === "") this.cancelButton.textContent = words.cancel[language];
    this.cancelButton.addEventListener("click", () => this.cancelled.abort());
    this.reset();
  }

  /** Aborts when the person cancels. */
  get signal(): AbortSignal {
    return this.cancelled.signal;
  }

  /** Back to how the form was before. */
  reset(): void {
    this.quiet();
    this.cancelled = new AbortController();
    for (const e of [this.card, this.confirmButton, this.cancelButton, this.list, this.alert]) e.hidden = true;
    this.list.replaceChildren(...steps.map((s) => element("li", { "data-step": s, "data-state": "waiting" }, stepNames[s][this.language])));
  }

  /** Shows a card, and waits until the person agrees. It throws the fault `cancelled` if she does not. */
  async confirm(card: Omit<Card, "version">, check: Text | null): Promise<void> {
    this.quiet();
    this.card.replaceChildren(...this.cardNodes(card, check));
    this.card.hidden = false;
    await this.press(card.confirm);
  }

  /** Waits for a tap on the confirm button under the given word. */
  async press(word: Text): Promise<void> {
    this.confirmButton.textContent = word[this.language];
    this.confirmButton.hidden = this.cancelButton.hidden = false;
    this.confirmButton.focus();
    const { signal } = this.cancelled;
    const done = new AbortController();
    try {
      await new Promise<void>((resolve, reject) => {
        if (signal.aborted) reject(new Fault("cancelled"));
        this.confirmButton.addEventListener("click", () => resolve(), { signal: done.signal });
        signal.addEventListener("abort", () => reject(new Fault("cancelled")), { signal: done.signal });
      });
    } finally {
      done.abort();
      this.confirmButton.hidden = true;
    }
  }

  private cardNodes(card: Omit<Card, "version">, check: Text | null): Node[] {
    const l = this.language;
    const nodes: Node[] = [element("h2", {}, card.title[l]), this.lines(card.lines)];
    for (const p of card.parts) nodes.push(element("details", {}, element("summary", {}, p.title[l]), this.lines(p.lines)));
    for (const n of card.notes) nodes.push(element("p", { class: "sign-note" }, n[l]));
    if (check !== null) {
      nodes.push(element("p", { class: "sign-check" }, `${words.check[l]} `, element("strong", {}, check[l])));
    }
    return nodes;
  }

  private lines(list: Line[]): HTMLElement {
    const l = this.language;
    return element(
      "dl",
      {},
      ...list.flatMap((line) => [
        element("dt", {}, line.label[l]),
        element("dd", line.strong ? { class: "sign-strong" } : {}, line.value[l]),
      ]),
    );
  }

  /** Marks that the page waits: silent for a second, then in words, then with the steps. */
  busy(): void {
    this.quiet();
    this.status.setAttribute("aria-busy", "true");
    const later = (millis: number, show: () => void) => this.timers.push(setTimeout(show, millis));
    later(busyMillis, () => (this.status.textContent = words.busy[this.language]));
    later(slowMillis, () => {
      this.status.textContent = words.slow[this.language];
      this.list.hidden = false;
    });
  }

  private quiet(): void {
    for (const t of this.timers) clearTimeout(t);
    this.timers = [];
    this.status.removeAttribute("aria-busy");
    this.status.textContent = "";
  }

  /** Marks a step as reached; note stands behind its name, like #1024. */
  reached(step: Step, note = ""): void {
    const item = this.list.querySelector(`[data-step="${step}"]`);
    item?.setAttribute("data-state", "done");
    if (item !== null) item.textContent = note === "" ? stepNames[step][this.language] : `${stepNames[step][this.language]} ${note}`;
    if (step === "on-chain" || step === "done") this.list.hidden = false;
    if (step === "signed") this.cancelButton.hidden = true; // what is signed is on its way
    if (step === "done") this.quiet();
  }

  /** Says what went wrong and what to do. */
  failed(e: unknown): void {
    this.quiet();
    for (const x of [this.card, this.confirmButton, this.cancelButton]) x.hidden = true;
    const next = this.list.querySelector('[data-state="waiting"]');
    if (next !== null && this.list.querySelector('[data-state="done"]') !== null) {
      next.setAttribute("data-state", "failed");
      next.textContent = words.failed[this.language];
      this.list.hidden = false;
    }
    const fault = asFault(e);
    this.alert.replaceChildren(
      element("p", {}, failureText(fault, this.language)),
      element("small", {}, `${words.code[this.language]} ${fault.message}`),
    );
    this.alert.hidden = false;
  }
}

/** Covers the page with one message, for browsers in which nothing here can work. */
export function cover(fault: Fault, language: Language): void {
  document.body.append(element("div", { class: "sign-overlay", role: "alert" }, element("p", {}, fault.text(language))));
}
