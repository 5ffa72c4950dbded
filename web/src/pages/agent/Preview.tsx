/** Somebody of the list whose card is read before they are dialed: what to press, how the call
 * stands, and what came of the one before. */

import { Group } from "@mantine/core";
import { PhoneOutgoing, SkipForward } from "lucide-react";

import type { AgentView } from "../../api";
import { useText } from "../../i18n";
import type { PlainKey } from "../../i18n";
import { SHAPES } from "../../theme/states";
import { Elapsed } from "../../ui/Elapsed";
import classes from "./Desk.module.css";
import { KeyButton } from "./KeyButton";
import type { Acts } from "./useActs";

const DIALING: Partial<Record<NonNullable<AgentView["dial_state"]>, PlainKey>> = {
  placed: "agent.preview.placed",
  ringing: "agent.preview.ringing",
  screening: "agent.preview.answered",
  for_agent: "agent.preview.answered",
};

/** What goes on with the person on the card. */
export function PreviewHead({ agent }: { agent: AgentView }) {
  const t = useText();
  const Shape = SHAPES[agent.dialing ? "talking" : "ready"];
  const dialing = (agent.dial_state && DIALING[agent.dial_state]) || "agent.preview.over";
  const dialAt = agent.preview?.dial_at ?? 0;
  return (
    <div role="status">
      {agent.dialed_in_vain && (
        <p className={classes.quiet}>
          {t("agent.preview.last", {
            result: t.maybe(
              `attemptResult.${agent.dialed_in_vain.result}`,
              agent.dialed_in_vain.result,
            ),
          })}
        </p>
      )}
      <div className={classes.callHead}>
        <span className={classes.callState}>
          <Shape size={18} aria-hidden />
          {t(agent.dialing ? dialing : "agent.preview.read")}
        </span>
        {dialAt > 0 && (
          <span className={classes.dialIn}>
            {t("agent.preview.dialIn")} <Elapsed since={dialAt} until />
          </span>
        )}
      </div>
    </div>
  );
}

/** While the person is being dialed they still say what they do, and do nothing. */
export function PreviewButtons({ preview, acts }: { preview: string; acts: Acts }) {
  const t = useText();
  const can = acts.isAble && preview !== "";
  return (
    <Group grow gap="sm" mt="auto">
      <KeyButton
        keyName="d"
        color="var(--state-ready)"
        variant="filled"
        leftSection={<PhoneOutgoing size={16} aria-hidden />}
        can={can}
        onPress={() => acts.dial(preview)}
      >
        {t("agent.preview.dial")}
      </KeyButton>
      <KeyButton
        keyName="s"
        color="gray"
        variant="default"
        leftSection={<SkipForward size={16} aria-hidden />}
        can={can}
        onPress={() => acts.skip(preview)}
      >
        {t("agent.preview.skip")}
      </KeyButton>
    </Group>
  );
}
