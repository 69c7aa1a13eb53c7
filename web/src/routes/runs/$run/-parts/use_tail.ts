import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 48;

interface Tail {
  /** Whether there is something below what is in sight. */
  behind: boolean;
  /** Steps that came since it was left. */
  unseen: number;
  jump: () => void;
  leave: () => void;
}

/** Keeps the end in sight while it grows, until somebody scrolls away: then it stays where it is. */
export function useTail(
  scroller: RefObject<HTMLElement | null>,
  /** Changes whenever the content may have grown. */
  grown: string,
  options: { wanted: boolean; count: number },
): Tail {
  const follows = useRef<boolean | null>(null);
  const [behind, setBehind] = useState(false);
  const leftAt = useRef<number | null>(null);
  const count = useRef(options.count);
  count.current = options.count;
  if (options.wanted) follows.current ??= true;
  const leave = useCallback(() => {
    if (follows.current) leftAt.current = count.current;
    follows.current = false;
  }, []);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let top = element.scrollTop;
    const look = () => {
      const left = element.scrollHeight - element.clientHeight - element.scrollTop;
      // Only upwards is away: the end also moves away by growing.
      if (element.scrollTop < top - 1 && left > NEAR_PX) leave();
      else if (left <= NEAR_PX && follows.current === false) follows.current = true;
      top = element.scrollTop;
      setBehind(left > NEAR_PX && !follows.current);
    };
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, [scroller, leave]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `grown` says when to look
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    if (follows.current) element.scrollTop = element.scrollHeight;
    const left = element.scrollHeight - element.clientHeight - element.scrollTop;
    setBehind(left > NEAR_PX && !follows.current);
  }, [scroller, grown]);
  const jump = useCallback(() => {
    follows.current = true;
    setBehind(false);
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [scroller]);
  return {
    behind,
    unseen:
      follows.current === false && leftAt.current !== null
        ? Math.max(0, options.count - leftAt.current)
        : 0,
    jump,
    leave,
  };
}
