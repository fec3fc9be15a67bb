// Which passkeys this browser has enrolled: key → credential id. None of it is
// secret; without it the browser asks the person which passkey to use.
import { type Bytes, fromBase64, fromHex, toBase64, toHex } from "./bytes.ts";

const storageKey = "xinlian.credentials";
const kept = 16;

/** One enrolled passkey. */
export interface Credential {
  id: Bytes;
  /** Compressed point, 33 bytes. */
  publicKey: Bytes;
}

function load(): Record<string, string> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(storageKey) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, string>) : {};
  } catch {
    return {};
  }
}

/** Remembers a credential; the oldest ones fall out. Without storage it does nothing. */
export function remember(c: Credential): void {
  const name = toHex(c.publicKey);
  const rest = Object.entries(load()).filter(([k]) => k !== name);
  try {
    localStorage.setItem(storageKey, JSON.stringify(Object.fromEntries([...rest.slice(1 - kept), [name, toBase64(c.id)]])));
  } catch {
    // private mode: the browser asks which passkey to use
  }
}

/** Every credential that this browser remembers, newest last. */
export function remembered(): Credential[] {
  return Object.entries(load()).flatMap(([key, id]) => {
    try {
      return [{ publicKey: fromHex(key), id: fromBase64(id) }];
    } catch {
      return [];
    }
  });
}

/** The credential of a key, if this browser remembers it. */
export function credentialOf(publicKey: Uint8Array): Credential | undefined {
  const name = toHex(publicKey);
  return remembered().find((c) => toHex(c.publicKey) === name);
}
