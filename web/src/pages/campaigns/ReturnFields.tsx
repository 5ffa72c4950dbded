/** The part of the campaign form for contacts who call back, and for the key to opt out. */

import { Fieldset, SimpleGrid, TextInput } from "@mantine/core";

import { useText } from "../../i18n";
import type { FieldProps } from "./FormFields";

const ORDER: ("label" | "input" | "description" | "error")[] = [
  "label",
  "input",
  "description",
  "error",
];

export function ReturnFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  return (
    <Fieldset legend={t("campaigns.form.returns")}>
      <SimpleGrid cols={2} spacing="lg" verticalSpacing="md">
        <TextInput
          label={t("campaigns.form.returnsTo")}
          description={t("campaigns.form.returnsToHint")}
          inputWrapperOrder={ORDER}
          spellCheck={false}
          value={draft.returnsTo}
          error={told.returns_to}
          onChange={(event) => onChange({ returnsTo: event.currentTarget.value }, "returns_to")}
        />
        <TextInput
          label={t("campaigns.form.returnPrompt")}
          description={t("campaigns.form.returnPromptHint")}
          inputWrapperOrder={ORDER}
          spellCheck={false}
          value={draft.returnPrompt}
          error={told.return_prompt}
          onChange={(event) =>
            onChange({ returnPrompt: event.currentTarget.value }, "return_prompt")
          }
        />
        <TextInput
          label={t("campaigns.form.optOutKey")}
          description={t("campaigns.form.optOutKeyHint")}
          inputWrapperOrder={ORDER}
          maxLength={1}
          value={draft.optOutKey}
          error={told.opt_out_key}
          onChange={(event) => onChange({ optOutKey: event.currentTarget.value }, "opt_out_key")}
        />
      </SimpleGrid>
    </Fieldset>
  );
}
