/** Close a queue, divert it or put a message in front of it: one click opens, the next one does it. */

import {
  ActionIcon,
  Autocomplete,
  Button,
  Popover,
  SegmentedControl,
  Select,
  Stack,
  Text,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { OctagonPause } from "lucide-react";
import { useState } from "react";
import type { FormEvent } from "react";

import { request } from "../../api";
import type { QueueView, SwitchMode } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { useConnection, useLive, useLiveClient } from "../../live/hooks";
import { Loading } from "../../ui/Situation";
import { momentOf } from "../campaigns/moment";
import classes from "./Board.module.css";
import { MODES, TIMES_S, useSwitch } from "./switches";
import type { Wish } from "./switches";

const HOUR_S = 3600;
const DAY_S = 86_400;

export function SwitchButton({ queue }: { queue: QueueView }) {
  const t = useText();
  const isLive = useConnection() === "live";
  const [isOpen, setOpen] = useState(false);
  const label = t("switch.open", { queue: queue.id });
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-start"
      width={360}
      trapFocus
      returnFocus
      withArrow
    >
      <Popover.Target>
        <ActionIcon
          size="sm"
          variant={queue.switch ? "filled" : "subtle"}
          color={queue.switch ? "blue" : "gray"}
          aria-label={label}
          title={label}
          disabled={!isLive}
          onClick={() => setOpen((open) => !open)}
        >
          <OctagonPause size={14} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        {isOpen && <SwitchForm queue={queue} onDone={() => setOpen(false)} />}
      </Popover.Dropdown>
    </Popover>
  );
}

function SwitchForm({ queue, onDone }: { queue: QueueView; onDone: () => void }) {
  const { data, isError } = useQuery({
    queryKey: ["switch", queue.id],
    queryFn: ({ signal }) =>
      request("GET /api/v1/queues/{queue}/switch", { path: { queue: queue.id }, signal }),
  });
  if (!data && !isError) return <Loading />;
  return <Form queue={queue} prompts={data?.prompts ?? []} onDone={onDone} />;
}

interface FormProps {
  queue: QueueView;
  prompts: string[];
  onDone: () => void;
}

function Form({ queue, prompts, onDone }: FormProps) {
  const t = useText();
  const { serverNow } = useLiveClient();
  const others = Object.keys(useLive("board", "queues") ?? {}).filter((id) => id !== queue.id);
  const change = useSwitch(queue.id);
  const [mode, setMode] = useState<SwitchMode>(queue.switch?.mode ?? "closed");
  const [target, setTarget] = useState(queue.switch?.target ?? others[0] ?? "");
  const [prompt, setPrompt] = useState(queue.switch?.prompt ?? prompts[0] ?? "");
  const [forS, setForS] = useState(TIMES_S[0] ?? HOUR_S);
  const isDiverted = mode === "diverted";
  const wish: Wish = { mode, for_s: forS, ...(isDiverted ? { target } : { prompt: prompt.trim() }) };
  const isWhole = isDiverted ? target !== "" : prompt.trim() !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isWhole) return;
    onDone();
    void change(wish);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text fw={600}>{t("switch.title", { queue: queue.id })}</Text>
        <SegmentedControl
          fullWidth
          aria-label={t("switch.mode")}
          data={MODES.map((value) => ({ value, label: t(`switch.${value}`) }))}
          value={mode}
          onChange={(value) => setMode(value as SwitchMode)}
        />
        {isDiverted && others.length === 0 && <Text>{t("switch.noOtherQueue")}</Text>}
        {isDiverted && others.length > 0 && (
          <Select
            label={t("switch.target")}
            data={others}
            value={target}
            allowDeselect={false}
            comboboxProps={{ withinPortal: false }}
            onChange={(value) => setTarget(value ?? "")}
          />
        )}
        {!isDiverted && (
          <Autocomplete
            label={t("switch.prompt")}
            description={t("switch.promptHint")}
            data={prompts}
            value={prompt}
            comboboxProps={{ withinPortal: false }}
            onChange={setPrompt}
          />
        )}
        <Select
          label={t("switch.for")}
          description={t("switch.endsAt", { time: momentOf(serverNow + forS, t.language) })}
          data={TIMES_S.toSorted((a, b) => a - b).map((time) => ({
            value: String(time),
            label: timeText(t, time),
          }))}
          value={String(forS)}
          allowDeselect={false}
          comboboxProps={{ withinPortal: false }}
          onChange={(value) => setForS(Number(value))}
        />
        <Text className={classes.wraps}>{t.count(`switch.effect.${mode}`, queue.waiting)}</Text>
        <Button type="submit" disabled={!isWhole} data-autofocus>
          {t(`switch.do.${mode}`)}
        </Button>
      </Stack>
    </form>
  );
}

function timeText(t: Translate, seconds: number): string {
  if (seconds >= DAY_S) return t("switch.day");
  if (seconds >= HOUR_S) return t("switch.hours", { count: seconds / HOUR_S });
  return t("switch.minutes", { count: seconds / 60 });
}
