/** Another time for a callback, or another agent: what will happen, then the button with the verb. */

import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import type { FormEvent } from "react";

import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { useConnection, useLive, useLiveClient } from "../../live/hooks";
import { inputOf, momentOfInput } from "../agent/CallbackForm";
import { momentOf } from "../campaigns/moment";
import type { Row } from "./rows";
import { personOf } from "./words";

const STEP_S = 300; // people say "at five past", not "at 15:07"

interface Props {
  row: Row;
  onClose: () => void;
  onMove: (at: number, agent: string) => Promise<boolean>;
}

export function Change({ row, onClose, onMove }: Props) {
  const t = useText();
  const client = useLiveClient();
  const isLive = useConnection() === "live";
  const known = useLive("board", "agents");
  const { callback } = row;
  const [soonest] = useState(() => soonestOf(callback.at, client.serverNow));
  const [when, setWhen] = useState(inputOf(soonest));
  const [agent, setAgent] = useState(callback.agent);
  const [isBusy, setBusy] = useState(false);
  const isSameTime = soonest === callback.at && when === inputOf(callback.at);
  const at = isSameTime ? callback.at : momentOfInput(when);
  const isPast = at !== null && at <= client.serverNow;
  const isChanged = !isSameTime || agent !== callback.agent;
  const agents = [...new Set([...Object.keys(known ?? {}), callback.agent])].filter(Boolean);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (at === null || isPast || !isChanged) return;
    setBusy(true);
    const isDone = await onMove(at, agent);
    setBusy(false);
    if (isDone) onClose();
  };
  return (
    <Modal opened onClose={onClose} title={t("callbacks.changeOf", { who: personOf(t, row) })}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="md">
          <TextInput
            type="datetime-local"
            label={t("callbacks.when")}
            value={when}
            error={isPast && t("callbacks.past")}
            data-autofocus
            onChange={(event) => setWhen(event.currentTarget.value)}
          />
          {callback.queue ? (
            <Text c="var(--quiet)">{t("callbacks.byRules", { queue: callback.queue })}</Text>
          ) : (
            <Select
              label={t("callbacks.who")}
              data={[
                { value: "", label: t("callbacks.anybody") },
                ...agents.toSorted().map((id) => ({ value: id, label: id })),
              ]}
              value={agent}
              allowDeselect={false}
              searchable
              onChange={(value) => setAgent(value ?? "")}
            />
          )}
          {at !== null && !isPast && isChanged && (
            <Text role="status">{effectText(t, row, at, agent)}</Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("callbacks.leave")}
            </Button>
            <Button
              type="submit"
              loading={isBusy}
              disabled={!isLive || at === null || isPast || !isChanged}
            >
              {t("callbacks.move")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** When it was promised or, when that is over, in a few minutes. UTC seconds. */
function soonestOf(at: number, now: number): number {
  return at > now ? at : Math.ceil((now + STEP_S / 2) / STEP_S) * STEP_S;
}

function effectText(t: Translate, row: Row, at: number, agent: string): string {
  const values = { who: personOf(t, row), time: momentOf(at, t.language) };
  if (row.callback.queue) return t("callbacks.effect.queue", values);
  if (row.stand === "read") return t("callbacks.effect.read", values);
  if (agent) return t("callbacks.effect.agent", { ...values, agent });
  return t("callbacks.effect.anybody", values);
}
