// An authenticator made of software behind navigator.credentials, for tests: it
// makes real keys and real signatures, in DER, and can be told to misbehave.
import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { join } from "./read.mjs";

const text = (s) => new TextEncoder().encode(s);
const sha256 = (b) => new Uint8Array(createHash("sha256").update(b).digest());
const buffer = (b) => Uint8Array.from(b).buffer;
const cborText = (s) => join([0x60 + s.length], text(s));
const cborBytes = (b) => (b.length < 24 ? join([0x40 + b.length], b) : join([0x58, b.length], b));

export class Authenticator {
  constructor(origin, bend = {}) {
    this.origin = origin;
    this.bend = { flags: 0x45, spki: true, ...bend };
    this.keys = new Map(); // id, hexadecimal → private key
    this.asked = [];
  }

  async create({ publicKey: o }) {
    if (this.bend.createError) throw new DOMException("no", this.bend.createError);
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
    const [x, y] = [spki.subarray(27, 59), spki.subarray(59)];
    const id = sha256(spki).subarray(0, 16);
    this.keys.set(Buffer.from(id).toString("hex"), privateKey);
    const cose = join([0xa5, 1, 2, 3, this.bend.algorithm ?? 0x26, 0x20, 1, 0x21], cborBytes(x), [0x22], cborBytes(y));
    const data = join(sha256(text(o.rp.id)), [this.bend.flags], [0, 0, 0, 0], new Uint8Array(16), [0, id.length], id, cose, this.bend.behind ?? []);
    const attestation = join(
      [0xa3], cborText("fmt"), cborText("none"), cborText("attStmt"), [0xa0], cborText("authData"),
      [0x58, data.length], data,
    );
    this.created = o;
    const foreign = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" });
    return {
      rawId: buffer(id),
      response: {
        attestationObject: buffer(attestation),
        ...(this.bend.spki ? { getPublicKey: () => buffer(this.bend.foreignKey ? foreign : spki) } : {}),
      },
    };
  }

  async get({ publicKey: o }) {
    if (this.bend.getError) throw new DOMException("no", this.bend.getError);
    this.asked.push(o);
    const wanted = o.allowCredentials.map((c) => Buffer.from(c.id).toString("hex"));
    const id = wanted[0] ?? [...this.keys.keys()].at(-1);
    const challenge = Buffer.from(this.bend.challenge ?? o.challenge).toString("base64url");
    const client = text(this.bend.client ?? `{"type":"webauthn.get","challenge":"${challenge}","origin":"${this.bend.origin ?? this.origin}","crossOrigin":false}`);
    const data = join(sha256(text(this.bend.rpID ?? o.rpId)), [this.bend.getFlags ?? 5], [0, 0, 0, 0]);
    const signature = createSign("SHA256").update(join(data, sha256(client))).sign(this.keys.get(id));
    return {
      rawId: buffer(Buffer.from(id, "hex")),
      response: { authenticatorData: buffer(data), clientDataJSON: buffer(client), signature: buffer(signature) },
    };
  }
}
