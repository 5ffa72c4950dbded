/** The fields of the campaign form, part by part. */

import {
  Checkbox,
  Chip,
  Fieldset,
  Group,
  Input,
  NumberInput,
  SegmentedControl,
  Select,
  SimpleGrid,
  Switch,
  TextInput,
} from "@mantine/core";
import type { NumberInputProps } from "@mantine/core";

import type { PbxTrunks } from "../../api";
import { useText } from "../../i18n";
import classes from "./Campaign.module.css";
import { LEGALS, PACINGS, RETRIED, WEEKDAYS } from "./fields";
import type { Draft, Legal, Pacing, Retried, RetryDraft, Weekday } from "./fields";

export interface FieldProps {
  draft: Draft;
  /** What is wrong, by the server's name of the field. */
  told: Readonly<Record<string, string>>;
  isNew: boolean;
  /** `fields`: whose faults are taken back by the change. */
  onChange: (changed: Partial<Draft>, ...fields: string[]) => void;
}

interface Choices {
  trunks: readonly PbxTrunks[];
}

export function GeneralFields({ draft, told, isNew, onChange, trunks }: FieldProps & Choices) {
  const t = useText();
  const pbxs = withChosen(
    trunks.map((pbx) => pbx.name),
    draft.pbx,
  );
  const itsTrunks = withChosen(
    trunks.find((pbx) => pbx.name === draft.pbx)?.trunks ?? [],
    draft.trunk,
  );
  return (
    <Fieldset legend={t("campaigns.form.general")}>
      <SimpleGrid cols={2} spacing="lg" verticalSpacing="md">
        <TextInput
          label={t("campaigns.form.name")}
          maxLength={64}
          required
          data-autofocus
          value={draft.name}
          error={told.name}
          onChange={(event) => onChange({ name: event.currentTarget.value }, "name", "id")}
        />
        <TextInput
          label={t("campaigns.form.id")}
          description={isNew && t("campaigns.form.idHint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          maxLength={31}
          required
          disabled={!isNew}
          spellCheck={false}
          value={draft.id}
          error={told.id}
          onChange={(event) => onChange({ id: event.currentTarget.value }, "id")}
        />
        <Select
          label={t("campaigns.form.pbx")}
          data={pbxs}
          required
          allowDeselect={false}
          value={draft.pbx || null}
          error={told.pbx}
          onChange={(pbx) => onChange({ pbx: pbx ?? "", trunk: "" }, "pbx", "trunk")}
        />
        <Select
          label={t("campaigns.form.trunk")}
          description={t("campaigns.form.trunkHint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          data={itsTrunks}
          required
          allowDeselect={false}
          value={draft.trunk || null}
          error={told.trunk}
          onChange={(trunk) => onChange({ trunk: trunk ?? "" }, "trunk")}
        />
        <TextInput
          label={t("campaigns.form.callerId")}
          description={t("campaigns.form.callerIdHint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          type="tel"
          maxLength={32}
          value={draft.callerId}
          error={told.caller_id}
          onChange={(event) => onChange({ callerId: event.currentTarget.value }, "caller_id")}
        />
      </SimpleGrid>
    </Fieldset>
  );
}

/** What is set stays to be seen, even if the config file has it no more. */
function withChosen(names: readonly string[], chosen: string): string[] {
  return chosen && !names.includes(chosen) ? [...names, chosen] : [...names];
}

export function HoursFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  return (
    <Fieldset legend={t("campaigns.form.hours")}>
      <Group gap="xl" align="flex-start">
        <TextInput
          label={t("campaigns.form.opens")}
          w={96}
          maxLength={5}
          value={draft.opens}
          error={told["window.opens"]}
          onChange={(event) =>
            onChange({ opens: event.currentTarget.value }, "window.opens", "window.closes")
          }
        />
        <TextInput
          label={t("campaigns.form.closes")}
          w={96}
          maxLength={5}
          value={draft.closes}
          error={told["window.closes"]}
          onChange={(event) => onChange({ closes: event.currentTarget.value }, "window.closes")}
        />
        <Input.Wrapper label={t("campaigns.form.weekdays")} error={told["window.weekdays"]}>
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
        inputWrapperOrder={["label", "input", "description", "error"]}
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
            label={t("campaigns.form.previewS")}
            description={t("campaigns.form.previewHint")}
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
            label={t("campaigns.form.linesPerAgent")}
            description={t("campaigns.form.linesPerAgentHint")}
            min={1}
            max={3}
            step={0.1}
            decimalScale={2}
            value={draft.linesPerAgent}
            error={told.lines_per_agent}
            onNumber={(linesPerAgent) => onChange({ linesPerAgent }, "lines_per_agent")}
          />
        )}
        <Select
          label={t("campaigns.form.legal")}
          description={t("campaigns.form.legalHint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          data={LEGALS.map((legal) => ({ value: legal, label: t(`legal.${legal || "none"}`) }))}
          allowDeselect={false}
          value={draft.legal}
          error={told.legal}
          onChange={(legal) => onChange({ legal: (legal ?? draft.legal) as Legal }, "legal", "drop_cap")}
        />
        <NumberField
          label={t("campaigns.form.dropCap")}
          description={t("campaigns.form.dropCapHint")}
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
          label={t("campaigns.form.maxLines")}
          min={1}
          max={500}
          allowDecimal={false}
          value={draft.maxLines}
          error={told.max_lines}
          onNumber={(maxLines) => onChange({ maxLines }, "max_lines")}
        />
        <NumberField
          label={t("campaigns.form.ringS")}
          description={t("campaigns.form.ringHint")}
          min={15}
          max={120}
          suffix={seconds}
          value={draft.ringS}
          error={told.ring_s}
          onNumber={(ringS) => onChange({ ringS }, "ring_s")}
        />
        <NumberField
          label={t("campaigns.form.wrapUpS")}
          min={0}
          max={3600}
          suffix={seconds}
          value={draft.wrapUpS}
          error={told.wrap_up_s}
          onNumber={(wrapUpS) => onChange({ wrapUpS }, "wrap_up_s")}
        />
        <NumberField
          label={t("campaigns.form.priority")}
          description={t("campaigns.form.priorityHint")}
          min={0}
          max={100}
          allowDecimal={false}
          value={draft.priority}
          error={told.priority}
          onNumber={(priority) => onChange({ priority }, "priority")}
        />
        <NumberField
          label={t("campaigns.form.harbourWait")}
          description={t("campaigns.form.harbourWaitHint")}
          min={0}
          max={draft.amd ? 1 : 2}
          allowDecimal={false}
          suffix={seconds}
          value={draft.harbourWaitS}
          error={told.harbour_wait_s}
          onNumber={(harbourWaitS) => onChange({ harbourWaitS }, "harbour_wait_s")}
        />
        <TextInput
          label={t("campaigns.form.harbourPrompt")}
          description={t("campaigns.form.harbourPromptHint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          spellCheck={false}
          value={draft.harbourPrompt}
          error={told.harbour_prompt}
          onChange={(event) =>
            onChange({ harbourPrompt: event.currentTarget.value }, "harbour_prompt")
          }
        />
        <TextInput
          label={t("campaigns.form.agentPrompt")}
          description={t("campaigns.form.agentPromptHint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          spellCheck={false}
          value={draft.agentPrompt}
          error={told.agent_prompt}
          onChange={(event) => onChange({ agentPrompt: event.currentTarget.value }, "agent_prompt")}
        />
      </SimpleGrid>
      <Switch
        mt="lg"
        label={t("campaigns.form.blended")}
        description={t("campaigns.form.blendedHint")}
        checked={draft.blended}
        error={told.blended}
        onChange={(event) => onChange({ blended: event.currentTarget.checked }, "blended")}
      />
      <Switch
        mt="lg"
        label={t("campaigns.form.amd")}
        description={t("campaigns.form.amdHint")}
        checked={draft.amd}
        error={told.amd}
        onChange={(event) => {
          const amd = event.currentTarget.checked;
          const harbourWaitS = amd ? Math.min(1, Number(draft.harbourWaitS)) : draft.harbourWaitS;
          onChange({ amd, harbourWaitS }, "amd", "harbour_wait_s");
        }}
      />
    </Fieldset>
  );
}

interface Retries {
  retries: Record<Retried, RetryDraft>;
}

export function RetryFields({ told, onChange, retries }: FieldProps & Retries) {
  const t = useText();
  const change = (result: Retried, changed: Partial<RetryDraft>) =>
    onChange(
      { retries: { ...retries, [result]: { ...retries[result], ...changed } } },
      `retries.${result}.delay_s`,
      `retries.${result}.max_tries`,
    );
  return (
    <Fieldset legend={t("campaigns.form.retries")}>
      <table className={classes.retries}>
        <thead>
          <tr>
            <th>{t("campaigns.form.retryAfter")}</th>
            <th>{t("campaigns.form.retryDelay")}</th>
            <th>{t("campaigns.form.retryTries")}</th>
            <th>{t("campaigns.form.retryOther")}</th>
          </tr>
        </thead>
        <tbody>
          {RETRIED.map((result) => {
            const name = t(`attemptResult.${result}`);
            const { isOn, minutes, tries, isOther } = retries[result];
            return (
              <tr key={result}>
                <td>
                  <Checkbox
                    label={name}
                    aria-label={t("campaigns.form.again", { result: name })}
                    checked={isOn}
                    onChange={(event) => change(result, { isOn: event.currentTarget.checked })}
                  />
                </td>
                <td>
                  <NumberField
                    aria-label={t("campaigns.form.delayOf", { result: name })}
                    size="xs"
                    min={0}
                    suffix={t("campaigns.form.minutes")}
                    disabled={!isOn}
                    value={minutes}
                    error={told[`retries.${result}.delay_s`]}
                    onNumber={(value) => change(result, { minutes: value })}
                  />
                </td>
                <td>
                  <NumberField
                    aria-label={t("campaigns.form.triesOf", { result: name })}
                    size="xs"
                    min={1}
                    max={20}
                    allowDecimal={false}
                    disabled={!isOn}
                    value={tries}
                    error={told[`retries.${result}.max_tries`]}
                    onNumber={(value) => change(result, { tries: value })}
                  />
                </td>
                <td>
                  <Checkbox
                    aria-label={t("campaigns.form.otherOf", { result: name })}
                    disabled={!isOn}
                    checked={isOther}
                    onChange={(event) => change(result, { isOther: event.currentTarget.checked })}
                  />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Fieldset>
  );
}

interface NumberFieldProps extends NumberInputProps {
  onNumber: (value: number | "") => void;
}

/** A number that may be empty while it is typed. */
function NumberField({ onNumber, ...rest }: NumberFieldProps) {
  return (
    <NumberInput
      inputWrapperOrder={["label", "input", "description", "error"]}
      allowNegative={false}
      {...rest}
      onChange={(value) => onNumber(value === "" ? "" : Number(value))}
    />
  );
}
