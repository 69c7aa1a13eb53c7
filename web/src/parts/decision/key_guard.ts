/** Guards the keys that decide, and no others: a key that is held, or pressed again in haste, must not
 * decide what comes next, which nobody has read yet. */
import { useEffect, useRef } from "react";

const READING_MS = 500;
let held = false;

if (typeof window !== "undefined") {
  // Before the handler that runs commands.
  addEventListener(
    "keydown",
    (event) => {
      held = event.repeat;
    },
    true,
  );
  addEventListener(
    "keyup",
    () => {
      held = false;
    },
    true,
  );
}

/** Whether a key may decide what the component has shown since `subject` changed. */
export function useKeyGuard(subject: string): () => boolean {
  const since = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new subject starts anew
  useEffect(() => {
    since.current = performance.now();
  }, [subject]);
  return () => !held && performance.now() - since.current > READING_MS;
}
