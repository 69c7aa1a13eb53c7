import { useState } from "react";
import { writeClipboard } from "./copy_text";

const SHOWN_MS = 1_500;

/** Copies texts, and says for a moment that it has. `copy` returns whether it could. */
export function useCopied(): [boolean, (text: string) => Promise<boolean>] {
  const [copied, setCopied] = useState(false);
  const copy = async (text: string) => {
    if (!(await writeClipboard(text))) return false;
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
    return true;
  };
  return [copied, copy];
}
