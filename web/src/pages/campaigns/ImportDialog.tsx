/** A list into a campaign: choose the file, see what would be taken and what not, then import. */

import {
  Alert,
  Anchor,
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
import type { CampaignView, ContactImport, ImportColumn, ImportProblem } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { problemText } from "../../ui/problems";
import classes from "./Campaign.module.css";
import { ImportColumns } from "./ImportColumns";

const FILE_MB_MAX = 200; // what the server takes (callcenter/api/campaigns.py)
const MEBIBYTE = 1024 * 1024;
const DEADLINE_MS = 1_800_000; // the server's own for the largest file over a slow line
const PRIORITY_MAX = 100;
const LIST_CHARS_MAX = 64;
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

interface Props {
  campaign: CampaignView;
  onClose: () => void;
}

interface Choice {
  file: File | null;
  list: string;
  priority: number;
  /** What the columns are; empty: as their names say. */
  mapping: [field: string, column: string][];
}

type Stage = "choosing" | "checking" | "checked" | "importing" | "done";

export function ImportDialog({ campaign, onClose }: Props) {
  const t = useText();
  const [choice, setChoice] = useState<Choice>({
    file: null,
    list: "",
    priority: 0,
    mapping: [],
  });
  const [stage, setStage] = useState<Stage>("choosing");
  const [report, setReport] = useState<ContactImport | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [columns, setColumns] = useState<ImportColumn[]>([]);
  const isBusy = stage === "checking" || stage === "importing";

  /** What was checked holds for that file and list only. */
  const change = (changed: Partial<Choice>) => {
    setChoice((before) => ({ ...before, ...changed }));
    setStage("choosing");
    setReport(null);
    setProblem(null);
    if ("file" in changed) setColumns([]);
  };
  const changeColumns = (changed: ImportColumn[]) => {
    setColumns(changed);
    change({ mapping: changed.map(({ name, taken_as }) => [taken_as, name]) });
  };
  const send = async (isDryRun: boolean) => {
    setStage(isDryRun ? "checking" : "importing");
    setProblem(null);
    try {
      const told = await sendList(campaign.id, choice, isDryRun);
      setReport(told);
      setColumns(told.columns);
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
        {columns.length > 0 && stage !== "done" && (
          <ImportColumns columns={columns} isBusy={isBusy} onChange={changeColumns} />
        )}
        {report && stage !== "done" && <Report campaign={campaign.id} report={report} />}
        {report && stage === "done" && <Done campaign={campaign.id} report={report} />}
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

/** Browsers name the type of a file as the desktop does; the server takes two names. */
function sendList(campaign: string, choice: Choice, isDryRun: boolean): Promise<ContactImport> {
  const { file, list, priority, mapping } = choice;
  const columns = mapping.length > 0 ? JSON.stringify(mapping) : undefined;
  return request("POST /api/v1/campaigns/{campaign}/contacts", {
    path: { campaign },
    query: { list: list.trim(), priority, columns, dry_run: isDryRun },
    body: file ? file.slice(0, file.size, /\.xlsx$/i.test(file.name) ? XLSX : "text/csv") : "",
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
    onChange({ file, list: choice.list || (file ? nameOf(file) : ""), mapping: [] });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <FileInput
          label={t("campaigns.file")}
          description={t("campaigns.fileHint")}
          placeholder={t("campaigns.fileChoose")}
          accept={`.csv,.xlsx,text/csv,${XLSX}`}
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
  return file.name.replace(/\.(csv|xlsx)$/i, "").slice(0, LIST_CHARS_MAX);
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

interface ReportProps {
  campaign: string;
  report: ContactImport;
}

/** What the file would bring: how much is taken, and why the rest is not. */
function Report({ campaign, report }: ReportProps) {
  const t = useText();
  const { accepted, refused } = report;
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
      <Problems campaign={campaign} report={report} />
    </Stack>
  );
}

function Problems({ campaign, report }: ReportProps) {
  const t = useText();
  const { problems, refused, rejects_kept: kept } = report;
  if (problems.length === 0) return null;
  const columns: Column<ImportProblem>[] = [
    { id: "row", header: t("campaigns.row"), number: true, cell: ({ row }) => row },
    { id: "value", header: t("campaigns.value"), cell: ({ value }) => value },
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
        {kept > 0 && (
          <Anchor href={rejectsOf(campaign)} download>
            <Download size={14} aria-hidden /> {t("campaigns.rejects")}
          </Anchor>
        )}
        {refused > problems.length && (
          <Text c="var(--quiet)">
            {t("campaigns.refusedFirst", { shown: problems.length })}
          </Text>
        )}
      </Group>
    </>
  );
}

/** The refused rows as they were, with the reasons, to be mended and sent again. */
function rejectsOf(campaign: string): string {
  return `/api/v1/campaigns/${encodeURIComponent(campaign)}/contacts/rejects`;
}

function Done({ campaign, report }: ReportProps) {
  const t = useText();
  return (
    <Stack gap="sm" role="status">
      <Text fw={600} c="var(--state-ready)">
        {importedText(t, report)}
      </Text>
      <Problems campaign={campaign} report={report} />
    </Stack>
  );
}

function importedText(t: Translate, { accepted, list }: ContactImport): string {
  return t(accepted === 1 ? "campaigns.imported.one" : "campaigns.imported.other", {
    count: accepted,
    list,
  });
}
