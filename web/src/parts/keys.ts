import { useEffect } from "react";
import { allCommands, isRunnable } from "./commands";

const SEQUENCE_MS = 1200;
const isMac = /Mac|iP/.test(navigator.platform);

/** Keys as people read them. */
export function describeKeys(keys: string): string {
  return keys.replace("mod+", isMac ? "⌘" : "Ctrl ");
}

/** Whether the person is typing: then letters are text. */
function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement)
    return !/^(button|checkbox|radio|range|file|submit)$/.test(target.type);
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

const LAYERS = ["dialog", "alertdialog", "menu", "listbox"]
  .map((role) => `[role="${role}"][data-state="open"]`)
  .join();

/** Whether a dialog or a menu is open: keys are for it, and not for the view behind. */
function isCovered(): boolean {
  return document.querySelector(LAYERS) !== null;
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const mod = isMac ? event.metaKey : event.ctrlKey;
  return mod ? `mod+${key}` : key;
}

/** Runs the commands whose keys are pressed. */
export function useKeys(): void {
  useEffect(listenToKeys, []);
}

/** Runs the commands whose keys are pressed, until the returned function is called. */
export function listenToKeys(): () => void {
  let before = "";
  let at = 0;
  const press = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const name = nameOf(event);
    if (isCovered() || (isTyping(event.target) && !name.startsWith("mod+"))) return;
    const whole = event.timeStamp - at < SEQUENCE_MS && before ? `${before} ${name}` : name;
    const offered = allCommands().filter(isRunnable);
    const found =
      offered.findLast((each) => each.keys === whole) ??
      offered.findLast((each) => each.keys === name);
    before = name;
    at = event.timeStamp;
    if (!found) return;
    event.preventDefault();
    before = "";
    found.run();
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}
