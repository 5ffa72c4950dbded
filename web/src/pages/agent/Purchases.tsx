/** What this person bought in campaigns, the newest first. */

import { useText } from "../../i18n";
import { cents } from "../../format/number";
import type { Bought } from "./card";
import classes from "./Desk.module.css";

interface Props {
  purchases: readonly Bought[];
  /** Of campaigns, by their ids. */
  names: Readonly<Record<string, string>>;
}

export function Purchases({ purchases, names }: Props) {
  const t = useText();
  if (purchases.length === 0) return null;
  const nameOf = (id: string) => names[id] ?? id;
  const dayOf = (at: number) =>
    new Intl.DateTimeFormat(t.language, { dateStyle: "medium" }).format(at * 1000);
  return (
    <ul className={classes.purchases} aria-label={t("agent.purchases")}>
      {purchases.map(({ at, campaign, amountCents }) => (
        <li key={at}>
          {amountCents
            ? t("agent.bought", {
                amount: cents(amountCents, t.language),
                day: dayOf(at),
                campaign: nameOf(campaign),
              })
            : t("agent.boughtUnknown", { day: dayOf(at), campaign: nameOf(campaign) })}
        </li>
      ))}
    </ul>
  );
}
