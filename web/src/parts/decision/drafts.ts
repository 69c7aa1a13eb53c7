import { useEffect, useState } from "react";
import type { JsonObject } from "./json_value";

/** What a person has typed and not sent yet: it is still there when they come back to the card. */
export interface Draft {
  mode: "read" | "edit" | "reject" | "answer";
  arguments?: JsonObject;
  note: string;
  answer: string;
}

const MOST = 30;
const kept = new Map<string, Draft>();

export function useDraft(key: string, fresh: Draft) {
  const [draft, setDraft] = useState(() => kept.get(key) ?? fresh);
  useEffect(() => {
    kept.delete(key);
    kept.set(key, draft);
    const oldest = kept.size > MOST ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
  }, [key, draft]);
  const change = (changes: Partial<Draft>) => setDraft((before) => ({ ...before, ...changes }));
  return [draft, change] as const;
}
