/** The part of the campaign form that says on which trunks calls go out, and which numbers people
 * see. */

import {
  ActionIcon,
  Autocomplete,
  Button,
  Fieldset,
  Group,
  MultiSelect,
  Select,
  SimpleGrid,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";

import type { PbxTrunks } from "../../api";
import { useText } from "../../i18n";
import { Explained, explained } from "../../ui/Explained";
import type { FieldProps } from "./FormFields";
import { listField, plainNumber, TRUNKS_MAX } from "./reaching";
import type { ListNumbers } from "./reaching";
import { first, namesOf, ORDER } from "./told";

const SPLIT = [",", ";"];
const EXAMPLE = "+13125550100"; // a number of those kept free for examples

interface Choices {
  trunks: readonly PbxTrunks[];
  /** The names of the campaign's contact lists. */
  lists: readonly string[];
}

export function NumbersFields({ draft, told, onChange, trunks, lists }: FieldProps & Choices) {
  const t = useText();
  const known = trunks.find((pbx) => pbx.name === draft.pbx)?.trunks ?? [];
  const pbxs = withChosen(
    trunks.map((pbx) => pbx.name),
    [draft.pbx],
  );
  const itsTrunks = withChosen(known, [draft.trunk]);
  const others = withChosen(known, draft.trunks).filter((trunk) => trunk !== draft.trunk);
  return (
    <Fieldset legend={t("campaigns.form.numbers")}>
      <SimpleGrid cols={3} spacing="lg" verticalSpacing="md">
        <Select
          {...explained(t("campaigns.form.pbx"), t("campaigns.form.pbxHint"))}
          data={pbxs}
          required
          allowDeselect={false}
          value={draft.pbx || null}
          error={told.pbx}
          onChange={(pbx) =>
            onChange(
              { pbx: pbx ?? "", trunk: "", trunks: [] },
              "pbx",
              "trunk",
              ...namesOf(told, "trunks"),
            )
          }
        />
        <Select
          {...explained(t("campaigns.form.trunk"), t("campaigns.form.trunkHint"))}
          data={itsTrunks}
          required
          allowDeselect={false}
          value={draft.trunk || null}
          error={told.trunk}
          onChange={(trunk) =>
            onChange(
              { trunk: trunk ?? "", trunks: draft.trunks.filter((other) => other !== trunk) },
              "trunk",
            )
          }
        />
        <MultiSelect
          {...explained(t("campaigns.form.trunks"), t("campaigns.form.trunksHint"))}
          placeholder={draft.trunks.length > 0 ? "" : t("campaigns.form.trunksNone")}
          data={others}
          maxValues={TRUNKS_MAX}
          disabled={others.length === 0}
          value={draft.trunks}
          error={first(told, "trunks")}
          onChange={(chosen) => onChange({ trunks: chosen }, ...namesOf(told, "trunks"))}
        />
        <TextInput
          {...explained(t("campaigns.form.callerId"), t("campaigns.form.callerIdHint"))}
          placeholder={EXAMPLE}
          type="tel"
          maxLength={32}
          value={draft.callerId}
          error={told.caller_id}
          onChange={(event) => onChange({ callerId: event.currentTarget.value }, "caller_id")}
        />
        <TagsInput
          {...explained(t("campaigns.form.callerIds"), t("campaigns.form.callerIdsHint"))}
          style={{ gridColumn: "span 2" }}
          placeholder={draft.callerIds.length > 0 ? "" : EXAMPLE}
          splitChars={SPLIT}
          acceptValueOnBlur
          value={draft.callerIds}
          error={first(told, "caller_ids")}
          onChange={(numbers) =>
            onChange({ callerIds: numbers.map(plainNumber) }, ...namesOf(told, "caller_ids"))
          }
        />
      </SimpleGrid>
      <ListsNumbers draft={draft} told={told} onChange={onChange} lists={lists} />
    </Fieldset>
  );
}

type ListsProps = Pick<FieldProps, "draft" | "told" | "onChange"> & Pick<Choices, "lists">;

/** Contact lists whose people see numbers of their own. */
function ListsNumbers({ draft, told, onChange, lists }: ListsProps) {
  const t = useText();
  const rows = draft.listCallerIds;
  const put = (changed: ListNumbers[]) =>
    onChange(
      { listCallerIds: changed },
      ...Object.keys(told).filter((name) => name.startsWith("list_caller_ids")),
    );
  const change = (place: number, changed: Partial<ListNumbers>) =>
    put(rows.map((row, other) => (other === place ? { ...row, ...changed } : row)));
  return (
    <>
      <Text mt="lg" mb="xs" fw={500}>
        <Explained
          label={t("campaigns.form.listNumbers")}
          help={t("campaigns.form.listNumbersHint")}
        />
      </Text>
      {rows.map(({ list, numbers }, place) => {
        const number = place + 1;
        const isOneTold = told[listField(place)] ?? first(told, `list_caller_ids.${list.trim()}`);
        return (
          // oxlint-disable-next-line react/no-array-index-key -- a list's name is being typed
          <Group key={place} gap="xs" mb="xs" align="flex-start" wrap="nowrap">
            <Autocomplete
              w={220}
              size="xs"
              aria-label={t("campaigns.form.listOf", { number })}
              placeholder={t("campaigns.form.listPlaceholder")}
              data={[...lists]}
              maxLength={64}
              value={list}
              error={isOneTold !== undefined && !list.trim()}
              onChange={(name) => change(place, { list: name })}
            />
            <TagsInput
              flex={1}
              size="xs"
              inputWrapperOrder={ORDER}
              aria-label={t("campaigns.form.numbersOf", { number })}
              placeholder={numbers.length > 0 ? "" : EXAMPLE}
              splitChars={SPLIT}
              acceptValueOnBlur
              value={numbers}
              error={isOneTold}
              onChange={(written) => change(place, { numbers: written.map(plainNumber) })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              mt={2}
              aria-label={t("campaigns.form.listRemove", { number })}
              onClick={() => put(rows.filter((_, other) => other !== place))}
            >
              <Trash2 size={16} aria-hidden />
            </ActionIcon>
          </Group>
        );
      })}
      {told.list_caller_ids && (
        <Text c="red" size="xs">
          {told.list_caller_ids}
        </Text>
      )}
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Plus size={14} aria-hidden />}
        onClick={() => put([...rows, { list: "", numbers: [] }])}
      >
        {t("campaigns.form.listAdd")}
      </Button>
    </>
  );
}

/** What is set stays to be seen, even if the config file has it no more. */
function withChosen(names: readonly string[], chosen: readonly string[]): string[] {
  return [...names, ...chosen.filter((one) => one && !names.includes(one))];
}
