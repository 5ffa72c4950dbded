/** Begin work: on which phone, and what for. */

import { Alert, Button, Paper, Radio, Stack, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import type { FormEvent } from "react";

import { request } from "../../api";
import type { AgentView, CampaignView } from "../../api";
import { useText } from "../../i18n";
import { useConnection } from "../../live/hooks";
import { problemText, tellProblem } from "../../ui/problems";
import classes from "./Desk.module.css";
import { rememberedPhone, rememberPhone } from "./phone";
import { isWorkable } from "./useCampaigns";

const PHONE = /^\d{1,20}$/;

interface Props {
  agent: AgentView;
  campaigns: CampaignView[];
}

export function SignOn({ agent, campaigns }: Props) {
  const t = useText();
  const isLive = useConnection() === "live";
  const [remembered] = useState(() => rememberedPhone(agent.id));
  const [phone, setPhone] = useState(remembered);
  const [work, setWork] = useState("");
  const [isWrong, setWrong] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const number = phone.trim();
    setWrong(!PHONE.test(number));
    if (!PHONE.test(number) || isBusy || !isLive) return;
    setBusy(true);
    setProblem(null);
    try {
      await request("POST /api/v1/agents/me/sign-in", { body: { phone: number } });
      rememberPhone(agent.id, number);
    } catch (error) {
      setProblem(error);
      setBusy(false);
      return;
    }
    // The desk is on the screen by now: what is refused from here on is told beside it.
    if (work) {
      const body = { campaign: work };
      await request("POST /api/v1/agents/me/campaign", { body }).catch((error: unknown) =>
        tellProblem(t, error),
      );
    }
    setBusy(false);
  };

  return (
    <Paper withBorder p="xl" className={classes.signOn}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <Stack gap="lg">
          <Title order={1}>{t("agent.signOn")}</Title>
          <Failure problem={problem} />
          <TextInput
            label={t("agent.phone")}
            description={t("agent.phoneHint")}
            name="phone"
            inputMode="numeric"
            autoComplete="off"
            maxLength={20}
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page has nothing before it
            autoFocus={!remembered}
            value={phone}
            error={isWrong && t("agent.phoneWrong")}
            onChange={(event) => setPhone(event.currentTarget.value)}
          />
          <Radio.Group label={t("agent.workFor")} value={work} onChange={setWork}>
            <Stack gap="sm" mt="sm">
              <Radio
                value=""
                label={t("agent.inbound")}
                description={t("agent.inboundQueues", { queues: listed(agent.queues, t.language) })}
              />
              {campaigns.filter(isWorkable).map((campaign) => (
                <Radio
                  key={campaign.id}
                  value={campaign.id}
                  label={campaign.name}
                  description={t("agent.campaignChoice", {
                    state: t(`campaignState.${campaign.state}`),
                  })}
                />
              ))}
            </Stack>
          </Radio.Group>
          <Button
            type="submit"
            loading={isBusy}
            disabled={!isLive}
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the phone is known: Enter is enough
            autoFocus={Boolean(remembered)}
          >
            {t("agent.signOnSubmit")}
          </Button>
        </Stack>
      </form>
    </Paper>
  );
}

function Failure({ problem }: { problem: unknown }) {
  const t = useText();
  if (!problem) return null;
  const { title, detail } = problemText(t, problem);
  return (
    <Alert color="red" role="alert" title={title}>
      {detail}
    </Alert>
  );
}

function listed(names: readonly string[], language: string): string {
  return new Intl.ListFormat(language).format(names);
}
