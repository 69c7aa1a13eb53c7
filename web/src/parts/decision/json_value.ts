/** JSON values as they come from models: any depth, any key, any size. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}
export type Path = readonly (string | number)[];

/** Deeper than this, values are compared only by identity, and never shown part by part. */
export const MAX_DEPTH = 32;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** A member of its own: `__proto__` and `constructor` are keys like any other. */
export function memberOf(value: unknown, key: string | number): Json | undefined {
  if (isList(value)) return typeof key === "number" ? value[key] : undefined;
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function withMember(value: JsonObject, key: string, member: Json): JsonObject {
  // A computed key of a literal defines a member even if it is called `__proto__`.
  return { ...value, [key]: member };
}

export function withoutMember(value: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

export function sameJson(one: unknown, two: unknown, depth = 0): boolean {
  if (Object.is(one, two) || one === two) return true;
  if (depth > MAX_DEPTH) return false;
  if (isList(one) && isList(two)) {
    return one.length === two.length && one.every((each, at) => sameJson(each, two[at], depth + 1));
  }
  if (!isObject(one) || !isObject(two)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(two).length &&
    names.every(
      (name) =>
        Object.hasOwn(two, name) && sameJson(memberOf(one, name), memberOf(two, name), depth + 1),
    )
  );
}

/** Whether it nests deeper than can be shown part by part. */
export function isDeep(value: unknown, most = MAX_DEPTH): boolean {
  if (most < 0) return true;
  if (isList(value)) return value.some((each) => isDeep(each, most - 1));
  return isObject(value) && Object.values(value).some((each) => isDeep(each, most - 1));
}

/** Whether it has a whole number that JavaScript has rounded: what is shown is then not exactly what
 * was asked, and must not be sent back. */
export function hasRounded(value: unknown, depth = 0): boolean {
  if (typeof value === "number") return Math.abs(value) > Number.MAX_SAFE_INTEGER;
  if (depth > MAX_DEPTH) return false;
  if (isList(value)) return value.some((each) => hasRounded(each, depth + 1));
  return isObject(value) && Object.values(value).some((each) => hasRounded(each, depth + 1));
}

/** Its text, in lines. */
export function writeJson(value: unknown): string {
  try {
    return JSON.stringify(value, null, 2) ?? "";
  } catch {
    return ""; // nested so deeply that even the browser gives up
  }
}

/** Reads JSON that a person typed. */
export function readJson(text: string): { value: Json } | { problem: string } {
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "This is not JSON." };
  }
}
