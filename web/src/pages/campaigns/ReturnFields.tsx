/** The part of the campaign form for contacts who call one of its numbers back. */

import { Fieldset, SimpleGrid, TextInput } from "@mantine/core";

import { useText } from "../../i18n";
import { explained } from "../../ui/Explained";
import type { FieldProps } from "./FormFields";

export function ReturnFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  return (
    <Fieldset legend={t("campaigns.form.returns")}>
      <SimpleGrid cols={2} spacing="lg" verticalSpacing="md">
        <TextInput
          {...explained(t("campaigns.form.returnsTo"), t("campaigns.form.returnsToHint"))}
          spellCheck={false}
          value={draft.returnsTo}
          error={told.returns_to}
          onChange={(event) => onChange({ returnsTo: event.currentTarget.value }, "returns_to")}
        />
        <TextInput
          {...explained(t("campaigns.form.returnPrompt"), t("campaigns.form.returnPromptHint"))}
          spellCheck={false}
          value={draft.returnPrompt}
          error={told.return_prompt}
          onChange={(event) =>
            onChange({ returnPrompt: event.currentTarget.value }, "return_prompt")
          }
        />
      </SimpleGrid>
    </Fieldset>
  );
}
