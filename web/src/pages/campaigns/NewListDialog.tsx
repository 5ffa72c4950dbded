/** A new list made of results in one step: say whom, see how many, make it. */

import {
  Alert,
  Button,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { ListPlus } from "lucide-react";
import { useState } from "react";
import type { FormEvent } from "react";

import { request } from "../../api";
import type { AttemptResult, NewList, Tier } from "../../api";
import { useText } from "../../i18n";
import { useLive } from "../../live/hooks";
import { problemText } from "../../ui/problems";
import { dispositionsOf } from "../agent/words";
import { LIST_CHARS_MAX } from "./importing";
import { useLists } from "./Lists";
import { RESULTS } from "./results";

const DEADLINE_MS = 900_000; // the server's own
const PRIORITY_MAX = 100;
const TIERS: readonly Tier[] = ["gold", "silver", "standard"];

interface Wish {
  results: string[];
  dispositions: string[];
  without: string[];
  tiers: string[];
  lists: string[];
  into: string;
  list: string;
  priority: number | "";
}

const FIRST: Omit<Wish, "into"> = {
  results: ["connected"],
  dispositions: ["interested"],
  without: ["agreed"],
  tiers: [],
  lists: [],
  list: "",
  priority: "",
};

interface Props {
  campaign: string;
  /** What agents have said, where they have words of their own. */
  said: readonly string[];
  onClose: () => void;
}

export function NewListDialog({ campaign, said, onClose }: Props) {
  const t = useText();
  const queries = useQueryClient();
  const [wish, setWish] = useState<Wish>({ ...FIRST, into: campaign });
  const [isTold, setTold] = useState(false);
  const [counted, setCounted] = useState<NewList | null>(null);
  const [made, setMade] = useState<NewList | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  /** What was counted holds for that wish only. */
  const change = (changed: Partial<Wish>) => {
    setWish((before) => ({ ...before, ...changed }));
    setCounted(null);
    setProblem(null);
  };
  const wrong = {
    list: wish.list.trim() ? "" : t("campaigns.listMissing"),
    results: wish.results.length + wish.dispositions.length > 0 ? "" : t("campaigns.newList.none"),
  };
  const send = async (isDryRun: boolean) => {
    setTold(true);
    if (wrong.list || wrong.results || isBusy) return;
    setBusy(true);
    setProblem(null);
    try {
      const told = await request("POST /api/v1/campaigns/{campaign}/lists/from-results", {
        path: { campaign },
        body: bodyOf(wish, isDryRun),
        deadlineMs: DEADLINE_MS,
      });
      if (isDryRun) setCounted(told);
      else setMade(told);
      if (!isDryRun) await queries.invalidateQueries({ queryKey: ["lists"] });
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t("campaigns.newList")}
      closeOnClickOutside={false}
    >
      {made ? (
        <Stack gap="lg">
          <Text role="status" fw={600} c="var(--state-ready)">
            {t("campaigns.newList.made", { count: made.taken, list: made.list })}
          </Text>
          <Group justify="flex-end">
            <Button onClick={onClose} data-autofocus>
              {t("campaigns.close")}
            </Button>
          </Group>
        </Stack>
      ) : (
        <form
          noValidate
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            void send(counted === null);
          }}
        >
          <Stack gap="lg">
            <Whom
              wish={wish}
              campaign={campaign}
              said={said}
              wrong={isTold ? wrong.results : ""}
              onChange={change}
            />
            <Where wish={wish} campaign={campaign} wrong={isTold ? wrong.list : ""} onChange={change} />
            <Failure problem={problem} />
            {counted && (
              <Text role="status" fw={600}>
                {t("campaigns.newList.counted", {
                  matched: counted.matched,
                  taken: counted.taken,
                  refused: counted.refused,
                })}
              </Text>
            )}
            <Group justify="flex-end" gap="sm">
              <Button variant="default" onClick={onClose}>
                {t("campaigns.cancel")}
              </Button>
              {counted ? (
                <Button
                  type="submit"
                  leftSection={<ListPlus size={16} aria-hidden />}
                  disabled={counted.taken === 0}
                  loading={isBusy}
                >
                  {t.count("campaigns.newList.make", counted.taken)}
                </Button>
              ) : (
                <Button type="submit" loading={isBusy}>
                  {t("campaigns.newList.count")}
                </Button>
              )}
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function bodyOf(wish: Wish, isDryRun: boolean) {
  return {
    list: wish.list.trim(),
    campaign: wish.into,
    priority: wish.priority === "" ? null : wish.priority,
    results: wish.results as AttemptResult[],
    dispositions: wish.dispositions,
    without: wish.without,
    tiers: wish.tiers as Tier[],
    lists: wish.lists,
    dry_run: isDryRun,
  };
}

interface PartProps {
  wish: Wish;
  campaign: string;
  wrong: string;
  onChange: (changed: Partial<Wish>) => void;
}

/** Which contacts: all that is said must hold. */
function Whom(props: PartProps & Pick<Props, "said">) {
  const { wish, campaign, said, wrong, onChange } = props;
  const t = useText();
  const lists = useLists(campaign).data?.lists ?? [];
  const known = dispositionsOf(campaign).map(({ code }) => code);
  const codes = [...new Set([...known, ...said])].map((value) => ({
    value,
    label: t.maybe(`disposition.${value}`, value),
  }));
  return (
    <SimpleGrid cols={2} spacing="lg" verticalSpacing="md">
      <MultiSelect
        label={t("campaigns.newList.results")}
        description={t("campaigns.newList.resultsHint")}
        data={RESULTS.map((value) => ({ value, label: t(`attemptResult.${value}`) }))}
        value={wish.results}
        error={wrong}
        data-autofocus
        onChange={(results) => onChange({ results })}
      />
      <MultiSelect
        label={t("campaigns.newList.dispositions")}
        description={t("campaigns.newList.dispositionsHint")}
        data={codes}
        value={wish.dispositions}
        onChange={(dispositions) => onChange({ dispositions })}
      />
      <MultiSelect
        label={t("campaigns.newList.without")}
        description={t("campaigns.newList.withoutHint")}
        data={codes}
        value={wish.without}
        onChange={(without) => onChange({ without })}
      />
      <MultiSelect
        label={t("campaigns.newList.tiers")}
        description={t("campaigns.newList.anyHint")}
        data={TIERS.map((value) => ({ value, label: t(`tier.${value}`) }))}
        value={wish.tiers}
        onChange={(tiers) => onChange({ tiers })}
      />
      <MultiSelect
        label={t("campaigns.newList.lists")}
        description={t("campaigns.newList.anyHint")}
        data={lists.map(({ name }) => name)}
        value={wish.lists}
        onChange={(chosen) => onChange({ lists: chosen })}
      />
    </SimpleGrid>
  );
}

/** On which list they are called. */
function Where({ wish, campaign, wrong, onChange }: PartProps) {
  const t = useText();
  const campaigns = Object.values(useLive("board", "campaigns") ?? {});
  return (
    <SimpleGrid cols={3} spacing="lg" verticalSpacing="md">
      <TextInput
        label={t("campaigns.list")}
        description={t("campaigns.listHint")}
        maxLength={LIST_CHARS_MAX}
        value={wish.list}
        error={wrong}
        onChange={(event) => onChange({ list: event.currentTarget.value })}
      />
      <Select
        label={t("campaigns.newList.into")}
        description={t(
          wish.into === campaign ? "campaigns.newList.intoSame" : "campaigns.newList.intoOther",
        )}
        data={campaigns.map(({ id, name }) => ({ value: id, label: name }))}
        allowDeselect={false}
        value={wish.into}
        onChange={(into) => into && onChange({ into })}
      />
      <NumberInput
        label={t("campaigns.priority")}
        description={t("campaigns.priorityHint")}
        min={0}
        max={PRIORITY_MAX}
        allowDecimal={false}
        value={wish.priority}
        onChange={(value) => onChange({ priority: value === "" ? "" : Number(value) || 0 })}
      />
    </SimpleGrid>
  );
}

function Failure({ problem }: { problem: unknown }) {
  const t = useText();
  if (!problem) return null;
  const { title, detail } = problemText(t, problem);
  return (
    <Alert color="red" role="alert" title={title}>
      {detail}
    </Alert>
  );
}
