/** What an import would do or has done: how the columns were understood, which rows were refused. */

import { Anchor, Group, Select, Stack, Text } from "@mantine/core";
import { Download } from "lucide-react";

import type { ContactImport, ImportColumn, ImportProblem } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import classes from "./Campaign.module.css";
import { canBeNamed, FIELDS } from "./importing";
import type { Said } from "./importing";

interface ColumnsProps {
  /** As the server understood them by itself. */
  columns: readonly ImportColumn[];
  said: Said;
  isBusy: boolean;
  onSay: (place: number, field: string) => void;
}

/** Every column of the file, what its first rows hold, and what it is taken as. */
export function Columns({ columns, said, isBusy, onSay }: ColumnsProps) {
  const t = useText();
  const fields = FIELDS.map((field) => ({ value: field, label: t(`importField.${field}`) }));
  if (columns.length === 0) return null;
  return (
    <div className={classes.problems}>
      <table className={classes.mapping} aria-label={t("campaigns.columns")}>
        <thead>
          <tr>
            <th>{t("campaigns.column")}</th>
            <th>{t("campaigns.columnExamples")}</th>
            <th>{t("campaigns.takenAs")}</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column, place) => (
            // oxlint-disable-next-line react/no-array-index-key -- columns have no other name
            <tr key={place}>
              <td>{column.name || "–"}</td>
              <td className={classes.examples}>
                {column.examples.filter((example) => example.trim()).join(" · ") || "–"}
              </td>
              <td>
                <Select
                  size="xs"
                  aria-label={t("campaigns.takenAsOf", { column: column.name })}
                  data={fields}
                  allowDeselect={false}
                  disabled={isBusy || !canBeNamed(columns, place)}
                  value={said[place] ?? column.taken_as}
                  onChange={(field) => field && onSay(place, field)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What the file would bring: how much is taken, and why the rest is not. */
export function Report({ report, campaign }: { report: ContactImport; campaign: string }) {
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
      <Problems report={report} campaign={campaign} />
    </Stack>
  );
}

export function Done({ report, campaign }: { report: ContactImport; campaign: string }) {
  const t = useText();
  return (
    <Stack gap="sm" role="status">
      <Text fw={600} c="var(--state-ready)">
        {importedText(t, report)}
      </Text>
      <Problems report={report} campaign={campaign} />
    </Stack>
  );
}

function Problems({ report, campaign }: { report: ContactImport; campaign: string }) {
  const t = useText();
  const { problems, refused, rejects_kept: kept } = report;
  if (problems.length === 0) return null;
  const columns: Column<ImportProblem>[] = [
    { id: "row", header: t("campaigns.row"), number: true, cell: ({ row }) => row },
    { id: "value", header: t("campaigns.value"), cell: ({ value }) => value || "–" },
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
          <Anchor
            href={`/api/v1/campaigns/${encodeURIComponent(campaign)}/contacts/rejects`}
            download
            inline
          >
            <Group gap={6} wrap="nowrap" component="span">
              <Download size={14} aria-hidden />
              {t.count("campaigns.rejects", kept)}
            </Group>
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

function importedText(t: Translate, { accepted, list }: ContactImport): string {
  return t(accepted === 1 ? "campaigns.imported.one" : "campaigns.imported.other", {
    count: accepted,
    list,
  });
}
