/** The last attempts that have ended, page by page. */

import { Button, Group } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { request } from "../../api";
import type { AttemptRecord } from "../../api";
import { duration } from "../../format/time";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { Panel } from "../../ui/Panel";
import { PhoneNumber } from "../../ui/PhoneNumber";
import { problemText } from "../../ui/problems";
import { Empty, Loading } from "../../ui/Situation";
import classes from "./Campaign.module.css";
import { clockOf, momentOf } from "./moment";

const PER_PAGE = 50; // two screens
const LOOK_EVERY_MS = 5_000; // ended attempts do not come over the live connection

export function Attempts({ campaign }: { campaign: string }) {
  const t = useText();
  /** The cursors that led here; the last is of the page shown. */
  const [way, setWay] = useState<string[]>([]);
  const cursor = way.at(-1) ?? "";
  const { data, error } = useQuery({
    queryKey: ["attempts", campaign, cursor],
    queryFn: ({ signal }) =>
      request("GET /api/v1/campaigns/{campaign}/attempts", {
        path: { campaign },
        query: { limit: PER_PAGE, cursor },
        signal,
      }),
    placeholderData: keepPreviousData,
    refetchInterval: cursor ? false : LOOK_EVERY_MS,
  });
  const columns = useMemo(() => attemptColumns(t), [t]);
  return (
    <Panel
      title={t("campaigns.attempts")}
      className={classes.attempts}
      action={
        <Group gap="sm">
          <Button
            size="compact-xs"
            variant="default"
            disabled={way.length === 0}
            onClick={() => setWay((before) => before.slice(0, -1))}
          >
            {t("campaigns.attempts.newer")}
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            disabled={!data?.next}
            onClick={() => data && setWay((before) => [...before, data.next])}
          >
            {t("campaigns.attempts.older")}
          </Button>
        </Group>
      }
    >
      {data ? (
        <DataTable
          label={t("campaigns.attempts")}
          columns={columns}
          rows={data.attempts}
          rowKey={(attempt) => attempt.attempt}
          empty={t("campaigns.attempts.none")}
        />
      ) : error ? (
        <Empty {...emptyOf(t, error)} />
      ) : (
        <Loading />
      )}
    </Panel>
  );
}

function emptyOf(t: Translate, error: unknown) {
  const { title, detail } = problemText(t, error);
  return { title, next: detail };
}

function attemptColumns(t: Translate): Column<AttemptRecord>[] {
  return [
    {
      id: "ended",
      header: t("campaigns.attempts.ended"),
      number: true,
      cell: (attempt) => clockOf(attempt.ended_at, t.language),
    },
    {
      id: "number",
      header: t("campaigns.attempts.number"),
      cell: (attempt) => <PhoneNumber number={attempt.number} />,
    },
    {
      id: "try",
      header: t("campaigns.attempts.try"),
      number: true,
      cell: (attempt) => attempt.tries,
    },
    {
      id: "result",
      header: t("campaigns.attempts.result"),
      rest: true,
      cell: (attempt) =>
        attempt.message_left_at
          ? t("campaigns.attempts.messageLeft")
          : t(`attemptResult.${attempt.result}`),
    },
    {
      id: "talk",
      header: t("campaigns.attempts.talk"),
      number: true,
      cell: ({ connected_at: from, ended_at: to }) => (from ? duration(to - from) : ""),
    },
    {
      id: "agent",
      header: t("campaigns.attempts.agent"),
      cell: (attempt) => attempt.agent,
    },
    {
      id: "next",
      header: t("campaigns.attempts.next"),
      cell: (attempt) => (
        <span className={classes.quiet}>
          {attempt.status === "open"
            ? momentOf(attempt.next_try_at, t.language)
            : t(`contactStatus.${attempt.status}`)}
        </span>
      ),
    },
  ];
}
