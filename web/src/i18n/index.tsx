/** The language of the page and the texts in it. */

import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";

import { CATALOGUES, fillIn, LANGUAGES } from "./texts";
import type { CountedKey, Language, TextKey, ValuesOf } from "./texts";

export type { Language, PlainKey, TextKey } from "./texts";

const STORED = "language";

/** Puts texts into words. */
export interface Translate {
  <Key extends TextKey>(key: Key, ...values: ValuesOf<Key>): string;
  /** A text that differs by a count. */
  count: (key: CountedKey, count: number) => string;
  /** A text whose key is made at run time, e.g. of a word from the server; `otherwise` if there is
   * none. */
  maybe: (key: string, otherwise: string) => string;
  language: Language;
}

interface Languages {
  t: Translate;
  language: Language;
  choose: (language: Language) => void;
}

const LanguageContext = createContext<Languages | null>(null);

export function makeTranslate(language: Language): Translate {
  const texts: Record<string, string> = CATALOGUES[language];
  const plurals = new Intl.PluralRules(language);
  const t = (key: string, values: Record<string, string | number> = {}) =>
    fillIn(texts[key] ?? key, values, language);
  return Object.assign(t as (...all: never[]) => string, {
    count: (key: CountedKey, count: number) =>
      t(`${key}.${plurals.select(count) === "one" ? "one" : "other"}`, { count }),
    maybe: (key: string, otherwise: string) => texts[key] ?? otherwise,
    language,
  }) as Translate;
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  const choose = useCallback((next: Language) => {
    setLanguage(next);
    try {
      localStorage.setItem(STORED, next);
    } catch {
      // A browser that keeps nothing: the choice holds until the page is left.
    }
  }, []);
  const t = useMemo(() => makeTranslate(language), [language]);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = t("app.name");
  }, [language, t]);
  const value = useMemo(() => ({ t, language, choose }), [t, language, choose]);
  return <LanguageContext.Provider value={value}>{children}</LanguageContext.Provider>;
}

/** The function that gives texts: `const t = useText()`, `t("nav.board")`. */
export function useText(): Translate {
  return useLanguage().t;
}

export function useLanguage(): Languages {
  const languages = useContext(LanguageContext);
  if (!languages) throw new Error("useText: no LanguageProvider above");
  return languages;
}

function firstLanguage(): Language {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(STORED);
  } catch {
    // as above
  }
  const wanted = [stored, ...navigator.languages].map((name) => name?.slice(0, 2));
  return wanted.find(isOurs) ?? "en";
}

function isOurs(name: string | undefined): name is Language {
  return LANGUAGES.includes(name as Language);
}
