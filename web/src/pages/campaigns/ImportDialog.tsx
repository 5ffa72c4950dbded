/** A list into a campaign: choose the file, see how it is understood and what would be taken, then
 * import. */

import {
  Alert,
  Button,
  FileInput,
  Group,
  Loader,
  Modal,
  NumberInput,
  Progress,
  Select,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { useState } from "react";
import type { FormEvent } from "react";

import { ProblemError, request } from "../../api";
import type { CampaignView, ContactImport, Duplicates, ImportColumn } from "../../api";
import { count, percent } from "../../format/number";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { problemText } from "../../ui/problems";
import classes from "./Campaign.module.css";
import { FILE_MB_MAX, isWorkbook, LIST_CHARS_MAX, listOf, mappingOf, sendList } from "./importing";
import type { Choice, Said } from "./importing";
import { Columns, Done, Report } from "./ImportReport";

const MEBIBYTE = 1024 * 1024;
const PRIORITY_MAX = 100;
const SHEET_CHARS_MAX = 31; // Excel's own
const LOOK_EVERY_MS = 1_000;
const DUPLICATES: readonly Duplicates[] = ["campaign", "everywhere"];
const NOTHING: Choice = {
  file: null,
  list: "",
  priority: "",
  duplicates: "campaign",
  sheet: "",
  numberColumn: "",
};
const NO_COLUMNS: readonly ImportColumn[] = [];
const AS_GUESSED: Said = {};

interface Props {
  campaign: CampaignView;
  onClose: () => void;
}

type Stage = "choosing" | "checking" | "checked" | "importing" | "done";

export function ImportDialog({ campaign, onClose }: Props) {
  const t = useText();
  const [choice, setChoice] = useState(NOTHING);
  const [stage, setStage] = useState<Stage>("choosing");
  const [report, setReport] = useState<ContactImport | null>(null);
  const [guessed, setGuessed] = useState(NO_COLUMNS);
  const [said, setSaid] = useState(AS_GUESSED);
  const [problem, setProblem] = useState<unknown>(null);
  const isBusy = stage === "checking" || stage === "importing";

  /** What was checked holds for that file, list and columns only. */
  const forget = () => {
    setStage("choosing");
    setReport(null);
    setProblem(null);
  };
  const change = (changed: Partial<Choice>) => {
    setChoice((before) => ({ ...before, ...changed }));
    if ("file" in changed || "sheet" in changed || "numberColumn" in changed) {
      setGuessed(NO_COLUMNS);
      setSaid(AS_GUESSED);
    }
    forget();
  };
  const say = (place: number, field: string) => {
    setSaid((before) => ({ ...before, [place]: field }));
    forget();
  };
  const send = async (isDryRun: boolean) => {
    setStage(isDryRun ? "checking" : "importing");
    setProblem(null);
    try {
      const told = await sendList(campaign, choice, mappingOf(guessed, said), isDryRun);
      setReport(told);
      if (guessed.length === 0) setGuessed(told.columns);
      setStage(isDryRun ? "checked" : "done");
    } catch (error) {
      setProblem(error);
      setStage(isDryRun ? "choosing" : "checked");
    }
  };
  const isNotUnderstood =
    guessed.length === 0 && problem instanceof ProblemError && problem.problem === "invalid";

  return (
    <Modal
      opened
      onClose={onClose}
      size={1000}
      title={t("campaigns.importTitle", { name: campaign.name })}
      closeOnClickOutside={false}
      closeOnEscape={!isBusy}
    >
      <Stack gap="lg">
        {stage !== "done" && (
          <ChoiceForm
            choice={choice}
            isBusy={isBusy}
            isChecked={stage === "checked" || stage === "importing"}
            asksForNumber={isNotUnderstood || choice.numberColumn !== ""}
            onChange={change}
            onCheck={() => void send(true)}
          />
        )}
        {isBusy && <HowFar campaign={campaign.id} isChecking={stage === "checking"} />}
        <Failure problem={problem} />
        {stage !== "done" && (
          <Columns columns={guessed} said={said} isBusy={isBusy} onSay={say} />
        )}
        {report && stage !== "done" && <Report report={report} campaign={campaign.id} />}
        {report && stage === "done" && <Done report={report} campaign={campaign.id} />}
        {report && stage !== "done" && (
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose} disabled={isBusy}>
              {t("campaigns.cancel")}
            </Button>
            <Button
              leftSection={<FileUp size={16} aria-hidden />}
              disabled={report.accepted === 0}
              loading={stage === "importing"}
              onClick={() => void send(false)}
            >
              {t.count("campaigns.importNow", report.accepted)}
            </Button>
          </Group>
        )}
        {stage === "done" && (
          <Group justify="flex-end">
            <Button onClick={onClose} data-autofocus>
              {t("campaigns.close")}
            </Button>
          </Group>
        )}
      </Stack>
    </Modal>
  );
}

/** How far the file is read; before it has arrived nobody knows. */
function HowFar({ campaign, isChecking }: { campaign: string; isChecking: boolean }) {
  const t = useText();
  const { data } = useQuery({
    queryKey: ["import-progress", campaign, isChecking],
    queryFn: ({ signal }) =>
      request("GET /api/v1/campaigns/{campaign}/contacts/progress", { path: { campaign }, signal }),
    select: (told) => (told.list ? told : null),
    refetchInterval: LOOK_EVERY_MS,
    retry: false,
    gcTime: 0,
  });
  return (
    <Stack gap="xs" role="status">
      <Group gap="sm">
        <Loader size="xs" />
        <Text>{t(isChecking ? "campaigns.checking" : "campaigns.importing")}</Text>
        {data && (
          <Text c="var(--quiet)" className="number">
            {t("campaigns.progress", {
              share: percent(data.share, t.language),
              rows: count(data.rows, t.language),
            })}
          </Text>
        )}
      </Group>
      {data && <Progress value={100 * data.share} aria-label={t("campaigns.importing")} />}
    </Stack>
  );
}

interface FormProps {
  choice: Choice;
  isBusy: boolean;
  isChecked: boolean;
  asksForNumber: boolean;
  onChange: (changed: Partial<Choice>) => void;
  onCheck: () => void;
}

function ChoiceForm(props: FormProps) {
  const { choice, isBusy, isChecked, asksForNumber, onChange, onCheck } = props;
  const t = useText();
  const [isTold, setTold] = useState(false);
  const fileWrong = whatIsWrong(t, choice.file);
  const listWrong = choice.list.trim() ? "" : t("campaigns.listMissing");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTold(true);
    if (!fileWrong && !listWrong && !isBusy) onCheck();
  };
  const chooseFile = (file: File | null) =>
    onChange({ file, list: choice.list || (file ? listOf(file) : ""), sheet: "", numberColumn: "" });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Group gap="md" align="flex-start" grow preventGrowOverflow={false}>
          <FileInput
            label={t("campaigns.file")}
            description={t("campaigns.fileHint")}
            placeholder={t("campaigns.fileChoose")}
            accept=".csv,.xlsx,text/csv"
            leftSection={<FileUp size={16} aria-hidden />}
            data-autofocus
            value={choice.file}
            error={isTold && fileWrong}
            disabled={isBusy}
            onChange={chooseFile}
          />
          {isWorkbook(choice.file) && (
            <TextInput
              label={t("campaigns.sheet")}
              description={t("campaigns.sheetHint")}
              maxLength={SHEET_CHARS_MAX}
              value={choice.sheet}
              disabled={isBusy}
              onChange={(event) => onChange({ sheet: event.currentTarget.value })}
            />
          )}
        </Group>
        {asksForNumber && (
          <TextInput
            label={t("campaigns.numberColumn")}
            description={t("campaigns.numberColumnHint")}
            maxLength={200}
            value={choice.numberColumn}
            disabled={isBusy}
            onChange={(event) => onChange({ numberColumn: event.currentTarget.value })}
          />
        )}
        <Group gap="md" align="flex-start" grow preventGrowOverflow={false}>
          <TextInput
            label={t("campaigns.list")}
            description={t("campaigns.listHint")}
            maxLength={LIST_CHARS_MAX}
            value={choice.list}
            error={isTold && listWrong}
            disabled={isBusy}
            onChange={(event) => onChange({ list: event.currentTarget.value })}
          />
          <NumberInput
            label={t("campaigns.priority")}
            description={t("campaigns.priorityHint")}
            min={0}
            max={PRIORITY_MAX}
            allowDecimal={false}
            value={choice.priority}
            disabled={isBusy}
            onChange={(value) => onChange({ priority: value === "" ? "" : Number(value) || 0 })}
          />
          <Select
            label={t("campaigns.duplicates")}
            description={t("campaigns.duplicatesHint")}
            data={DUPLICATES.map((value) => ({ value, label: t(`duplicates.${value}`) }))}
            allowDeselect={false}
            value={choice.duplicates}
            disabled={isBusy}
            onChange={(value) => value && onChange({ duplicates: value as Duplicates })}
          />
        </Group>
        {!isChecked && (
          <Button type="submit" disabled={isBusy} className={classes.checkButton}>
            {t("campaigns.check")}
          </Button>
        )}
      </Stack>
    </form>
  );
}

function whatIsWrong(t: Translate, file: File | null): string {
  if (!file) return t("campaigns.fileMissing");
  if (file.size > FILE_MB_MAX * MEBIBYTE) {
    return t("campaigns.fileTooLarge", { limit: FILE_MB_MAX });
  }
  return "";
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
