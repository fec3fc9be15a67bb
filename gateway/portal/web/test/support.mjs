// Values of the artefact vectors as the page decodes them.
import { consentID, contractBytes, schemas, sha256, templateBytes, toHex } from "../.build/library.mjs";

export const hex = toHex;

const decode = (name, value) => schemas.decodeJSON(name, value, "support");

export const artefactOf = {
  consent: (value) => () => consentID(decode("xinlian.profile.v1.ConsentTerms", value)),
  template: async (v) => {
    const b = templateBytes(decode("xinlian.loan.v1.TemplateTerms", v.template));
    return [b, await sha256(b)];
  },
  contract: async (v) => {
    const b = contractBytes(v.chain_id, decode("xinlian.loan.v1.Offer", v.offer));
    return [b, await sha256(b)];
  },
};
