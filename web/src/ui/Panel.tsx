/** A framed part of a page with a heading; what does not fit is scrolled inside. */

import type { ReactNode } from "react";

import classes from "./Panel.module.css";

interface Props {
  title: ReactNode;
  /** Right of the title, e.g. a count. */
  note?: ReactNode;
  /** At the right end, e.g. a filter. */
  action?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Panel({ title, note, action, className, children }: Props) {
  return (
    <section className={className ? `${classes.panel} ${className}` : classes.panel}>
      <header className={classes.head}>
        <h2 className={classes.title}>{title}</h2>
        {note && <span className={classes.note}>{note}</span>}
        {action && <span className={classes.action}>{action}</span>}
      </header>
      <div className={classes.body}>{children}</div>
    </section>
  );
}
