/** One box of the desk. The state of what is in it shows at its frame. */

import type { ReactNode } from "react";

import type { Look } from "../../theme/states";
import { Panel } from "../../ui/Panel";
import classes from "./Desk.module.css";

interface Props {
  title: string;
  /** At the end of the title's line. */
  aside?: ReactNode;
  look?: Look;
  /** Takes the room that is left. */
  grows?: boolean;
  children: ReactNode;
}

export function Pane({ title, aside, look, grows = false, children }: Props) {
  return (
    <div className={classes.pane} data-look={look} data-grows={grows || undefined}>
      <Panel title={title} action={aside}>
        <div className={classes.paneBody}>{children}</div>
      </Panel>
    </div>
  );
}
