import { SegmentedControl } from "@mantine/core";

import { useLanguage } from "../i18n";
import type { Language } from "../i18n";

const CHOICES = [
  { value: "en", label: "EN" },
  { value: "zh", label: "中" },
];

/** Chooses the language; each is named in itself. */
export function LanguageSwitch() {
  const { t, language, choose } = useLanguage();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("language.label")}
      data={CHOICES}
      value={language}
      onChange={(value) => choose(value as Language)}
    />
  );
}
