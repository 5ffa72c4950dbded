/** How much a waiting call weighs beside others, changed at once. */

import { SegmentedControl } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { request } from "../../api";
import { useText } from "../../i18n";
import type { PlainKey } from "../../i18n";
import { useConnection } from "../../live/hooks";
import { tellProblem } from "../../ui/problems";
import { Part } from "./Why";
import classes from "./Why.module.css";

const WEIGHTS: [number, PlainKey][] = [
  [0.5, "priority.half"],
  [1, "priority.normal"],
  [2, "priority.double"],
  [10, "priority.tenfold"],
];

export function Priority({ call, weight }: { call: string; weight: number }) {
  const t = useText();
  const isLive = useConnection() === "live";
  const queries = useQueryClient();
  const [asked, setAsked] = useState<number | null>(null); // until the server has said yes or no
  const change = async (wanted: number) => {
    setAsked(wanted);
    try {
      await request("POST /api/v1/calls/{call}/priority", {
        path: { call },
        body: { weight: wanted },
      });
      await queries.invalidateQueries({ queryKey: ["routing", call] });
    } catch (error) {
      tellProblem(t, error);
    } finally {
      setAsked(null);
    }
  };
  const isOther = WEIGHTS.every(([known]) => known !== weight);
  return (
    <Part title={t("priority.title")}>
      <p className={classes.quiet}>{t("priority.hint")}</p>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t("priority.title")}
        disabled={!isLive || asked !== null}
        data={WEIGHTS.map(([value, key]) => ({ value: String(value), label: t(key) }))}
        value={String(asked ?? weight)}
        onChange={(value) => void change(Number(value))}
      />
      {isOther && <p>{t("priority.other", { weight })}</p>}
    </Part>
  );
}
