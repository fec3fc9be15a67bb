// The messages that the page decodes, as @bufbuild/protobuf gives them: names in
// camel case, 64-bit integers as bigint. The descriptors in descriptors.bin are
// what decodes; these are their shapes for the compiler.

export interface ActivateDevice {
  device: string;
}
interface OfOrg {
  device: string;
  orgId: bigint;
}
export interface SetDataKey extends OfOrg {
  publicKey: Uint8Array;
}
export interface ChooseCustodian extends OfOrg {
  custodianOrgId: bigint;
  secondCustodianOrgId: bigint;
}
export interface OnConsent extends OfOrg {
  consentId: Uint8Array;
}
export interface Apply extends OfOrg {
  productId: bigint;
  amountFen: bigint;
  periods: number;
  consentId: Uint8Array;
  scoreId: Uint8Array;
}
export interface DecideReferral extends OfOrg {
  applicationId: bigint;
  approve: boolean;
  amountFen: bigint;
  noteHash: Uint8Array;
  briefHash: Uint8Array;
}
export interface Appeal extends OfOrg {
  applicationId: bigint;
  noteHash: Uint8Array;
  disputeId: bigint;
}
export interface Accept extends OfOrg {
  offerId: bigint;
  contractHash: Uint8Array;
  principalFen: bigint;
  rateBps: number;
  periods: number;
  autoDebit: boolean;
}
export interface RefuseOffer extends OfOrg {
  offerId: bigint;
}
export interface Repay extends OfOrg {
  loanId: bigint;
  amountFen: bigint;
}
export interface Transfer extends OfOrg {
  toOrgId: bigint;
  amountFen: bigint;
  memoHash: Uint8Array;
}
export interface Redeem extends OfOrg {
  issuerOrgId: bigint;
  amountFen: bigint;
  accountHash: Uint8Array;
}

export interface ConsentTerms {
  enterpriseId: bigint;
  granteeOrgId: bigint;
  categories: number[];
  monthFrom: number;
  monthTo: number;
  purpose: number;
  purposeTextHash: Uint8Array;
  mode: number;
  fetchUnit: number;
  fetchLimit: number;
  startsAt: bigint;
  expiresAt: bigint;
  retentionDays: number;
  amountFenMin: bigint;
  nonce: Uint8Array;
  signer: number;
  providers: Provider[];
  fetchType: number;
  schemas: string[];
  amends: Uint8Array;
  renews: Uint8Array;
  caseNumber: string;
}
export interface Provider {
  orgId: bigint;
  source: string;
}
export interface AmendConsent extends OfOrg {
  terms?: ConsentTerms;
}
export type RequestErasure = OfOrg;
export interface OpenCase extends OfOrg {
  terms?: ConsentTerms;
}
export interface OpenDispute extends OfOrg {
  enterpriseId: bigint;
  batchId: Uint8Array;
  attestationId: bigint;
  reasonHash: Uint8Array;
  consentId: Uint8Array;
}
export interface ResolveDispute extends OfOrg {
  disputeId: bigint;
  upheld: boolean;
  resolutionHash: Uint8Array;
}

export interface Offer {
  id: bigint;
  applicationId: bigint;
  enterpriseId: bigint;
  lenderOrgId: bigint;
  productId: bigint;
  templateHash: Uint8Array;
  principalFen: bigint;
  rateBps: number;
  periods: number;
  contractHash: Uint8Array;
  status: number;
  expiresAt: bigint;
}

export interface TemplateCondition {
  code: string;
  expression: string;
  zh: string;
  en: string;
}
export interface TemplateTerms {
  name: string;
  version: number;
  method: number;
  periodUnit: number;
  trancheBps: number[];
  graceDays: number;
  lateFeeBps: number;
  prepaymentFeeBps: number;
  eligibility: TemplateCondition[];
  referral: TemplateCondition[];
  release: TemplateCondition[];
  tests: { condition: string; variables: { name: string; value: bigint; text: string }[]; want: boolean }[];
  covenants: TemplateCondition[];
  warnings: TemplateCondition[];
  stepDowns: { condition: TemplateCondition; bps: number }[];
}

export interface AnyMessage {
  typeUrl: string;
  value: Uint8Array;
}
export interface SignDoc {
  bodyBytes: Uint8Array;
  authInfoBytes: Uint8Array;
  chainId: string;
  accountNumber: bigint;
}
export interface TxBody {
  messages: AnyMessage[];
  memo: string;
  timeoutHeight: bigint;
  unordered: boolean;
  timeoutTimestamp?: { seconds: bigint; nanos: number };
  extensionOptions: AnyMessage[];
  nonCriticalExtensionOptions: AnyMessage[];
}
export interface AuthInfo {
  signerInfos: {
    publicKey?: AnyMessage;
    modeInfo?: { sum: { case: "single"; value: { mode: number } } | { case: "multi" | undefined } };
    sequence: bigint;
  }[];
  fee?: { amount: unknown[]; gasLimit: bigint; payer: string; granter: string };
  tip?: unknown;
}
