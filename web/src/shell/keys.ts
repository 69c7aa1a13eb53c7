import { useEffect } from "react";
import { allCommands } from "./commands";

const SEQUENCE_MS = 1200;
const isMac = /Mac|iP/.test(navigator.platform);

/** Keys as people read them. */
export function describeKeys(keys: string): string {
  return keys.replace("mod+", isMac ? "⌘" : "Ctrl ");
}

/** Whether the person is typing: then letters are text. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const mod = isMac ? event.metaKey : event.ctrlKey;
  return mod ? `mod+${key}` : key;
}

/** Runs the commands whose keys are pressed. */
export function useKeys(): void {
  useEffect(() => {
    let before = "";
    let at = 0;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.isComposing) return;
      const name = nameOf(event);
      if (isTyping(event.target) && !name.startsWith("mod+")) return;
      const whole = event.timeStamp - at < SEQUENCE_MS && before ? `${before} ${name}` : name;
      const found =
        allCommands().findLast((each) => each.keys === whole) ??
        allCommands().findLast((each) => each.keys === name);
      before = name;
      at = event.timeStamp;
      if (!found) return;
      // Letters inside a dialog belong to it, but its own commands are registered last.
      event.preventDefault();
      before = "";
      found.run();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
