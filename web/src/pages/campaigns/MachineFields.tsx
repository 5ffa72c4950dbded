/** The parts of the campaign form about answering machines, about the law, and about sales. */

import {
  Fieldset,
  Input,
  SegmentedControl,
  Select,
  SimpleGrid,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";

import { useText } from "../../i18n";
import { Explained, explained } from "../../ui/Explained";
import { dispositionsOf } from "../agent/words";
import { LEGALS } from "./fields";
import type { Legal } from "./fields";
import type { FieldProps } from "./FormFields";
import { NumberField } from "./NumberField";
import { AMD, AMD_CHECK_MAX, AMD_SETTINGS, ON_MACHINE, OPT_OUT_KEYS } from "./reaching";
import type { AmdSetting, OnMachine } from "./reaching";
import { first, namesOf, ORDER } from "./told";

export function MachineFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  const { amdSettings } = draft;
  const unitOf = (name: AmdSetting) => (name === "max_words" ? "" : t("campaigns.form.ms"));
  return (
    <Fieldset legend={t("campaigns.form.machines")}>
      <Switch
        {...explained(t("campaigns.form.amd"), t("campaigns.form.amdHint"))}
        checked={draft.amd}
        error={told.amd}
        onChange={(event) => {
          const amd = event.currentTarget.checked;
          const harbourWaitS = amd ? Math.min(1, Number(draft.harbourWaitS)) : draft.harbourWaitS;
          // Nobody is asked for a message where there is no field to name it in.
          const onMachine = amd || draft.machinePrompt ? draft.onMachine : "hang_up";
          onChange({ amd, harbourWaitS, onMachine }, "amd", "harbour_wait_s", "machine_prompt");
        }}
      />
      {draft.amd && (
        <>
          <SimpleGrid cols={2} spacing="lg" verticalSpacing="md" mt="md">
            <Input.Wrapper
              label={
                <Explained
                  label={t("campaigns.form.onMachine")}
                  help={t("campaigns.form.onMachineHint")}
                />
              }
              error={told.on_machine}
            >
              <SegmentedControl
                fullWidth
                aria-label={t("campaigns.form.onMachine")}
                data={ON_MACHINE.map((value) => ({ value, label: t(`onMachine.${value}`) }))}
                value={draft.onMachine}
                onChange={(value) =>
                  onChange({ onMachine: value as OnMachine }, "on_machine", "machine_prompt")
                }
              />
            </Input.Wrapper>
            {draft.onMachine === "leave_message" && (
              <TextInput
                {...explained(
                  t("campaigns.form.machinePrompt"),
                  t("campaigns.form.machinePromptHint"),
                )}
                inputWrapperOrder={ORDER}
                spellCheck={false}
                value={draft.machinePrompt}
                error={told.machine_prompt}
                onChange={(event) =>
                  onChange({ machinePrompt: event.currentTarget.value }, "machine_prompt")
                }
              />
            )}
            {draft.onMachine !== "to_agent" && (
              <NumberField
                {...explained(t("campaigns.form.amdCheck"), t("campaigns.form.amdCheckHint"))}
                description={
                  Number(draft.amdCheckEvery)
                    ? t("campaigns.form.amdCheckEvery", { calls: draft.amdCheckEvery })
                    : t("campaigns.form.amdCheckNever")
                }
                min={0}
                max={AMD_CHECK_MAX}
                allowDecimal={false}
                value={draft.amdCheckEvery}
                error={told.amd_check_every}
                onNumber={(amdCheckEvery) => onChange({ amdCheckEvery }, "amd_check_every")}
              />
            )}
          </SimpleGrid>
          <Text mt="lg" mb="xs" fw={500}>
            <Explained
              label={t("campaigns.form.amdSettings")}
              help={t("campaigns.form.amdSettingsHint")}
            />
          </Text>
          <SimpleGrid cols={3} spacing="lg" verticalSpacing="md">
            {AMD_SETTINGS.map((name) => (
              <NumberField
                key={name}
                {...explained(t(`amdSetting.${name}`), t(`amdSettingHint.${name}`))}
                placeholder={t("campaigns.form.usual", { usual: `${AMD[name].usual}${unitOf(name)}` })}
                min={0}
                max={AMD[name].most}
                allowDecimal={false}
                suffix={unitOf(name)}
                value={amdSettings[name]}
                error={told[`amd_settings.${name}`]}
                onNumber={(value) =>
                  onChange(
                    { amdSettings: { ...amdSettings, [name]: value } },
                    `amd_settings.${name}`,
                  )
                }
              />
            ))}
          </SimpleGrid>
        </>
      )}
    </Fieldset>
  );
}

export function LawFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  return (
    <Fieldset legend={t("campaigns.form.law")}>
      <SimpleGrid cols={3} spacing="lg" verticalSpacing="md">
        <Select
          {...explained(t("campaigns.form.legal"), t("campaigns.form.legalHint"))}
          data={LEGALS.map((legal) => ({ value: legal, label: t(`legal.${legal || "none"}`) }))}
          allowDeselect={false}
          value={draft.legal}
          error={told.legal}
          onChange={(legal) =>
            onChange({ legal: (legal ?? draft.legal) as Legal }, "legal", "drop_cap")
          }
        />
        <NumberField
          {...explained(t("campaigns.form.dropCap"), t("campaigns.form.dropCapHint"))}
          placeholder={t(draft.legal ? "campaigns.form.capOfLaw" : "campaigns.form.capOfNone")}
          min={0}
          max={5}
          step={0.1}
          decimalScale={2}
          suffix=" %"
          value={draft.dropCap}
          error={told.drop_cap}
          onNumber={(dropCap) => onChange({ dropCap }, "drop_cap")}
        />
        <NumberField
          {...explained(t("campaigns.form.harbourWait"), t("campaigns.form.harbourWaitHint"))}
          min={0}
          max={draft.amd ? 1 : 2}
          allowDecimal={false}
          suffix={t("campaigns.form.seconds")}
          value={draft.harbourWaitS}
          error={told.harbour_wait_s}
          onNumber={(harbourWaitS) => onChange({ harbourWaitS }, "harbour_wait_s")}
        />
        <TextInput
          {...explained(t("campaigns.form.harbourPrompt"), t("campaigns.form.harbourPromptHint"))}
          inputWrapperOrder={ORDER}
          spellCheck={false}
          value={draft.harbourPrompt}
          error={told.harbour_prompt}
          onChange={(event) =>
            onChange({ harbourPrompt: event.currentTarget.value }, "harbour_prompt")
          }
        />
        <Select
          {...explained(t("campaigns.form.optOutKey"), t("campaigns.form.optOutKeyHint"))}
          data={[
            { value: "", label: t("campaigns.form.optOutNone") },
            ...OPT_OUT_KEYS.map((key) => ({ value: key, label: key })),
          ]}
          allowDeselect={false}
          value={draft.optOutKey}
          error={told.opt_out_key}
          onChange={(key) => onChange({ optOutKey: key ?? "" }, "opt_out_key")}
        />
      </SimpleGrid>
    </Fieldset>
  );
}

export function SalesFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  const codes = dispositionsOf(draft.id || "new").map(({ code }) => code);
  return (
    <Fieldset legend={t("campaigns.form.results")}>
      <TagsInput
        {...explained(t("campaigns.form.sales"), t("campaigns.form.salesHint"))}
        data={codes}
        renderOption={({ option }) => t.maybe(`disposition.${option.value}`, option.value)}
        acceptValueOnBlur
        value={draft.sales}
        error={first(told, "sales")}
        onChange={(sales) => onChange({ sales }, ...namesOf(told, "sales"))}
      />
    </Fieldset>
  );
}
