// The two calls to the browser: make a passkey, and ask one to agree to bytes.
// Challenges are computed here from bytes that the page has read; no function
// takes a challenge.
import { type Bytes, equal, own, random, utf8 } from "./bytes.ts";
import { mustAgree, readAttestation } from "./cose.ts";
import { type Credential, credentialOf } from "./credential.ts";
import { Fault, type FaultCode } from "./fault.ts";
import { fromSPKI, normalize } from "./p256.ts";
import { challenge, type Domain, encode, madeAt, PasskeyError, saltBytes, verify } from "./passkey.ts";

/** How long the browser's prompt may stay open. */
const promptMillis = 120_000;

/** What the page knows of the place that it runs at. */
export interface Site {
  rpID: string;
  rpName: string;
  origin: string;
}

/** Throws a Fault if this browser cannot sign at this place, and says what to do. */
export function checkBrowser(site: Site): void {
  if (/MicroMessenger/i.test(navigator.userAgent)) throw new Fault("wechat");
  const { hostname } = new URL(site.origin);
  if (site.rpID === "localhost" && /^(127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) throw new Fault("use-localhost");
  if (!window.isSecureContext) throw new Fault("insecure");
  if (!("PublicKeyCredential" in window) || !navigator.credentials || !crypto.subtle) throw new Fault("browser");
  if (hostname !== site.rpID && !hostname.endsWith(`.${site.rpID}`)) throw new Fault("wrong-site");
}

const named: Readonly<Record<string, FaultCode>> = {
  NotAllowedError: "not-allowed",
  AbortError: "cancelled",
  InvalidStateError: "already-enrolled",
  NotSupportedError: "algorithm",
  ConstraintError: "no-verification",
  SecurityError: "wrong-site",
};

/** A browser's exception as a fault. */
export function browserFault(e: unknown): Fault {
  if (e instanceof Fault) return e;
  const name = e instanceof Error ? e.name : "";
  return new Fault(named[name] ?? "browser", name);
}

async function asking<T>(call: () => Promise<T | null>): Promise<T> {
  try {
    const got = await call();
    if (got === null) throw new Fault("not-allowed");
    return got;
  } catch (e) {
    throw browserFault(e);
  }
}

/** Makes a passkey on this device: ES256, discoverable where possible, its user verified. */
export async function makePasskey(site: Site, userName: string, known: Credential[], signal: AbortSignal): Promise<Credential> {
  const got = await asking(() =>
    navigator.credentials.create({
      signal,
      publicKey: {
        rp: { id: site.rpID, name: site.rpName },
        user: { id: random(16), name: userName, displayName: userName },
        challenge: random(32), // attestation is none: nobody verifies this one
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        attestation: "none",
        excludeCredentials: known.map((c) => ({ type: "public-key" as const, id: c.id })),
        timeout: promptMillis,
      },
    }),
  );
  const credential = got as PublicKeyCredential;
  const response = credential.response as AuthenticatorAttestationResponse;
  const attested = readAttestation(new Uint8Array(response.attestationObject));
  const spki = typeof response.getPublicKey === "function" ? response.getPublicKey() : null;
  const fromBrowser = spki === null ? null : fromSPKI(new Uint8Array(spki));
  if (spki !== null && fromBrowser === null) throw new Fault("algorithm");
  mustAgree(attested, new Uint8Array(credential.rawId), fromBrowser);
  if ((attested.flags & 4) === 0) throw new Fault("no-verification");
  return { id: attested.id, publicKey: attested.publicKey };
}

/** A challenge that waits for the person: everything slow is done before the tap. */
export interface Question {
  domain: Domain;
  message: Bytes;
  salt: Bytes;
  challenge: Bytes;
}

/** Computes the challenge for message in a domain, with a salt of its own. */
export async function ask(domain: Domain, message: Uint8Array): Promise<Question> {
  const salt = random(saltBytes);
  return { domain, message: own(message), salt, challenge: await challenge(domain, message, salt) };
}

/** What a passkey answered. */
export interface Answer {
  credentialID: Bytes;
  /** In the canonical form of the chain. */
  signature: Bytes;
}

/** Asks a passkey; publicKey says whose, if the page knows it, and the answer is then verified as the chain does. */
export async function answer(site: Site, q: Question, publicKey: Uint8Array | null, signal: AbortSignal): Promise<Answer> {
  const known = publicKey === null ? undefined : credentialOf(publicKey);
  const got = await asking(() =>
    navigator.credentials.get({
      signal,
      publicKey: {
        rpId: site.rpID,
        challenge: q.challenge,
        userVerification: "required",
        allowCredentials: known === undefined ? [] : [{ type: "public-key", id: known.id }],
        timeout: promptMillis,
      },
    }),
  );
  const credential = got as PublicKeyCredential;
  const response = credential.response as AuthenticatorAssertionResponse;
  const credentialID = new Uint8Array(credential.rawId);
  if (known !== undefined && !equal(credentialID, known.id)) throw new Fault("other-passkey");
  const signature = encode({
    authenticatorData: new Uint8Array(response.authenticatorData),
    clientDataJSON: new Uint8Array(response.clientDataJSON),
    rs: normalize(new Uint8Array(response.signature)),
    salt: q.salt,
  });
  if (publicKey !== null) await checkAnswer(site, q, publicKey, signature, known !== undefined);
  return { credentialID, signature };
}

/** Verifies an answer by the chain's rules, at this origin and for this rpId. */
export async function checkAnswer(site: Site, q: Question, publicKey: Uint8Array, signature: Uint8Array, sureOfKey: boolean): Promise<void> {
  try {
    const made = await verify(publicKey, q.domain, q.message, signature);
    if (!(await madeAt(made, site.origin, site.rpID))) throw new Fault("wrong-site", "assertion");
  } catch (e) {
    if (!(e instanceof PasskeyError)) throw e;
    // A good assertion of another key looks like a bad one of this key.
    if (e.code === 10) throw new Fault("no-verification");
    throw e.code === 12 && !sureOfKey ? new Fault("other-passkey") : new Fault("assertion", `rule ${e.code}`);
  }
}

/** The name that the passkey goes by in the device's own list. */
export function userNameOf(text: string): string {
  const name = text.trim().slice(0, 64);
  return utf8(name).length === 0 ? "Xinlian" : name;
}
