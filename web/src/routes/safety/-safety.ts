/** The parts of the view, and how gates are named. */
import type { Schemas } from "@/api/client";

export const TABS = [
  { id: "rules", title: "Rules" },
  { id: "explain", title: "Explain a call" },
  { id: "remembered", title: "Remembered" },
  { id: "gates", title: "Gates" },
] as const;
export type TabId = (typeof TABS)[number]["id"];

export interface SafetySearch {
  tab?: TabId;
  /** The call to explain. */
  agent?: string;
  tool?: string;
}

export function readSearch(search: Record<string, unknown>): SafetySearch {
  const read: SafetySearch = {};
  const tab = TABS.find((each) => each.id === search["tab"])?.id;
  if (tab && tab !== "rules") read.tab = tab;
  for (const name of ["agent", "tool"] as const) {
    const value = search[name];
    if (value !== undefined && value !== "") read[name] = String(value).slice(0, 200);
  }
  return read;
}

export type Profile = "off" | "watch" | "standard" | "strict";

const PROFILES: Readonly<Record<Profile, string>> = {
  off: "The built-in gates do nothing.",
  watch: "They record what they would stop, and let it pass.",
  standard: "They ask about suspicious writes, and stop those that untrusted content orders.",
  strict: "They stop more, and ask about the rest.",
};

/** What is known of a profile; a newer daemon may have others. */
export function describeProfile(profile: string): string | undefined {
  return Object.hasOwn(PROFILES, profile) ? PROFILES[profile as Profile] : undefined;
}

type Place = Schemas["GateView"]["places"][number];

export const PLACES: Readonly<Record<Place, string>> = {
  model_call: "before a model call",
  model_reply: "after a model's reply",
  tool_call: "before a tool call",
  tool_result: "after a tool's result",
};

/** The arguments that a person typed as JSON; what is wrong with them. */
export function readArguments(text: string): {
  value?: Record<string, unknown>;
  fault?: string;
} {
  if (text.trim() === "") return { value: {} };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return { value: value as Record<string, unknown> };
    return { fault: 'Write an object, such as {"amount": 5}.' };
  } catch (error) {
    return { fault: `This is not JSON: ${error instanceof Error ? error.message : ""}` };
  }
}
