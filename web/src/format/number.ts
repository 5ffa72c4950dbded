/** Numbers as people compare them: at most three significant digits. */

/** A share as per cent, e.g. 0.0234 as 2.34 %. */
export function percent(share: number, language: string): string {
  return new Intl.NumberFormat(language, {
    style: "percent",
    maximumSignificantDigits: 3,
  }).format(share);
}

/** Money in hundredths, as an amount of the center's currency. */
export function cents(value: number, language: string): string {
  const isWhole = value % 100 === 0;
  const digits = { minimumFractionDigits: isWhole ? 0 : 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat(language, digits).format(value / 100);
}

/** A count, with the separators of the language. */
export function count(value: number, language: string): string {
  return new Intl.NumberFormat(language).format(value);
}
