/** Every version, the newest first: look at one, or go back to it. */

import { Anchor, Button, UnstyledButton } from "@mantine/core";
import { Undo2 } from "lucide-react";

import type { VersionView } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import type { Look } from "../../theme/states";
import { Panel } from "../../ui/Panel";
import { Loading } from "../../ui/Situation";
import { StateBadge } from "../../ui/StateBadge";
import { momentOf } from "../campaigns/moment";
import classes from "./Rules.module.css";
import { momentOfVersion, useVersions } from "./useRules";

/** Of those that somebody has to know of; the others are history. */
const LOOKS: Record<string, Look> = { published: "ready", draft: "wrap-up" };

/** What holds until something is published, and may be gone back to; no version is kept of it. */
function builtIn(inForce: number): VersionView {
  return {
    version: 0,
    state: inForce === 0 ? "published" : "replaced",
    by: "",
    created_at: 0,
    published_at: 0,
    comment: "",
    based_on: 0,
  };
}

interface Props {
  /** The version that calls are treated by. */
  inForce: number;
  /** The version that is looked at. */
  shown: number | null;
  isEditor: boolean;
  isBusy: boolean;
  onShow: (version: number) => void;
  onRollBack: (version: number) => void;
}

export function Versions(props: Props) {
  const t = useText();
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useVersions();
  const versions = data?.pages.flatMap((page) => page.versions);
  return (
    <Panel title={t("rules.versions")} className={classes.versions}>
      {!versions && <Loading />}
      <ul className={classes.list}>
        {versions?.map((version) => <Version key={version.version} version={version} {...props} />)}
        {versions && !hasNextPage && <Version version={builtIn(props.inForce)} {...props} />}
      </ul>
      {hasNextPage && (
        <Button
          variant="subtle"
          size="compact-sm"
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t("rules.more")}
        </Button>
      )}
    </Panel>
  );
}

function Version({ version, ...props }: Props & { version: VersionView }) {
  const t = useText();
  const { shown, isEditor, isBusy, onShow, onRollBack } = props;
  const number = version.version;
  return (
    <li className={classes.version} data-shown={shown === number || undefined}>
      <UnstyledButton
        className={classes.open}
        aria-current={shown === number || undefined}
        onClick={() => onShow(number)}
      >
        <span className={classes.versionHead}>
          <b>{number === 0 ? t("rules.builtIn") : t("rules.version", { version: number })}</b>
          <VersionState state={version.state} />
        </span>
        {number > 0 && <span className={classes.quiet}>{whoAndWhen(t, version)}</span>}
        {version.comment && <span className={classes.comment}>{version.comment}</span>}
      </UnstyledButton>
      {isEditor && version.state === "replaced" && (
        <Anchor
          component="button"
          type="button"
          size="xs"
          className={classes.rollBack}
          disabled={isBusy}
          aria-label={t("rules.rollBackTo", { version: number })}
          onClick={() => onRollBack(number)}
        >
          <Undo2 size={12} aria-hidden /> {t("rules.rollBack")}
        </Anchor>
      )}
    </li>
  );
}

function VersionState({ state }: { state: string }) {
  const t = useText();
  const [look, text] = [LOOKS[state], t.maybe(`rules.state.${state}`, state)];
  return look ? <StateBadge look={look} text={text} /> : <span className={classes.quiet}>{text}</span>;
}

function whoAndWhen(t: Translate, version: VersionView): string {
  const time = momentOf(momentOfVersion(version), t.language);
  if (version.by === "file") return t("rules.byFile", { time });
  if (version.by === "@cli") return t("rules.byCli", { time });
  return t("rules.byAt", { who: version.by, time });
}
