/** What a card says, whichever of its two shapes it has: a customer's, or a contact's. */

import type { AgentView, Card, Tier } from "../../api";

export interface Bought {
  /** UTC seconds. */
  at: number;
  campaign: string;
  /** In hundredths of the center's currency; 0: nobody said. */
  amountCents: number;
}

export interface Person {
  /** Empty: not known. */
  name: string;
  number: string;
  tier: Tier;
  /** In the center's currency; null: nobody said. */
  value: number | null;
  /** The day they became a customer, ISO 8601; empty: unknown. */
  since: string;
  notes: string[];
  attributes: [name: string, value: string][];
  /** The list of the campaign they are on; empty for a call that came in. */
  list: string;
  /** Attempts made so far; null for a call that came in. */
  made: number | null;
  /** What came of the last one; empty: none. */
  lastResult: string;
  /** UTC seconds; 0: never tried. */
  lastTriedAt: number;
  /** What they bought in campaigns, the newest first. */
  purchases: Bought[];
  /** What is said in the campaign, with places for what the card has; empty: nothing. */
  script: string;
  /** Whether anything is known beside the number. */
  known: boolean;
}

/** The person of a card. What is not there is empty: a card never fails to be shown. */
export function readPerson(card: Card): Person {
  const fields = asFields(card.card);
  const customer = card.contact ? asFields(fields?.customer) : fields;
  const contact = card.contact ? fields : null;
  const notes = [text(contact?.note), text(customer?.notes)].filter(Boolean);
  const made = contact?.made;
  return {
    name: text(contact?.name) || text(customer?.name),
    number: card.number,
    tier: card.tier,
    value: typeof customer?.value === "number" ? customer.value : null,
    since: text(customer?.since),
    notes,
    attributes: Object.entries(asFields(contact?.attributes) ?? {}).map(([name, value]) => [
      name,
      text(value),
    ]),
    list: text(contact?.list),
    made: typeof made === "number" ? made : null,
    lastResult: text(contact?.last_result),
    lastTriedAt: typeof contact?.last_tried_at === "number" ? contact.last_tried_at : 0,
    purchases: purchasesOf(customer?.purchases),
    script: text(contact?.script),
    known: fields !== null,
  };
}

function purchasesOf(value: unknown): Bought[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: unknown) => {
    const { at, campaign, amount_cents: amountCents } = asFields(one) ?? {};
    return { at: number(at), campaign: text(campaign), amountCents: number(amountCents) };
  });
}

/** What the agent has in hand: a call, the card of somebody to be dialed, or the call asked for. */
export function heldBy(agent: AgentView): string {
  return agent.call || agent.preview?.id || agent.dialing;
}

/** The preview that may be dialed or skipped; empty while another card is on the screen: cards
 * overtake the state, and a key must not be taken for somebody whose card is gone. */
export function toBeDialed(agent: AgentView, card: Card | null): string {
  const preview = agent.preview?.id ?? "";
  return card && card.call !== preview ? "" : preview;
}

/**
 * Whether a card belongs on the screen: it is of what the agent has in hand, or it is newer than what is
 * known of the agent. Cards overtake the frames that say that a call is coming.
 *
 * `stateAt` is the server's time of the agent's state, UTC seconds.
 */
export function isCurrent(card: Card, agent: AgentView, stateAt: number): boolean {
  return heldBy(agent) === card.call || stateAt < card.at;
}

function asFields(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}
