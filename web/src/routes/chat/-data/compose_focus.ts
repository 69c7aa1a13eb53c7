import { type RefObject, useEffect } from "react";

const ASKED = "harness:compose";

/** Asks for the field of a new chat; it may already be shown, so mounting alone does not tell. */
export function askFocus(): void {
  // After the click has been dealt with: the view may be shown by it.
  setTimeout(() => dispatchEvent(new Event(ASKED)), 50);
}

/** Gives the keyboard to the text field inside when a new chat is asked for. */
export function useAskedFocus(around: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const focus = () => around.current?.querySelector("textarea")?.focus();
    addEventListener(ASKED, focus);
    return () => removeEventListener(ASKED, focus);
  }, [around]);
}
