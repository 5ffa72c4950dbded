/** Start, pause, drain and stop: first what will happen, then one button with the verb on it. */

import { Button, Popover, Stack, Text } from "@mantine/core";
import { CirclePause, CirclePlay, CircleStop, Hourglass } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { useState } from "react";

import type { CampaignView } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { useConnection } from "../../live/hooks";
import { underWayOf } from "./results";
import { STEPS, useStep } from "./useCampaign";
import type { Step } from "./useCampaign";

const ICONS: Record<Step, LucideIcon> = {
  start: CirclePlay,
  pause: CirclePause,
  drain: Hourglass,
  stop: CircleStop,
};

export function Steps({ campaign }: { campaign: CampaignView }) {
  const take = useStep(campaign.id);
  return STEPS[campaign.state].map((step) => (
    <StepButton key={step} campaign={campaign} step={step} onTake={() => void take(step)} />
  ));
}

interface Props {
  campaign: CampaignView;
  step: Step;
  onTake: () => void;
}

function StepButton({ campaign, step, onTake }: Props) {
  const t = useText();
  const isLive = useConnection() === "live";
  const [isOpen, setOpen] = useState(false);
  const Icon = ICONS[step];
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-end"
      width={320}
      trapFocus
      returnFocus
      withArrow
    >
      <Popover.Target>
        <Button
          variant={step === "start" ? "filled" : "default"}
          disabled={!isLive}
          leftSection={<Icon size={16} aria-hidden />}
          onClick={() => setOpen((open) => !open)}
        >
          {t(`campaigns.${step}`)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="md">
          <Text>{effectText(t, campaign, step)}</Text>
          <Button
            data-autofocus
            onClick={() => {
              setOpen(false);
              onTake();
            }}
          >
            {t(`campaigns.${step}`)}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

/** What will happen, and to how many. */
export function effectText(t: Translate, campaign: CampaignView, step: Step): string {
  if (step === "stop") {
    return t.count("campaigns.stopEffect", campaign.dialing + campaign.ringing);
  }
  if (step !== "start") return t.count(`campaigns.${step}Effect`, underWayOf(campaign));
  if (campaign.counts.at === 0) return t("campaigns.startEffectUnknown");
  return t.count("campaigns.startEffect", campaign.counts.due);
}
