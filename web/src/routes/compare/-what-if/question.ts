/** A what-if that this tab has asked: a reload asks the same again, and joins what is going on. */
import { randomKey } from "./random_key";
import type { WhatIfQuestion } from "./types";

const PREFIX = "harness.what-if.";
const KEPT = 20;

/** Keeps the question, and returns the key under which it is asked. */
export function startWhatIf(question: WhatIfQuestion): string {
  const key = randomKey();
  const old = Object.keys(sessionStorage).filter((each) => each.startsWith(PREFIX));
  for (const each of old.slice(0, Math.max(0, old.length - KEPT))) sessionStorage.removeItem(each);
  sessionStorage.setItem(PREFIX + key, JSON.stringify(question));
  return key;
}

export function findQuestion(key: string): WhatIfQuestion | null {
  const text = sessionStorage.getItem(PREFIX + key);
  return text === null ? null : (JSON.parse(text) as WhatIfQuestion);
}
