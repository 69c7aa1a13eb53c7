/** The session of this tab; see `TabSession`. */
import { useSyncExternalStore } from "react";
import type { Problem } from "./problem";
import { root } from "./root";
import { type SessionState, TabSession } from "./tab_session";

const USER_HEADER = "X-Harness-User";
const PREFIXES = ["harness.chat.", "harness.what-if."];

export const session = new TabSession(`harness.session${root}`, (now) => {
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
  for (const key of Object.keys(localStorage)) {
    if (PREFIXES.some((prefix) => key.startsWith(prefix))) localStorage.removeItem(key);
  }
  sessionStorage.clear();
}
