/** What a sale came to: asked for only when the agent has said so of a campaign's call. */

import { Button, Group, NumberInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { FormEvent } from "react";

import type { AgentView } from "../../api";
import { useText } from "../../i18n";
import classes from "./Desk.module.css";
import { isMeantForFocus } from "./keys";
import { Pane } from "./Pane";
import type { Acts } from "./useActs";

const AMOUNT_MAX = 10_000_000; // as the server has it (callcenter/api/agents.py)
const CENTS = 100;
const NOBODY = { call: "", code: "" };

export interface Sale {
  /** A disposition was chosen. */
  choose: (code: string) => void;
  /** The sale whose amount is asked for; empty: none is. */
  code: string;
  tell: (amountCents: number) => void;
  /** Something else was chosen, which is asked about elsewhere. */
  forget: () => void;
}

/** `sales`: the dispositions that the campaign takes for sales. In wrap-up a disposition ends the
 * call's work, so there the amount comes first; during the talk it can be said afterwards. Chosen a
 * second time a sale goes without an amount. */
export function useSale(agent: AgentView, sales: readonly string[], dispose: Acts["dispose"]): Sale {
  const [asked, setAsked] = useState(NOBODY);
  const code = agent.call !== "" && asked.call === agent.call ? asked.code : "";
  return {
    code,
    forget: () => setAsked(NOBODY),
    choose: (chosen) => {
      const isAsking = sales.includes(chosen) && chosen !== code;
      setAsked(isAsking ? { call: agent.call, code: chosen } : NOBODY);
      if (!isAsking || agent.state === "talking") dispose(agent.call, chosen);
    },
    tell: (amountCents) => {
      setAsked(NOBODY);
      dispose(agent.call, code, amountCents > 0 ? { amount_cents: amountCents } : undefined);
    },
  };
}

export function SaleAmount({ sale, isAble }: { sale: Sale; isAble: boolean }) {
  const t = useText();
  const [amount, setAmount] = useState<number | "">("");
  const input = useRef<HTMLInputElement>(null);
  // The next thing to write, unless something is being written elsewhere.
  useEffect(() => {
    if (!isMeantForFocus(document.activeElement)) input.current?.focus();
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sale.tell(Math.round(Number(amount) * CENTS));
  };
  return (
    <Pane title={t("agent.sale")} look="wrap-up">
      <form onSubmit={submit}>
        <Group gap="sm" align="flex-end" wrap="nowrap">
          <NumberInput
            flex={1}
            label={t("agent.sale.amount")}
            ref={input}
            min={0}
            max={AMOUNT_MAX}
            decimalScale={2}
            allowNegative={false}
            clampBehavior="strict"
            thousandSeparator=" "
            value={amount}
            onChange={(value) => setAmount(value === "" ? "" : Number(value))}
          />
          <Button type="submit" color="violet" disabled={!isAble}>
            {t(amount === "" ? "agent.sale.without" : "agent.sale.save")}
          </Button>
        </Group>
      </form>
      <span className={classes.quiet}>{t("agent.sale.hint")}</span>
    </Pane>
  );
}
