/** What was typed and not sent, for each conversation: it survives reloads and failures. */
import { useEffect, useState } from "react";
import { browserName } from "@/api/browser_name";
import type { Attached } from "./types";

export interface Draft {
  text: string;
  files: Attached[];
}

const NONE: Draft = { text: "", files: [] };

function keyOf(user: string, chat: string): string {
  return browserName(`chat.draft.${user}.${chat}`);
}

function readDraft(user: string, chat: string): Draft {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(user, chat)) ?? "null") as Draft | null;
    return typeof kept?.text === "string" && Array.isArray(kept.files) ? kept : NONE;
  } catch {
    return NONE;
  }
}

function writeDraft(user: string, chat: string, draft: Draft): void {
  if (draft.text === "" && draft.files.length === 0) localStorage.removeItem(keyOf(user, chat));
  else localStorage.setItem(keyOf(user, chat), JSON.stringify(draft));
}

/** The draft of a conversation. Key the component that uses it by the conversation. */
export function useDraft(user: string, chat: string): [Draft, (draft: Draft) => void] {
  const [draft, setDraft] = useState(() => readDraft(user, chat));
  useEffect(() => {
    const key = keyOf(user, chat);
    const take = (event: StorageEvent) => {
      if (event.key === key) setDraft(readDraft(user, chat));
    };
    addEventListener("storage", take);
    return () => removeEventListener("storage", take);
  }, [user, chat]);
  return [
    draft,
    (next) => {
      setDraft(next);
      writeDraft(user, chat, next);
    },
  ];
}
