/** How a call was routed that has ended: what was kept of that. */

import { Code } from "@mantine/core";
import { useMemo } from "react";

import type { EndedRouting, OfferRecord } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { clockOf } from "../campaigns/moment";
import { Part, ruleText } from "./Why";
import classes from "./Why.module.css";
import { reasonText } from "./words";

export function Ended({ ended }: { ended: EndedRouting }) {
  const t = useText();
  const { call, when, offers } = ended;
  const columns = useMemo(() => offerColumns(t), [t]);
  return (
    <>
      <p className={classes.headline}>{t("why.ended")}</p>
      <Part title={t("why.rule")}>
        <p>{ruleText(t, call.rule ?? "", call.rules_version ?? 0)}</p>
        {when && <Code className={classes.code}>{when}</Code>}
      </Part>
      <Part title={t("why.offers")}>
        <DataTable
          label={t("why.offers")}
          columns={columns}
          rows={offers}
          rowKey={({ agent, offered_at: at }) => `${agent} ${at}`}
          empty={t("why.noOffers")}
        />
      </Part>
    </>
  );
}

function offerColumns(t: Translate): Column<OfferRecord>[] {
  return [
    { id: "agent", header: t("why.offer.agent"), cell: ({ agent }) => agent },
    {
      id: "at",
      header: t("why.offer.at"),
      number: true,
      cell: ({ offered_at: at }) => clockOf(at, t.language),
    },
    {
      id: "result",
      header: t("why.offer.result"),
      cell: ({ result }) => t.maybe(`why.result.${result}`, result),
    },
    {
      id: "reason",
      header: t("why.offer.reason"),
      rest: true,
      cell: ({ reason }) => <span className={classes.fit}>{reasonText(t, reason)}</span>,
    },
  ];
}
