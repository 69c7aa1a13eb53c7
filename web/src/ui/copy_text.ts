import { notify, notifyProblem } from "./notify";

/** Copies a text, and says so. */
export async function copyText(text: string, done: string): Promise<void> {
  if (await writeClipboard(text)) notify(done);
}

/** Copies a text; says so only if it cannot. */
export async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    notifyProblem("Not copied", `The browser did not allow it. Copy it yourself: ${text}`);
    return false;
  }
}
