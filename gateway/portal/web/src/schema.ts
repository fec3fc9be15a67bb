// Strict decoding with the embedded descriptors: bytes are accepted only if they
// hold nothing unknown at any depth and would be encoded again to themselves.
// That refuses reordered fields, repeated singular fields, overlong numbers,
// written-out default values and text that is not UTF-8.
import { create, createFileRegistry, type DescMessage, fromBinary, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import descriptors from "../descriptors.bin";
import { type Bytes, equal, own } from "./bytes.ts";
import { Fault, type FaultCode } from "./fault.ts";

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));

/** The descriptor of a message by its full name. */
export function schema(name: string): DescMessage {
  const m = registry.getMessage(name);
  if (m === undefined) throw new Fault("internal", `no descriptor of ${name}`);
  return m;
}

/** Whether a decoded value holds unknown fields at any depth. */
function hasUnknown(v: unknown): boolean {
  if (Array.isArray(v)) return v.some(hasUnknown);
  if (typeof v !== "object" || v === null || ArrayBuffer.isView(v)) return false;
  const unknown = (v as { $unknown?: unknown[] }).$unknown;
  return (unknown !== undefined && unknown.length > 0) || Object.values(v).some(hasUnknown);
}

/** Decodes strictly, or throws a fault that names the message. */
export function decodeStrict<T>(name: string, b: Uint8Array): T {
  const desc = schema(name);
  let m: ReturnType<typeof fromBinary>;
  try {
    m = fromBinary(desc, b);
  } catch {
    throw new Fault("encoding", name);
  }
  if (hasUnknown(m)) throw new Fault("unknown-field", name);
  if (!equal(toBinary(desc, m), b)) throw new Fault("encoding", name);
  return m as unknown as T;
}

/** Reads proto JSON, or throws the given fault. Unknown members are refused. */
export function decodeJSON<T>(name: string, value: unknown, otherwise: FaultCode): T {
  if (typeof value !== "object" || value === null) throw new Fault(otherwise, name);
  try {
    return fromJson(schema(name), value as JsonValue) as unknown as T;
  } catch {
    throw new Fault(otherwise, name);
  }
}

/** Encodes a message from its fields. */
export function encode(name: string, fields: Record<string, unknown>): Bytes {
  const desc = schema(name);
  return own(toBinary(desc, create(desc, fields)));
}
