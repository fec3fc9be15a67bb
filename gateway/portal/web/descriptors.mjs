// Prunes a FileDescriptorSet to the messages that the signing page decodes:
//   node descriptors.mjs IN OUT
// Options, comments, services and unreached messages are dropped; names, numbers
// and types are not touched. The same input gives the same bytes.
import { readFileSync, writeFileSync } from "node:fs";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const [input, output] = process.argv.slice(2);
const kinds = JSON.parse(readFileSync(new URL("kinds.json", import.meta.url), "utf8"));
const roots = [
  "cosmos.tx.v1beta1.SignDoc",
  "cosmos.tx.v1beta1.TxBody",
  "cosmos.tx.v1beta1.AuthInfo",
  "cosmos.tx.v1beta1.TxRaw",
  "xinlian.passkey.v1.PubKey",
  "xinlian.profile.v1.ConsentTerms",
  "xinlian.loan.v1.Offer",
  "xinlian.loan.v1.TemplateTerms",
  ...kinds.map((k) => k.slice(1)),
];

const set = fromBinary(FileDescriptorSetSchema, readFileSync(input));
const owner = new Map(); // full name of a top-level type → its file
for (const f of set.file) {
  for (const m of [...f.messageType, ...f.enumType]) owner.set(`${f.package}.${m.name}`, f);
}

// A type counts as reached with its outermost message; nested types stay in it.
const reached = new Set();
function outermost(name) {
  for (let n = name; n.includes("."); n = n.slice(0, n.lastIndexOf("."))) if (owner.has(n)) return n;
  throw new Error(`unknown type ${name}`);
}
function reach(name) {
  const top = outermost(name);
  if (reached.has(top)) return;
  reached.add(top);
  const f = owner.get(top);
  const visit = (m) => {
    for (const field of m.field) if (field.typeName !== "") reach(field.typeName.slice(1));
    m.nestedType.forEach(visit);
  };
  f.messageType.filter((m) => `${f.package}.${m.name}` === top).forEach(visit);
}
roots.forEach(reach);

function bare(m) {
  m.options = undefined;
  for (const field of m.field) field.options = undefined;
  for (const o of m.oneofDecl) o.options = undefined;
  m.enumType.forEach(bareEnum);
  m.nestedType.forEach(bare);
}
function bareEnum(e) {
  e.options = undefined;
  for (const v of e.value) v.options = undefined;
}

const kept = set.file.filter((f) => {
  f.messageType = f.messageType.filter((m) => reached.has(`${f.package}.${m.name}`));
  f.enumType = f.enumType.filter((e) => reached.has(`${f.package}.${e.name}`));
  return f.messageType.length + f.enumType.length > 0;
});
const names = new Set(kept.map((f) => f.name));
for (const f of kept) {
  f.options = f.sourceCodeInfo = undefined;
  f.service = f.extension = [];
  f.publicDependency = f.weakDependency = [];
  f.dependency = f.dependency.filter((d) => names.has(d));
  f.messageType.forEach(bare);
  f.enumType.forEach(bareEnum);
}
set.file = kept;
writeFileSync(output, toBinary(FileDescriptorSetSchema, set, { writeUnknownFields: false }));
console.log(`${output}: ${kept.length} files, ${reached.size} types`);
