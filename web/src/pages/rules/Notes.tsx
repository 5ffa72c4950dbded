/** What is said above the columns: what was done and how to undo it, and what somebody else did. */

import { Button, CloseButton } from "@mantine/core";
import { TriangleAlert } from "lucide-react";

import type { VersionView } from "../../api";
import { useMe } from "../../app/session";
import { useText } from "../../i18n";
import { momentOf } from "../campaigns/moment";
import classes from "./Rules.module.css";
import { momentOfVersion } from "./useRules";

/** What was done last. */
export interface Done {
  text: string;
  undo?: () => void;
}

export function DoneNote({ done, onClose }: { done: Done; onClose: () => void }) {
  const t = useText();
  const { text, undo } = done;
  return (
    <div className={classes.done} role="status">
      {text}
      {undo && (
        <Button size="compact-sm" variant="default" onClick={undo}>
          {t("rules.undo")}
        </Button>
      )}
      <CloseButton size="sm" ml="auto" aria-label={t("rules.dismiss")} onClick={onClose} />
    </div>
  );
}

interface ConflictProps {
  /** What was published meanwhile. */
  theirs: VersionView;
  /** What the person's text was begun with. */
  base: number;
  onLook: () => void;
  onTake: () => void;
  onKeep: () => void;
}

/** Somebody else has published while the person was writing. */
export function Conflict({ theirs, base, onLook, onTake, onKeep }: ConflictProps) {
  const t = useText();
  const me = useMe();
  const { version, by: who } = theirs;
  const time = momentOf(momentOfVersion(theirs), t.language);
  return (
    <div className={classes.conflict} role="alert">
      <TriangleAlert size={16} aria-hidden />
      <span>
        {t("rules.conflict", { who, version, time, me: me.name || me.account, base })}
      </span>
      <Button size="compact-sm" variant="default" onClick={onLook}>
        {t("rules.theirChanges", { who })}
      </Button>
      <Button size="compact-sm" variant="default" onClick={onTake}>
        {t("rules.takeTheirs", { version })}
      </Button>
      <Button size="compact-sm" variant="default" onClick={onKeep}>
        {t("rules.keepMine")}
      </Button>
    </div>
  );
}

export function FileDraft({ draft, onLook }: { draft: VersionView; onLook: () => void }) {
  const t = useText();
  return (
    <div className={classes.done} role="status">
      {t("rules.fileDraft", { version: draft.version })}
      <Button size="compact-sm" variant="default" onClick={onLook}>
        {t("rules.lookAtIt")}
      </Button>
    </div>
  );
}
