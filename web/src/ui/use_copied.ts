import { useState } from "react";
import { notifyProblem } from "./notify";

const SHOWN_MS = 1_500;

/** Copies texts, and says for a moment that it has. `copy` returns whether it could. */
export function useCopied(): [boolean, (text: string) => Promise<boolean>] {
  const [copied, setCopied] = useState(false);
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      notifyProblem("Not copied", "The browser did not allow it: select the text and copy it.");
      return false;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
    return true;
  };
  return [copied, copy];
}
