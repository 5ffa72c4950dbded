/** Numbers as people compare them: at most three significant digits. */

/** A share as per cent, e.g. 0.0234 as 2.34 %. */
export function percent(share: number, language: string): string {
  return new Intl.NumberFormat(language, {
    style: "percent",
    maximumSignificantDigits: 3,
  }).format(share);
}

/** A count, with the separators of the language. */
export function count(value: number, language: string): string {
  return new Intl.NumberFormat(language).format(value);
}
