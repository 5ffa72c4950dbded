/** What the server says of fields, by its names of them. */

export type Told = Readonly<Record<string, string>>;

/** The order of what belongs to a field. */
export const ORDER: ("label" | "input" | "description" | "error")[] = [
  "label",
  "input",
  "description",
  "error",
];

/** The names of this field and of what is in it that something was told of. */
export function namesOf(told: Told, field: string): string[] {
  return Object.keys(told).filter((name) => name === field || name.startsWith(`${field}.`));
}

/** The first that was told of this field or of what is in it. */
export function first(told: Told, field: string): string | undefined {
  const [name] = namesOf(told, field);
  return name === undefined ? undefined : told[name];
}
