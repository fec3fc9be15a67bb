// Cards: what a message means, in words. A message without a card cannot be
// signed. The templates are versioned with the bundle; a card is made from the
// decoded message alone, and everything else that it shows is proven against it,
// save the names of organisations, whose numbers are signed.
import { caseCards } from "./card_case.ts";
import { cashCards } from "./card_cash.ts";
import { consentCards } from "./card_consent.ts";
import { loanCards } from "./card_loan.ts";
import { orgCards } from "./card_org.ts";
import { Fault } from "./fault.ts";
import type { Transaction } from "./signdoc.ts";
import type { Card, CardMaker, Line, Subject } from "./template.ts";
import { organisation } from "./word.ts";

/** Version of the templates: it changes with any change of their words. */
export const cardVersion = 1;

const makers: Record<string, CardMaker> = { ...orgCards, ...consentCards, ...caseCards, ...cashCards, ...loanCards };

/** The kinds that have a card. */
export function cardKinds(): string[] {
  return Object.keys(makers).sort();
}

/** The card of a checked transaction, or a Fault if anything about it does not hold. */
export async function makeCard(t: Transaction, s: Omit<Subject, "message" | "chainID">): Promise<Card> {
  const maker = Object.keys(makers).includes(t.kind) ? makers[t.kind] : undefined;
  if (maker === undefined) throw new Fault("message-type", t.kind);
  const card = await maker({ ...s, message: t.message, chainID: t.chainID });
  const head: Line[] = [];
  if (typeof t.message.orgId === "bigint") {
    head.push({ label: { zh: "代表", en: "On behalf of" }, value: organisation(t.message.orgId, s.support.orgs) });
  }
  return { ...card, version: cardVersion, lines: [...head, ...card.lines] };
}
