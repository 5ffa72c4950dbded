/** Why a call still waits and what happens next, or why this agent has it. The board stays visible
 * and usable beside it. */

import { Drawer } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { ProblemError, request } from "../../api";
import { useText } from "../../i18n";
import { useLiveEntry } from "../../live/hooks";
import { Elapsed } from "../../ui/Elapsed";
import { PhoneNumber } from "../../ui/PhoneNumber";
import { problemText } from "../../ui/problems";
import { Loading } from "../../ui/Situation";
import { TierBadge } from "../../ui/TierBadge";
import { useIsEditor } from "../rules/useRules";
import { Ended } from "./Ended";
import { waitsSince } from "./figures";
import { Priority } from "./Priority";
import { Agents, Next, Rule, ThisAgent, WhyWaiting } from "./Why";
import classes from "./Why.module.css";

const ASK_AGAIN_MS = 3_000; // others come and go; times tick by themselves

interface Props {
  call: string;
  onClose: () => void;
}

export default function CallDrawer({ call, onClose }: Props) {
  const t = useText();
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={440}
      title={t("why.title")}
      withOverlay={false}
      lockScroll={false}
      trapFocus={false}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": t("why.close") }}
      transitionProps={{ duration: 150 }}
      classNames={{
        inner: classes.drawerPlace,
        content: classes.drawer,
        title: classes.drawerTitle,
      }}
    >
      <Explanation key={call} call={call} />
    </Drawer>
  );
}

function Explanation({ call }: { call: string }) {
  const t = useText();
  const isEditor = useIsEditor();
  const view = useLiveEntry("board", "calls", call);
  const { data, error } = useQuery({
    // Asked anew at once when the call moves.
    queryKey: ["routing", call, view?.state, view?.agent, view?.queue, view?.offers],
    queryFn: ({ signal }) =>
      request("GET /api/v1/calls/{call}/routing", { path: { call }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.ended ? false : ASK_AGAIN_MS),
  });
  if (error && !data) return <p role="alert">{failureText(t, error)}</p>;
  if (!data) return <Loading />;
  const { live, ended } = data;
  const number = view?.campaign ? view.dialed_number : view?.caller_number;
  return (
    <div className={classes.why}>
      {view && (
        <div className={classes.head}>
          <TierBadge tier={view.tier} />
          {number ? <PhoneNumber number={number} /> : <span>{t("board.withheld")}</span>}
          {view.queue && (
            <span className={classes.quiet}>{t("why.queue", { queue: view.queue })}</span>
          )}
          {view.state === "waiting" && <Elapsed since={waitsSince(view)} className={classes.end} />}
        </div>
      )}
      {live && (
        <>
          {live.decision ? (
            <ThisAgent decision={live.decision} />
          ) : (
            <WhyWaiting routing={live} isDialed={Boolean(view?.campaign)} />
          )}
          {live.waiting && <Next routing={live} since={view?.queued_at ?? 0} />}
          {isEditor && live.waiting && <Priority call={call} weight={live.weight} />}
          {!view?.campaign && <Rule routing={live} />}
          {live.waiting && <Agents groups={live.agents} />}
        </>
      )}
      {ended && <Ended ended={ended} />}
    </div>
  );
}

function failureText(t: ReturnType<typeof useText>, error: unknown): string {
  if (error instanceof ProblemError && error.status === 404) return t("why.notFound");
  return problemText(t, error).title;
}
