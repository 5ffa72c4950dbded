/** What is known of the person on the line. Drawn in one go when the card comes: nothing is fetched
 * and nothing moves. */

import { Text } from "@mantine/core";

import type { Card } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { PhoneNumber } from "../../ui/PhoneNumber";
import { TierBadge } from "../../ui/TierBadge";
import { Fact } from "./CallPane";
import { readPerson } from "./card";
import type { Person } from "./card";
import classes from "./Desk.module.css";
import { Pane } from "./Pane";
import { Purchases } from "./Purchases";

interface Props {
  card: Card | null;
  /** A call is there, and its card is on the way. */
  isAwaited: boolean;
  /** Of campaigns, by their ids. */
  names: Readonly<Record<string, string>>;
}

export function CardPane({ card, isAwaited, names }: Props) {
  const t = useText();
  if (!card) {
    return (
      <Pane title={t("agent.card")} grows>
        <Text c="var(--quiet)">{t(isAwaited ? "agent.cardComing" : "agent.cardEmpty")}</Text>
      </Pane>
    );
  }
  const person = readPerson(card);
  return (
    <Pane title={t("agent.card")} grows>
      <div data-card={card.call} className={classes.cardHead}>
        <span className={classes.cardName}>{person.name || t("agent.unknownName")}</span>
        <TierBadge tier={person.tier} />
        <span className={classes.cardNumber}>
          {person.number ? <PhoneNumber number={person.number} /> : t("agent.withheld")}
        </span>
      </div>
      <State t={t} card={card} person={person} />
      <Facts t={t} person={person} />
      <Purchases purchases={person.purchases} names={names} />
      {person.notes.map((note) => (
        <p key={note} className={classes.note}>
          {note}
        </p>
      ))}
      <Attributes person={person} title={t("agent.attributes")} />
    </Pane>
  );
}

function State({ t, card, person }: { t: Translate; card: Card; person: Person }) {
  if (!card.complete) return <Text c="var(--quiet)">{t("agent.cardLoading")}</Text>;
  if (!person.known) return <Text c="var(--quiet)">{t("agent.numberOnly")}</Text>;
  return null;
}

function Facts({ t, person }: { t: Translate; person: Person }) {
  const { value, since, list, made, lastResult, lastTriedAt } = person;
  return (
    <dl className={classes.facts}>
      {value !== null && (
        <Fact name={t("agent.value")}>
          <span className="number">{money(value, t.language)}</span>
        </Fact>
      )}
      {since && <Fact name={t("agent.since")}>{day(since, t.language)}</Fact>}
      {list && <Fact name={t("agent.list")}>{list}</Fact>}
      {made !== null && (
        <Fact name={t("agent.made")}>
          <span className="number">{made}</span>
        </Fact>
      )}
      {lastResult && (
        <Fact name={t("agent.lastResult")}>
          {t("agent.lastResultAt", {
            result: t.maybe(`attemptResult.${lastResult}`, lastResult),
            time: moment(lastTriedAt, t.language),
          })}
        </Fact>
      )}
    </dl>
  );
}

function Attributes({ person, title }: { person: Person; title: string }) {
  if (person.attributes.length === 0) return null;
  return (
    <dl className={`${classes.facts} ${classes.attributes}`} aria-label={title}>
      {person.attributes.map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
    </dl>
  );
}

function money(value: number, language: string): string {
  return new Intl.NumberFormat(language, {
    notation: value >= 10_000 ? "compact" : "standard",
    maximumSignificantDigits: 3,
  }).format(value);
}

/** An ISO day; what is none stays as it is. */
function day(since: string, language: string): string {
  const date = new Date(`${since}T00:00:00`);
  if (Number.isNaN(date.getTime())) return since;
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(date);
}

function moment(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(
    at * 1000,
  );
}
