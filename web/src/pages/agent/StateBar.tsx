/** The agent's state, what can be done about it, and how much waits. */

import { Button, Group, Kbd, Menu } from "@mantine/core";
import { CircleDot, Coffee, LogOut, Undo2 } from "lucide-react";

import type { AgentView, QueueView } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { AGENT_LOOKS } from "../../theme/states";
import { Elapsed } from "../../ui/Elapsed";
import { StateBadge } from "../../ui/StateBadge";
import classes from "./Desk.module.css";
import { KeyButton } from "./KeyButton";
import type { Acts } from "./useActs";
import { BREAKS } from "./words";

const IN_CALL: readonly AgentView["state"][] = ["reserved", "ringing", "talking"];

/** Whether a wish takes effect only after what goes on now. */
export function isInCall(agent: AgentView): boolean {
  return IN_CALL.includes(agent.state) || agent.dialing !== "";
}

export function canBeReady(agent: AgentView): boolean {
  return agent.state === "not_ready" || agent.state === "wrap_up" || agent.wish !== null;
}

interface Props {
  agent: AgentView;
  queues: QueueView[];
  acts: Acts;
  isBreakOpen: boolean;
  onBreakOpen: (open: boolean) => void;
}

export function StateBar({ agent, queues, acts, isBreakOpen, onBreakOpen }: Props) {
  const t = useText();
  const reason = agent.state === "not_ready" ? reasonText(t, agent.reason) : undefined;
  return (
    <div className={classes.bar}>
      <div className={classes.state} role="status">
        <StateBadge
          size="lg"
          look={AGENT_LOOKS[agent.state]}
          text={t(`agentState.${agent.state}`)}
          detail={reason}
        />
        <Elapsed since={agent.since} className={classes.stateTime} />
      </div>
      <Group gap="sm" wrap="nowrap">
        <KeyButton
          keyName="r"
          color="var(--state-ready)"
          variant={agent.state === "not_ready" ? "filled" : "light"}
          leftSection={<CircleDot size={16} aria-hidden />}
          can={acts.isAble && canBeReady(agent) && agent.wish === null}
          onPress={acts.ready}
        >
          {t("agent.ready")}
        </KeyButton>
        <BreakMenu
          isAble={acts.isAble}
          isOpen={isBreakOpen}
          onOpen={onBreakOpen}
          onChoose={acts.takeBreak}
          isInCall={isInCall(agent)}
        />
        <KeyButton
          keyName="o"
          color="gray"
          variant="default"
          leftSection={<LogOut size={16} aria-hidden />}
          can={acts.isAble}
          onPress={acts.signOut}
        >
          {t("agent.stopWork")}
        </KeyButton>
      </Group>
      {agent.wish && <Wish agent={agent} acts={acts} />}
      <QueueLine queues={queues} />
    </div>
  );
}

/** The reasons, also by number while the list is open. */
function BreakMenu(props: {
  isAble: boolean;
  isOpen: boolean;
  onOpen: (open: boolean) => void;
  onChoose: (reason: string) => void;
  isInCall: boolean;
}) {
  const t = useText();
  const { isAble, isOpen, onOpen, onChoose } = props;
  return (
    <Menu
      opened={isOpen}
      onChange={(open) => onOpen(open && isAble)}
      position="bottom-start"
      width={240}
      classNames={{ itemLabel: classes.capital }}
      returnFocus
    >
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<Coffee size={16} aria-hidden />}
          rightSection={<Kbd size="xs">b</Kbd>}
          aria-keyshortcuts="b"
          aria-disabled={!isAble || undefined}
          data-disabled={!isAble || undefined}
        >
          {t("agent.break")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown
        onKeyDown={(event) => {
          const choice = BREAKS[Number(event.key) - 1];
          if (!choice) return;
          event.preventDefault();
          onOpen(false);
          onChoose(choice.code);
        }}
      >
        <Menu.Label>{t(props.isInCall ? "agent.breakAfterCall" : "agent.breakNow")}</Menu.Label>
        {BREAKS.map((choice, index) => (
          <Menu.Item
            key={choice.code}
            rightSection={<Kbd size="xs">{index + 1}</Kbd>}
            onClick={() => onChoose(choice.code)}
          >
            {t(choice.text)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** What will be after this call, and the way to take it back. */
function Wish({ agent, acts }: { agent: AgentView; acts: Acts }) {
  const t = useText();
  return (
    <div className={classes.wish} role="status">
      <span>{wishText(t, agent)}</span>
      <KeyButton
        keyName="r"
        size="compact-sm"
        variant="subtle"
        leftSection={<Undo2 size={14} aria-hidden />}
        can={acts.isAble}
        onPress={acts.ready}
      >
        {t("agent.undoWish")}
      </KeyButton>
    </div>
  );
}

export function wishText(t: Translate, agent: AgentView): string {
  if (agent.wish === "signed_out") return t("agent.wishSignOut");
  return t("agent.wishBreak", { reason: reasonText(t, agent.wish_reason) });
}

export function reasonText(t: Translate, reason: string): string {
  return t.maybe(`reason.${reason}`, reason);
}

/** Everybody who waits for somebody like this agent. */
function QueueLine({ queues }: { queues: QueueView[] }) {
  const t = useText();
  if (queues.length === 0) return null;
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0);
  const since = queues.map((queue) => queue.longest_waiting_since).filter((at) => at > 0);
  return (
    <div className={classes.queueLine}>
      <strong>{t.count("agent.waiting", waiting)}</strong>
      {since.length > 0 && (
        <span className={classes.longest}>
          {t("agent.longest")} <Elapsed since={Math.min(...since)} />
        </span>
      )}
    </div>
  );
}
