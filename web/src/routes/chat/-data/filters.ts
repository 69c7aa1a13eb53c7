/** What the list of chats shows, as the address has it: the first view loads this too. */

export const STATES = ["active", "archived", "deleted", "all"] as const;

/** What the list shows, as the address has it. */
export interface ChatFilters {
  state?: (typeof STATES)[number];
  agent?: string;
  tag?: string;
  text?: string;
}

export function readChatFilters(search: Record<string, unknown>): ChatFilters {
  const filters: ChatFilters = {};
  const state = STATES.find((each) => each === search["state"]);
  if (state && state !== "active") filters.state = state;
  for (const name of ["agent", "tag", "text"] as const) {
    const value = search[name];
    if (typeof value === "string" && value) filters[name] = value;
    else if (typeof value === "number") filters[name] = String(value);
  }
  return filters;
}
