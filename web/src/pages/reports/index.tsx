/** What has been, by interval: for supervisors and managers. docs/REPORTS.md defines the words. */

import { Anchor, Group, NativeSelect, SegmentedControl, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Download } from "lucide-react";
import { useState } from "react";

import type { Formula, ReportStep } from "../../api";
import { useText } from "../../i18n";
import { Empty } from "../../ui/Situation";
import { boundsOf, dayOf, zoneHere } from "./period";
import { AgentsReport, CampaignsReport, QueuesReport, TeamsReport } from "./Report";
import classes from "./Reports.module.css";
import { fileOf, KINDS } from "./wanted";
import type { Kind, Wanted } from "./wanted";

const TYPING_MS = 400; // a report reads much: not one for each letter of a name
const STEPS: ReportStep[] = ["15m", "30m", "1h", "day", "month"];
const FORMULAS: Formula[] = ["answered_and_abandoned", "offered", "without_short_abandons"];

export default function Page() {
  const t = useText();
  const [kind, setKind] = useState<Kind>("queues");
  const [first, setFirst] = useState(() => dayOf(Date.now()));
  const [last, setLast] = useState(() => dayOf(Date.now()));
  const [step, setStep] = useState<ReportStep>("1h");
  const [formula, setFormula] = useState<Formula>("answered_and_abandoned");
  const [only, setOnly] = useState("");
  const [name] = useDebouncedValue(only, TYPING_MS);
  const bounds = boundsOf({ first, last });
  const wanted: Wanted | null = bounds && {
    kind,
    ...bounds,
    step,
    zone: zoneHere(),
    formula,
    only: only && name,
  };
  return (
    <div className={classes.page}>
      <Group justify="space-between">
        <Title order={1}>{t("reports.title")}</Title>
        {wanted && (
          <Anchor href={fileOf(wanted)} download className={classes.download}>
            <Download size={16} aria-hidden />
            {t("reports.download")}
          </Anchor>
        )}
      </Group>
      <Group gap="sm" align="end">
        <SegmentedControl
          aria-label={t("reports.kind")}
          value={kind}
          onChange={(value) => {
            setKind(value as Kind);
            setOnly("");
          }}
          data={KINDS.map((value) => ({ value, label: t(`reports.kind.${value}`) }))}
        />
        <TextInput
          type="date"
          label={t("reports.first")}
          value={first}
          onChange={(event) => setFirst(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={t("reports.last")}
          value={last}
          onChange={(event) => setLast(event.currentTarget.value)}
        />
        <NativeSelect
          label={t("reports.step")}
          value={step}
          onChange={(event) => setStep(event.currentTarget.value as ReportStep)}
          data={STEPS.map((value) => ({ value, label: t(`reports.step.${value}`) }))}
        />
        {kind === "queues" && (
          <NativeSelect
            label={t("reports.formula")}
            value={formula}
            onChange={(event) => setFormula(event.currentTarget.value as Formula)}
            data={FORMULAS.map((value) => ({ value, label: t(`reports.formula.${value}`) }))}
          />
        )}
        <TextInput
          label={t(`reports.only.${kind}`)}
          placeholder={t("reports.all")}
          value={only}
          onChange={(event) => setOnly(event.currentTarget.value)}
        />
      </Group>
      {wanted ? (
        <OneOf wanted={wanted} />
      ) : (
        <Empty title={t("reports.noPeriod")} next={t("reports.noPeriodNext")} />
      )}
    </div>
  );
}

function OneOf({ wanted }: { wanted: Wanted }) {
  if (wanted.kind === "queues") return <QueuesReport wanted={wanted} />;
  if (wanted.kind === "agents") return <AgentsReport wanted={wanted} />;
  if (wanted.kind === "teams") return <TeamsReport wanted={wanted} />;
  return <CampaignsReport wanted={wanted} />;
}
