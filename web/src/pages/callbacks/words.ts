/** How a callback's person is named in sentences. */

import { phoneNumber } from "../../format/phone";
import type { Translate } from "../../i18n";
import type { Row } from "./rows";

export function personOf(t: Translate, { name, callback }: Row): string {
  return name || phoneNumber(callback.number) || t("callbacks.somebody");
}
