import { notify, notifyProblem } from "./notify";

/** Copies a text, and says so. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notify(done);
  } catch {
    notifyProblem("Not copied", `The browser did not allow it. Copy it yourself: ${text}`);
  }
}
