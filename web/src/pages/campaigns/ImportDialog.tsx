/** A list into a campaign: choose the file, see what would be taken and what not, then import. */

import {
  Alert,
  Button,
  FileInput,
  Group,
  Loader,
  Modal,
  NumberInput,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { Download, FileUp } from "lucide-react";
import { useState } from "react";
import type { FormEvent } from "react";

import { request } from "../../api";
import type { CampaignView, ContactImport, ImportProblem } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { problemText } from "../../ui/problems";
import classes from "./Campaign.module.css";
import { rejectsCsv, saveFile } from "./rejects";

const FILE_MB_MAX = 200; // what the server takes (callcenter/api/campaigns.py)
const MEBIBYTE = 1024 * 1024;
const DEADLINE_MS = 1_800_000; // the server's own for the largest file over a slow line
const PRIORITY_MAX = 100;
const LIST_CHARS_MAX = 64;

interface Props {
  campaign: CampaignView;
  onClose: () => void;
}

interface Choice {
  file: File | null;
  list: string;
  priority: number;
}

type Stage = "choosing" | "checking" | "checked" | "importing" | "done";

export function ImportDialog({ campaign, onClose }: Props) {
  const t = useText();
  const [choice, setChoice] = useState<Choice>({ file: null, list: "", priority: 0 });
  const [stage, setStage] = useState<Stage>("choosing");
  const [report, setReport] = useState<ContactImport | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const isBusy = stage === "checking" || stage === "importing";

  /** What was checked holds for that file and list only. */
  const change = (changed: Partial<Choice>) => {
    setChoice((before) => ({ ...before, ...changed }));
    setStage("choosing");
    setReport(null);
    setProblem(null);
  };
  const send = async (isDryRun: boolean) => {
    setStage(isDryRun ? "checking" : "importing");
    setProblem(null);
    try {
      setReport(await sendList(campaign.id, choice, isDryRun));
      setStage(isDryRun ? "checked" : "done");
    } catch (error) {
      setProblem(error);
      setStage(isDryRun ? "choosing" : "checked");
    }
  };

  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
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
            onChange={change}
            onCheck={() => void send(true)}
          />
        )}
        {isBusy && (
          <Group gap="sm" role="status">
            <Loader size="xs" />
            <Text>{t(stage === "checking" ? "campaigns.checking" : "campaigns.importing")}</Text>
          </Group>
        )}
        <Failure problem={problem} />
        {report && stage !== "done" && <Report report={report} />}
        {report && stage === "done" && <Done report={report} />}
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

/** Browsers name the type of a CSV file as the desktop does; the server takes one name. */
function sendList(campaign: string, choice: Choice, isDryRun: boolean): Promise<ContactImport> {
  const { file, list, priority } = choice;
  return request("POST /api/v1/campaigns/{campaign}/contacts", {
    path: { campaign },
    query: { list: list.trim(), priority, dry_run: isDryRun },
    body: file ? file.slice(0, file.size, "text/csv") : "",
    deadlineMs: DEADLINE_MS,
  });
}

interface FormProps {
  choice: Choice;
  isBusy: boolean;
  isChecked: boolean;
  onChange: (changed: Partial<Choice>) => void;
  onCheck: () => void;
}

function ChoiceForm({ choice, isBusy, isChecked, onChange, onCheck }: FormProps) {
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
    onChange({ file, list: choice.list || (file ? nameOf(file) : "") });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <FileInput
          label={t("campaigns.file")}
          description={t("campaigns.fileHint")}
          placeholder={t("campaigns.fileChoose")}
          accept=".csv,text/csv"
          leftSection={<FileUp size={16} aria-hidden />}
          data-autofocus
          value={choice.file}
          error={isTold && fileWrong}
          disabled={isBusy}
          onChange={chooseFile}
        />
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
            onChange={(value) => onChange({ priority: Number(value) || 0 })}
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

function nameOf(file: File): string {
  return file.name.replace(/\.csv$/i, "").slice(0, LIST_CHARS_MAX);
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

/** What the file would bring: how much is taken, and why the rest is not. */
function Report({ report }: { report: ContactImport }) {
  const t = useText();
  const { accepted, refused, problems } = report;
  return (
    <Stack gap="sm" role="status">
      <Group gap="xl">
        <Text fw={600} c={accepted ? "var(--state-ready)" : undefined}>
          {t.count("campaigns.accepted", accepted)}
        </Text>
        <Text fw={600} c={refused ? "var(--state-ringing)" : "var(--quiet)"}>
          {refused ? t.count("campaigns.refused", refused) : t("campaigns.refusedNone")}
        </Text>
      </Group>
      {accepted === 0 && <Text>{t("campaigns.nothingToImport")}</Text>}
      <Problems list={report.list} problems={problems} refused={refused} />
    </Stack>
  );
}

function Problems(props: { list: string; problems: ImportProblem[]; refused: number }) {
  const t = useText();
  const { list, problems, refused } = props;
  if (problems.length === 0) return null;
  const columns: Column<ImportProblem>[] = [
    { id: "row", header: t("campaigns.row"), number: true, cell: ({ row }) => row },
    { id: "reason", header: t("campaigns.reason"), cell: ({ reason }) => reason },
    { id: "fix", header: t("campaigns.fix"), cell: ({ fix }) => fix },
  ];
  return (
    <>
      <div className={classes.problems}>
        <DataTable
          label={t("campaigns.reason")}
          columns={columns}
          rows={problems}
          rowKey={({ row, reason }) => `${row} ${reason}`}
          empty={null}
        />
      </div>
      <Group gap="md">
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Download size={14} aria-hidden />}
          onClick={() => saveFile(`${list}-refused.csv`, rejectsCsv(problems))}
        >
          {t("campaigns.rejects")}
        </Button>
        {refused > problems.length && (
          <Text c="var(--quiet)">
            {t("campaigns.refusedFirst", { shown: problems.length })}
          </Text>
        )}
      </Group>
    </>
  );
}

function Done({ report }: { report: ContactImport }) {
  const t = useText();
  return (
    <Stack gap="sm" role="status">
      <Text fw={600} c="var(--state-ready)">
        {importedText(t, report)}
      </Text>
      <Problems list={report.list} problems={report.problems} refused={report.refused} />
    </Stack>
  );
}

function importedText(t: Translate, { accepted, list }: ContactImport): string {
  return t(accepted === 1 ? "campaigns.imported.one" : "campaigns.imported.other", {
    count: accepted,
    list,
  });
}
