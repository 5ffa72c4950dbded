/** Both catalogues. A text is a whole sentence or label with `{name}` where values go: no sentence
 * is put together from parts. A page's texts stand in `en/PAGE.ts` and `zh/PAGE.ts`. */

import { agent } from "./en/agent";
import { board } from "./en/board";
import { callbacks } from "./en/callbacks";
import { campaignForm } from "./en/campaignForm";
import { campaignResults } from "./en/campaignResults";
import { campaigns } from "./en/campaigns";
import { reports } from "./en/reports";
import { routing } from "./en/routing";
import { rules } from "./en/rules";
import { script } from "./en/script";
import { shell } from "./en/shell";
import { states } from "./en/states";
import { agent as agentZh } from "./zh/agent";
import { board as boardZh } from "./zh/board";
import { callbacks as callbacksZh } from "./zh/callbacks";
import { campaignForm as campaignFormZh } from "./zh/campaignForm";
import { campaignResults as campaignResultsZh } from "./zh/campaignResults";
import { campaigns as campaignsZh } from "./zh/campaigns";
import { reports as reportsZh } from "./zh/reports";
import { routing as routingZh } from "./zh/routing";
import { rules as rulesZh } from "./zh/rules";
import { script as scriptZh } from "./zh/script";
import { shell as shellZh } from "./zh/shell";
import { states as statesZh } from "./zh/states";

export const en = {
  ...shell,
  ...states,
  ...board,
  ...agent,
  ...callbacks,
  ...campaigns,
  ...campaignForm,
  ...campaignResults,
  ...reports,
  ...rules,
  ...script,
  ...routing,
};

export type Texts = typeof en;
export type TextKey = keyof Texts;

export const zh: Record<TextKey, string> = {
  ...shellZh,
  ...statesZh,
  ...boardZh,
  ...agentZh,
  ...callbacksZh,
  ...campaignsZh,
  ...campaignFormZh,
  ...campaignResultsZh,
  ...reportsZh,
  ...rulesZh,
  ...scriptZh,
  ...routingZh,
};

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

export const CATALOGUES: Record<Language, Record<TextKey, string>> = { en, zh };

/** The names of a text's `{places}`. */
type Places<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Places<Rest>
  : never;

/** What a text needs to be whole. */
export type ValuesOf<Key extends TextKey> = [Places<Texts[Key]>] extends [never]
  ? []
  : [values: Record<Places<Texts[Key]>, string | number>];

/** Keys of texts without places: labels, that tables may name. */
export type PlainKey = TextKey extends infer Key
  ? Key extends TextKey
    ? ValuesOf<Key> extends []
      ? Key
      : never
    : never
  : never;

/** Keys of texts that differ by a count: `KEY.one` and `KEY.other`, with the place `{count}`. */
export type CountedKey = TextKey extends infer Key
  ? Key extends `${infer Base}.one`
    ? Base
    : never
  : never;

/** A text with its places filled in; numbers by the language's rules. */
export function fillIn(
  text: string,
  values: Record<string, string | number>,
  language: Language,
): string {
  return text.replaceAll(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    if (value === undefined) return place;
    return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
  });
}
