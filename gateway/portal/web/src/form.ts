// What a person entered in a form, as the page keeps it.
import { saltedHash } from "./artefact.ts";
import { fromHex, random, toHex } from "./bytes.ts";
import { Fault } from "./fault.ts";
import { parseYuan } from "./money.ts";
import type { SaltedText } from "./template.ts";

export interface Entries {
  /** By field name; decimal, true or false, hexadecimal, text. */
  fields: Record<string, string>;
  /** Texts whose salted hash is in fields. */
  salted: Record<string, SaltedText>;
}

/** One control as far as it matters here. */
export interface Control {
  name: string;
  type: string;
  value: string;
  checked: boolean;
  yuan: boolean;
  salted: string | undefined;
  /** One of several boxes of a name: the ticked ones' values make a list. */
  list: boolean;
}

const buttons = ["submit", "button", "reset", "image", "file", "fieldset", "output"];

/** The controls of a form that hold a value. */
export function controlsOf(form: HTMLFormElement): Control[] {
  const list = Array.from(form.elements) as (HTMLInputElement & HTMLElement)[];
  return list
    .filter((e) => !e.disabled && !buttons.includes(e.type ?? "") && (e.name !== "" || e.dataset["salted"] !== undefined))
    .map((e) => ({
      name: e.name,
      type: e.type,
      value: e.value,
      checked: e.checked === true,
      yuan: e.dataset["yuan"] !== undefined,
      salted: e.dataset["salted"],
      list: e.dataset["list"] !== undefined,
    }));
}

/** Reads controls; a text that is salted is replaced by its hash under a fresh salt. */
export async function entriesOf(controls: readonly Control[]): Promise<Entries> {
  const out: Entries = { fields: {}, salted: {} };
  const set = (name: string, value: string) => {
    if (Object.keys(out.fields).includes(name)) throw new Fault("internal", `two controls named ${name}`);
    out.fields[name] = value;
  };
  for (const c of controls) {
    if (c.salted !== undefined) {
      const text = c.value.trim().normalize("NFC");
      if (text === "") continue;
      const salt = toHex(random(32));
      out.salted[c.salted] = { text, salt };
      set(c.salted, toHex(await saltedHash(fromHex(salt), text)));
    } else if (c.type === "checkbox" && c.list) {
      if (c.checked) out.fields[c.name] = [...(Object.keys(out.fields).includes(c.name) ? [out.fields[c.name] as string] : []), c.value].join(",");
    } else if (c.type === "checkbox") {
      set(c.name, String(c.checked));
    } else if (c.type !== "radio" || c.checked) {
      set(c.name, c.yuan && c.value.trim() !== "" ? parseYuan(c.value).toString() : c.value.trim());
    }
  }
  return out;
}
