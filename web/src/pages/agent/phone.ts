/** The phone an agent worked on last, kept in the browser of that desk. */

const STORED = "phone-of:";

export function rememberedPhone(account: string): string {
  try {
    return localStorage.getItem(STORED + account) ?? "";
  } catch {
    return "";
  }
}

export function rememberPhone(account: string, phone: string): void {
  try {
    localStorage.setItem(STORED + account, phone);
  } catch {
    // A browser that keeps nothing: it is asked for again.
  }
}
