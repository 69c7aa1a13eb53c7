/** Names of runs in an address. */

/** One name; the router reads a name of digits as a number. */
export function readName(value: unknown): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text ? text : undefined;
}

/** A list of names, or names separated by commas. */
export function readNames(value: unknown): string[] {
  const parts = Array.isArray(value) ? value : (readName(value)?.split(",") ?? []);
  const names = parts.map(readName).filter((name) => name !== undefined);
  return [...new Set(names)];
}
