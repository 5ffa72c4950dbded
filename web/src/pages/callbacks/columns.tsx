/** The columns of the table of callbacks. */

import { Button, Group, Popover, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import type { Look } from "../../theme/states";
import type { Column } from "../../ui/DataTable";
import { Elapsed } from "../../ui/Elapsed";
import { PhoneNumber } from "../../ui/PhoneNumber";
import { StateBadge } from "../../ui/StateBadge";
import { TierBadge } from "../../ui/TierBadge";
import { momentOf } from "../campaigns/moment";
import classes from "./Callbacks.module.css";
import type { Row, Stand } from "./rows";
import { personOf } from "./words";

const LOOKS: Record<Stand, Look> = {
  planned: "not-ready",
  due: "ringing",
  overdue: "alarm",
  read: "wrap-up",
  calling: "talking",
};

export interface Wishes {
  change: (row: Row) => void;
  cancel: (row: Row) => void;
}

/** `campaigns`: their names by their ids. `wishes`: null for who may only look. */
export function columnsOf(
  t: Translate,
  campaigns: Readonly<Record<string, string>>,
  wishes: Wishes | null,
): Column<Row>[] {
  return [
    {
      id: "at",
      header: t("callbacks.at"),
      by: ({ callback }) => callback.at,
      cell: ({ callback }) => (
        <span className="number">{momentOf(callback.at, t.language)}</span>
      ),
    },
    {
      id: "state",
      header: t("callbacks.state"),
      by: ({ stand }) => stand,
      cell: ({ stand }) => <StateBadge look={LOOKS[stand]} text={t(`callbacks.state.${stand}`)} />,
    },
    {
      id: "late",
      header: t("callbacks.late"),
      number: true,
      cell: ({ callback, stand }) =>
        (stand === "due" || stand === "overdue") && <Elapsed since={callback.at} />,
    },
    {
      id: "person",
      header: t("callbacks.person"),
      rest: true,
      by: ({ name, callback }) => name || callback.number,
      cell: ({ name }) => name || <span className={classes.quiet}>{t("callbacks.noName")}</span>,
    },
    {
      id: "number",
      header: t("callbacks.number"),
      by: ({ callback }) => callback.number,
      cell: ({ callback }) => callback.number && <PhoneNumber number={callback.number} />,
    },
    {
      id: "tier",
      header: t("callbacks.tier"),
      by: ({ callback }) => callback.tier,
      // Who is put down beside any call is not looked up: nobody knows the tier yet.
      cell: ({ callback }) =>
        callback.origin !== "request" && <TierBadge tier={callback.tier} />,
    },
    {
      id: "agent",
      header: t("callbacks.who"),
      by: ({ callback }) => callback.agent,
      cell: ({ callback }) =>
        callback.agent || <span className={classes.quiet}>{t("callbacks.anybody")}</span>,
    },
    {
      id: "source",
      header: t("callbacks.source"),
      by: ({ callback }) => callback.queue || (campaigns[callback.campaign] ?? callback.campaign),
      cell: ({ callback }) =>
        callback.queue
          ? t("callbacks.queue", { queue: callback.queue })
          : (campaigns[callback.campaign] ?? callback.campaign),
    },
    {
      id: "tries",
      header: t("callbacks.tries"),
      number: true,
      by: ({ callback }) => callback.tries,
      cell: ({ callback }) => callback.tries,
    },
    ...(wishes
      ? [
          {
            id: "do",
            header: <span className="visually-hidden">{t("callbacks.do")}</span>,
            cell: (row: Row) => <Buttons row={row} wishes={wishes} />,
          },
        ]
      : []),
  ];
}

/** A call that is under way goes on: nothing can be changed about it. */
function Buttons({ row, wishes }: { row: Row; wishes: Wishes }) {
  const t = useText();
  if (row.stand === "calling") return null;
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t("callbacks.changeOf", { who: personOf(t, row) })}
        onClick={() => wishes.change(row)}
      >
        {t("callbacks.change")}
      </Button>
      <Cancel row={row} onCancel={() => wishes.cancel(row)} />
    </Group>
  );
}

function Cancel({ row, onCancel }: { row: Row; onCancel: () => void }) {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  const who = personOf(t, row);
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-end"
      width={320}
      trapFocus
      returnFocus
      withArrow
    >
      <Popover.Target>
        <Button
          size="compact-xs"
          variant="default"
          aria-label={t("callbacks.cancelOf", { who })}
          onClick={() => setOpen((open) => !open)}
        >
          {t("callbacks.cancel")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="md">
          <Text className={classes.wraps}>{t("callbacks.cancelEffect", { who })}</Text>
          <Button
            data-autofocus
            onClick={() => {
              setOpen(false);
              onCancel();
            }}
          >
            {t("callbacks.cancelNow")}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
