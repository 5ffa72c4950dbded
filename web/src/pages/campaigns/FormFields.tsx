/** The fields of the campaign form, part by part: what it is, when people are called, and how. */

import {
  Chip,
  Fieldset,
  Group,
  Input,
  SegmentedControl,
  SimpleGrid,
  Switch,
  TextInput,
} from "@mantine/core";

import { useText } from "../../i18n";
import { Explained, explained } from "../../ui/Explained";
import { PACINGS, WEEKDAYS } from "./fields";
import type { Draft, Pacing, Weekday } from "./fields";
import { NumberField } from "./NumberField";
import { ORDER } from "./told";
import type { Told } from "./told";

export interface FieldProps {
  draft: Draft;
  /** What is wrong, by the server's name of the field. */
  told: Told;
  isNew: boolean;
  /** `fields`: whose faults are taken back by the change. */
  onChange: (changed: Partial<Draft>, ...fields: string[]) => void;
}

export function GeneralFields({ draft, told, isNew, onChange }: FieldProps) {
  const t = useText();
  return (
    <Fieldset legend={t("campaigns.form.general")}>
      <SimpleGrid cols={2} spacing="lg" verticalSpacing="md">
        <TextInput
          {...explained(t("campaigns.form.name"), t("campaigns.form.nameHint"))}
          maxLength={64}
          required
          data-autofocus
          value={draft.name}
          error={told.name}
          onChange={(event) => onChange({ name: event.currentTarget.value }, "name", "id")}
        />
        <TextInput
          {...explained(t("campaigns.form.id"), t("campaigns.form.idHint"))}
          maxLength={31}
          required
          disabled={!isNew}
          spellCheck={false}
          value={draft.id}
          error={told.id}
          onChange={(event) => onChange({ id: event.currentTarget.value }, "id")}
        />
      </SimpleGrid>
    </Fieldset>
  );
}

export function HoursFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  return (
    <Fieldset legend={t("campaigns.form.hours")}>
      <Group gap="xl" align="flex-start">
        <TextInput
          {...explained(t("campaigns.form.opens"), t("campaigns.form.opensHint"))}
          w={96}
          maxLength={5}
          value={draft.opens}
          error={told["window.opens"]}
          onChange={(event) =>
            onChange({ opens: event.currentTarget.value }, "window.opens", "window.closes")
          }
        />
        <TextInput
          {...explained(t("campaigns.form.closes"), t("campaigns.form.closesHint"))}
          w={96}
          maxLength={5}
          value={draft.closes}
          error={told["window.closes"]}
          onChange={(event) => onChange({ closes: event.currentTarget.value }, "window.closes")}
        />
        <Input.Wrapper
          label={
            <Explained
              label={t("campaigns.form.weekdays")}
              help={t("campaigns.form.weekdaysHint")}
            />
          }
          error={told["window.weekdays"]}
        >
          <Chip.Group
            multiple
            value={draft.weekdays}
            onChange={(days) =>
              onChange(
                { weekdays: WEEKDAYS.filter((day: Weekday) => days.includes(day)) },
                "window.weekdays",
              )
            }
          >
            <Group gap="sm">
              {WEEKDAYS.map((day) => (
                <Chip key={day} value={day} size="sm">
                  {t(`weekday.${day}`)}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
        </Input.Wrapper>
      </Group>
    </Fieldset>
  );
}

export function DialingFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  const seconds = t("campaigns.form.seconds");
  return (
    <Fieldset legend={t("campaigns.form.dialing")}>
      <Input.Wrapper
        label={t("campaigns.form.pacing")}
        description={t(`campaigns.form.pacingHint.${draft.pacing}`)}
        inputWrapperOrder={ORDER}
        error={told.pacing}
        mb="md"
      >
        <SegmentedControl
          fullWidth
          data={PACINGS.map((pacing) => ({ value: pacing, label: t(`pacing.${pacing}`) }))}
          value={draft.pacing}
          onChange={(pacing) =>
            onChange({ pacing: pacing as Pacing }, "pacing", "lines_per_agent", "preview_s")
          }
        />
      </Input.Wrapper>
      <SimpleGrid cols={3} spacing="lg" verticalSpacing="md">
        {draft.pacing === "preview" && (
          <NumberField
            {...explained(t("campaigns.form.previewS"), t("campaigns.form.previewHint"))}
            min={0}
            max={600}
            suffix={seconds}
            value={draft.previewS}
            error={told.preview_s}
            onNumber={(previewS) => onChange({ previewS }, "preview_s")}
          />
        )}
        {draft.pacing === "power" && (
          <NumberField
            {...explained(t("campaigns.form.linesPerAgent"), t("campaigns.form.linesPerAgentHint"))}
            min={1}
            max={3}
            step={0.1}
            decimalScale={2}
            value={draft.linesPerAgent}
            error={told.lines_per_agent}
            onNumber={(linesPerAgent) => onChange({ linesPerAgent }, "lines_per_agent")}
          />
        )}
        <NumberField
          {...explained(t("campaigns.form.maxLines"), t("campaigns.form.maxLinesHint"))}
          min={1}
          max={500}
          allowDecimal={false}
          value={draft.maxLines}
          error={told.max_lines}
          onNumber={(maxLines) => onChange({ maxLines }, "max_lines")}
        />
        <NumberField
          {...explained(t("campaigns.form.ringS"), t("campaigns.form.ringHint"))}
          min={15}
          max={120}
          suffix={seconds}
          value={draft.ringS}
          error={told.ring_s}
          onNumber={(ringS) => onChange({ ringS }, "ring_s")}
        />
        <NumberField
          {...explained(t("campaigns.form.wrapUpS"), t("campaigns.form.wrapUpHint"))}
          min={0}
          max={3600}
          suffix={seconds}
          value={draft.wrapUpS}
          error={told.wrap_up_s}
          onNumber={(wrapUpS) => onChange({ wrapUpS }, "wrap_up_s")}
        />
        <NumberField
          {...explained(t("campaigns.form.priority"), t("campaigns.form.priorityHint"))}
          min={0}
          max={100}
          allowDecimal={false}
          value={draft.priority}
          error={told.priority}
          onNumber={(priority) => onChange({ priority }, "priority")}
        />
        <TextInput
          {...explained(t("campaigns.form.agentPrompt"), t("campaigns.form.agentPromptHint"))}
          spellCheck={false}
          value={draft.agentPrompt}
          error={told.agent_prompt}
          onChange={(event) => onChange({ agentPrompt: event.currentTarget.value }, "agent_prompt")}
        />
      </SimpleGrid>
      <Switch
        mt="lg"
        {...explained(t("campaigns.form.blended"), t("campaigns.form.blendedHint"))}
        checked={draft.blended}
        error={told.blended}
        onChange={(event) => onChange({ blended: event.currentTarget.checked }, "blended")}
      />
    </Fieldset>
  );
}
