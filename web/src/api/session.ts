/** The session of this tab; see `TabSession`. */
import { useSyncExternalStore } from "react";
import { browserName } from "./browser_name";
import type { Problem } from "./problem";
import { type SessionState, TabSession } from "./tab_session";

const USER_HEADER = "X-Harness-User";
/** How the keys of texts begin. */
const TEXTS = ["chat.", "what-if."].map((name) => browserName(name));
const ALL = browserName("");

export const session = new TabSession(browserName("session"), (now) => {
  if (now.kind === "signed_out") forgetTexts();
  location.reload();
});

export function useSession(): SessionState {
  return useSyncExternalStore(watch, read);
}

const watch = (changed: () => void) => session.watch(changed);
const read = () => session.state();

/** Headers of a request that changes something: the daemon refuses it if the browser has been signed
 * in as somebody else since this tab was loaded. */
export function userHeaders(): Record<string, string> {
  const now = session.state();
  return now.kind === "own" ? { [USER_HEADER]: now.user } : {};
}

/** Takes note of what a refusal says of the session; returns it. */
export function noteRefusal(problem: Problem): Problem {
  if (problem.code === "access.other_user") session.noteOther();
  return problem;
}

/** What was written and asked is not the next user's to read. */
export function forgetTexts(): void {
  forget(localStorage, TEXTS);
  forget(sessionStorage, [ALL]);
}

function forget(store: Storage, prefixes: readonly string[]): void {
  for (const key of Object.keys(store)) {
    if (prefixes.some((prefix) => key.startsWith(prefix))) store.removeItem(key);
  }
}
