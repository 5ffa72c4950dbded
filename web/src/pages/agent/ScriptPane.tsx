/** What the agent says to the person on the card, as the campaign's manager wrote it. It comes with
 * the card: nothing is fetched for it. */

import { useMemo } from "react";

import type { Card } from "../../api";
import { useSession } from "../../app/session";
import { phoneNumber } from "../../format/phone";
import { useText } from "../../i18n";
import { Script } from "../../ui/Script";
import { readPerson } from "./card";
import { Pane } from "./Pane";

interface Props {
  card: Card | null;
  /** Of campaigns, by their ids. */
  names: Readonly<Record<string, string>>;
}

export function ScriptPane({ card, names }: Props) {
  const t = useText();
  const { me } = useSession();
  const agent = me?.name ?? "";
  const person = useMemo(() => (card ? readPerson(card) : null), [card]);
  const values = useMemo(
    () =>
      card && person
        ? {
            ...Object.fromEntries(person.attributes),
            name: person.name,
            number: phoneNumber(person.number),
            agent,
            campaign: names[card.campaign] ?? "",
            list: person.list,
          }
        : {},
    [card, person, agent, names],
  );
  if (!person?.script) return null;
  return (
    <Pane title={t("agent.script")} grows>
      <Script text={person.script} values={values} />
    </Pane>
  );
}
