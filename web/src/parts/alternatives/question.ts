/** Questions of what-ifs: where they are kept, and how an address has them.
 *
 * What this browser has asked is kept for all its tabs: to open its address again asks the same, and
 * joins what is going on. The address has the question too, so that it can be opened elsewhere; there
 * it only says what was asked, because a link must not start forks that cost money. */
import { browserName } from "@/api/browser_name";
import { randomKey } from "@/api/random_key";
import { readQuestion, type WhatIfQuestion } from "./read_question";

const PREFIX = browserName("what-if.");
const KEPT = 50;
const LONGEST = 1_500;

/** What an address has of a what-if. */
interface AskedSearch {
  key: string;
  /** The question, where it is short enough. */
  ask?: WhatIfQuestion;
  /** Otherwise the runs, where their names are. */
  runs?: string[];
}

/** Keeps the question, and returns what its address has. `user`: somebody else at this browser has
 * not asked it. */
export function startWhatIf(question: WhatIfQuestion, user: string): AskedSearch {
  const key = randomKey();
  keepQuestion(key, question, user);
  return { key, ...(isShort(question) ? { ask: question } : shorten(question.runs)) };
}

function shorten(runs: string[]): { runs?: string[] } {
  return isShort(runs) ? { runs } : {};
}

function isShort(value: unknown): boolean {
  return encodeURIComponent(JSON.stringify(value)).length <= LONGEST;
}

interface Kept {
  at: number;
  user: string;
  question: WhatIfQuestion;
}

export function keepQuestion(key: string, question: WhatIfQuestion, user: string): void {
  try {
    const kept: Kept = { at: Date.now(), user, question };
    localStorage.setItem(PREFIX + key, JSON.stringify(kept));
    const all = Object.keys(localStorage).filter((each) => each.startsWith(PREFIX));
    const oldest = all.toSorted((one, two) => (read(one)?.at ?? 0) - (read(two)?.at ?? 0));
    for (const each of oldest.slice(0, -KEPT)) localStorage.removeItem(each);
  } catch {
    // No room, or not allowed: the address has it.
  }
}

/** What this user has asked in this browser. */
export function findQuestion(key: string, user: string): WhatIfQuestion | null {
  const kept = read(PREFIX + key);
  return kept?.user === user ? readQuestion(kept.question) : null;
}

function read(place: string): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "null") as Kept | null;
  } catch {
    return null;
  }
}
