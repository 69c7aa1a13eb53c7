import type { Schemas } from "@/api/client";

export type ModelView = Schemas["ModelView"];

export interface ModelSearch {
  /** What the names contain. */
  find?: string;
  /** Only models whose key is there. */
  ready?: true;
}

export function readSearch(search: Record<string, unknown>): ModelSearch {
  const read: ModelSearch = {};
  if (search["find"] !== undefined && search["find"] !== "") read.find = String(search["find"]);
  if (search["ready"] === true) read.ready = true;
  return read;
}

export interface Provider {
  name: string;
  models: readonly ModelView[];
  /** Whether a key is there, or none is needed. */
  ready: boolean;
}

/** The models that match, by provider; those that can be used first. */
export function groupModels(
  models: readonly ModelView[],
  search: ModelSearch,
): readonly Provider[] {
  const wanted = search.find?.trim().toLowerCase() ?? "";
  const shown = models.filter(
    (each) => each.model.toLowerCase().includes(wanted) && (!search.ready || each.ready),
  );
  return [...Map.groupBy(shown, (each) => each.model.split("/", 1)[0] ?? "")]
    .map(([name, members]) => ({ name, models: members, ready: members.some((m) => m.ready) }))
    .toSorted((a, b) => Number(b.ready) - Number(a.ready));
}

/** Dollars per million tokens. */
export function formatPrice(price: number): string {
  if (Number.isInteger(price)) return `$${price}`;
  return `$${price < 1 ? price.toFixed(3).replace(/0$/, "") : price.toFixed(2)}`;
}
