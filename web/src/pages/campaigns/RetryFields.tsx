/** The part of the campaign form that says after which results somebody is tried again. */

import { Checkbox, Fieldset } from "@mantine/core";

import { useText } from "../../i18n";
import { Explained } from "../../ui/Explained";
import classes from "./Campaign.module.css";
import { RETRIED } from "./fields";
import type { Retried, RetryDraft } from "./fields";
import type { FieldProps } from "./FormFields";
import { NumberField } from "./NumberField";

export function RetryFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  const { retries } = draft;
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
            <th><Explained label={t("campaigns.form.retryAfter")} help={t("campaigns.form.retryAfterHint")} /></th>
            <th><Explained label={t("campaigns.form.retryDelay")} help={t("campaigns.form.retryDelayHint")} /></th>
            <th><Explained label={t("campaigns.form.retryTries")} help={t("campaigns.form.retryTriesHint")} /></th>
            <th><Explained label={t("campaigns.form.retryOther")} help={t("campaigns.form.retryOtherHint")} /></th>
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
