/** How the columns of a list were understood, to be put right before it is imported. */

import { NativeSelect, Stack, Text } from "@mantine/core";

import type { ImportColumn } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";

// As in callcenter/documents/contact_columns.py.
const FIELDS = [
  "number",
  "mobile",
  "landline",
  "name",
  "customer",
  "account",
  "tier",
  "priority",
  "zone",
  "consent",
  "note",
  "attribute",
  "skip",
] as const;
const EXAMPLES_SHOWN = 3;

interface Props {
  columns: readonly ImportColumn[];
  isBusy: boolean;
  onChange: (columns: ImportColumn[]) => void;
}

export function ImportColumns({ columns, isBusy, onChange }: Props) {
  const t = useText();
  const take = (name: string, field: string) =>
    onChange(columns.map((one) => (one.name === name ? { ...one, taken_as: field } : one)));
  const shown: Column<ImportColumn>[] = [
    { id: "name", header: t("campaigns.column"), cell: ({ name }) => name },
    {
      id: "taken",
      header: t("campaigns.takenAs"),
      cell: (column) => choiceOf(t, column, isBusy, take),
    },
    {
      id: "examples",
      header: t("campaigns.examples"),
      cell: ({ examples }) => examples.filter(Boolean).slice(0, EXAMPLES_SHOWN).join(", "),
      rest: true,
    },
  ];
  return (
    <Stack gap={4}>
      <DataTable
        label={t("campaigns.columns")}
        columns={shown}
        rows={columns}
        rowKey={({ name }) => name}
        empty={null}
      />
      <Text c="var(--quiet)">{t("campaigns.columnsHint")}</Text>
    </Stack>
  );
}

function choiceOf(
  t: Translate,
  { name, taken_as }: ImportColumn,
  isBusy: boolean,
  take: (name: string, field: string) => void,
) {
  return (
    <NativeSelect
      size="xs"
      aria-label={t("campaigns.takenAsOf", { column: name })}
      data={FIELDS.map((field) => ({ value: field, label: t(`campaigns.field.${field}`) }))}
      value={taken_as}
      disabled={isBusy}
      onChange={(event) => take(name, event.currentTarget.value)}
    />
  );
}
