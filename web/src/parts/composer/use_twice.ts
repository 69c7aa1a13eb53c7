import { useEffect, useRef, useState } from "react";

const WITHIN_MS = 2_000;

/** Acts when it is pressed twice in a short time: what cannot be taken back needs more than one key
 * that is also pressed for other reasons. `armed`: whether it was pressed once, which has to be
 * shown. */
export function useTwice(act: () => void): { armed: boolean; press: () => void } {
  const [armed, setArmed] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const press = () => {
    clearTimeout(timer.current);
    setArmed(!armed);
    if (armed) return act();
    timer.current = window.setTimeout(() => setArmed(false), WITHIN_MS);
  };
  return { armed, press };
}
