/** Phone numbers for the eye. What is copied and sent stays E.164. */

// Country codes of one and two digits (ITU-T E.164); every other one has three.
const ONE_DIGIT = /^[17]/;
const TWO_DIGITS =
  /^(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** +8613800001234 as +86 138 0000 1234. What is not E.164 stays as it is. */
export function phoneNumber(number: string): string {
  if (!/^\+\d{5,15}$/.test(number)) return number;
  const digits = number.slice(1);
  const codeLength = ONE_DIGIT.test(digits) ? 1 : TWO_DIGITS.test(digits) ? 2 : 3;
  return [`+${digits.slice(0, codeLength)}`, ...groups(digits.slice(codeLength))].join(" ");
}

/** Groups of three and four that a person can read aloud; the last one has four if it can. */
function groups(national: string): string[] {
  if (national.length <= 4) return [national];
  const last = national.slice(-4);
  const head = national.slice(0, -4);
  if (head.length <= 4) return [head, last];
  return [head.slice(0, 3), ...groups(head.slice(3) + last)];
}
