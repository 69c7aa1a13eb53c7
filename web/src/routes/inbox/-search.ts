export interface InboxSearch {
  agent?: string;
  run?: string;
  by?: "run" | "agent";
  /** What is selected: see `nameOf`. */
  item?: string;
}

export function readSearch(search: Record<string, unknown>): InboxSearch {
  const { agent, run, by, item } = search;
  return {
    ...(isText(agent) ? { agent } : {}),
    ...(isText(run) ? { run } : {}),
    ...(by === "run" || by === "agent" ? { by } : {}),
    ...(isText(item) ? { item } : {}),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length < 1_000;
}
