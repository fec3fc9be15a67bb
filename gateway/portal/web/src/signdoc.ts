// Reads the exact bytes that the device is asked to sign, and refuses whatever
// is not one plain transaction of one allowed message.
import kinds from "../kinds.json";
import { address } from "./address.ts";
import { type Bytes, own, sha256 } from "./bytes.ts";
import { Fault } from "./fault.ts";
import type { AnyMessage, AuthInfo, SignDoc, TxBody } from "./message.ts";
import { decodeStrict, encode } from "./schema.ts";

/** Bound of sign bytes, in bytes. */
export const signBytesMax = 64 << 10;
/** How far ahead a transaction's end may lie, in seconds. */
export const timeoutSecondsMax = 300;
const gasMax = 50_000_000n;
const signModeDirect = 1;

/** What the page holds against the bytes. */
export interface Expectation {
  chainID: string;
  /** The message's type URL, like /xinlian.loan.v1.MsgAccept. */
  kind: string;
  /** The page's clock, Unix seconds. */
  now: number;
}

/** A transaction that passed every check of its envelope. */
export interface Transaction {
  kind: string;
  /** The decoded message. */
  message: Record<string, unknown>;
  /** The signer's key, 33 bytes. */
  publicKey: Bytes;
  /** The signer's account, which is the message's device. */
  device: string;
  chainID: string;
  /** Unix seconds. */
  endsAt: bigint;
  doc: SignDoc;
}

/** Reads sign bytes, or throws a Fault that says what is wrong with them. */
export async function readSignDoc(signBytes: Uint8Array, want: Expectation): Promise<Transaction> {
  if (signBytes.length === 0 || signBytes.length > signBytesMax) throw new Fault("encoding", "size");
  const doc = decodeStrict<SignDoc>("cosmos.tx.v1beta1.SignDoc", signBytes);
  if (doc.chainId !== want.chainID || want.chainID === "") throw new Fault("chain-id");
  const body = decodeStrict<TxBody>("cosmos.tx.v1beta1.TxBody", doc.bodyBytes);
  const endsAt = checkBody(body, want.now);
  const publicKey = checkAuthInfo(decodeStrict<AuthInfo>("cosmos.tx.v1beta1.AuthInfo", doc.authInfoBytes));
  const packed = body.messages[0];
  if (packed === undefined || body.messages.length !== 1) throw new Fault("message-count");
  if (packed.typeUrl !== want.kind || !kinds.includes(packed.typeUrl)) throw new Fault("message-type", packed.typeUrl);
  const message = decodeStrict<Record<string, unknown>>(packed.typeUrl.slice(1), packed.value);
  const device = await address(publicKey);
  if (message.device !== device) throw new Fault("device");
  return { kind: packed.typeUrl, message, publicKey, device, chainID: doc.chainId, endsAt, doc };
}

/** Checks everything in a body but its messages; returns when the transaction ends. */
function checkBody(body: TxBody, now: number): bigint {
  if (body.memo !== "") throw new Fault("memo");
  if (body.extensionOptions.length + body.nonCriticalExtensionOptions.length !== 0) throw new Fault("extension");
  if (body.timeoutHeight !== 0n || body.unordered) throw new Fault("timeout", "height or unordered");
  const end = body.timeoutTimestamp;
  if (end === undefined || end.nanos < 0 || end.nanos > 999_999_999) throw new Fault("timeout", "absent");
  // A second that has begun counts in full.
  const seconds = end.nanos > 0 ? end.seconds + 1n : end.seconds;
  if (seconds > BigInt(now + timeoutSecondsMax)) throw new Fault("timeout", "too far ahead");
  if (end.seconds <= BigInt(now)) throw new Fault("expired");
  return end.seconds;
}

/** Checks signer and fee; returns the signer's key. */
function checkAuthInfo(auth: AuthInfo): Bytes {
  const signer = auth.signerInfos[0];
  if (signer === undefined || auth.signerInfos.length !== 1) throw new Fault("signer", "count");
  const sum = signer.modeInfo?.sum;
  if (sum?.case !== "single" || sum.value.mode !== signModeDirect) throw new Fault("signer", "mode");
  const { fee } = auth;
  if (fee === undefined || fee.amount.length !== 0 || fee.payer !== "" || fee.granter !== "" || auth.tip !== undefined) {
    throw new Fault("fee");
  }
  if (fee.gasLimit === 0n || fee.gasLimit > gasMax) throw new Fault("gas");
  return passkeyOf(signer.publicKey);
}

function passkeyOf(packed: AnyMessage | undefined): Bytes {
  if (packed?.typeUrl !== "/xinlian.passkey.v1.PubKey") throw new Fault("signer", "key type");
  const { key } = decodeStrict<{ key: Uint8Array }>("xinlian.passkey.v1.PubKey", packed.value);
  if (key.length !== 33) throw new Fault("signer", "key size");
  return own(key);
}

/** The hash of the signed transaction, under which the chain knows it. */
export function transactionHash(doc: SignDoc, signature: Uint8Array): Promise<Bytes> {
  return sha256(
    encode("cosmos.tx.v1beta1.TxRaw", {
      bodyBytes: doc.bodyBytes,
      authInfoBytes: doc.authInfoBytes,
      signatures: [signature],
    }),
  );
}
