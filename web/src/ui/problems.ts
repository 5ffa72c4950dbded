/** Refusals of the server in the person's language. */

import { notifications } from "@mantine/notifications";

import { ProblemError } from "../api";
import type { Translate } from "../i18n";

/** What to say of something that failed. The kind in the page's language; why in this case as the
 * server says it. */
export function problemText(t: Translate, error: unknown): { title: string; detail: string } {
  if (!(error instanceof ProblemError)) return { title: t("state.brokenTitle"), detail: "" };
  const title = t
    .maybe(`problem.${error.problem}`, t("problem.other"))
    .replace("{incident}", error.incident);
  const saysMore = ["conflict", "invalid", "not-found", "forbidden"].includes(error.problem);
  return { title, detail: saysMore ? error.detail : "" };
}

/** Show what failed in a corner, where it covers nothing. */
export function tellProblem(t: Translate, error: unknown): void {
  const { title, detail } = problemText(t, error);
  notifications.show({ color: "red", title, message: detail, autoClose: 8_000 });
}
