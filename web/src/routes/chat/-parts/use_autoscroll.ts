import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

const NEAR_PX = 48;

/** Keeps the end in sight while it grows, unless the reader has scrolled away from it. */
export function useAutoscroll(): {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  /** Whether the end is in sight. */
  atEnd: boolean;
  toEnd: () => void;
} {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const held = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  const toEnd = useCallback(() => {
    held.current = true;
    setAtEnd(true);
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);
  useEffect(() => {
    const element = scroller.current;
    const grown = content.current;
    if (!element || !grown) return;
    let top = element.scrollTop;
    const look = () => {
      const left = element.scrollHeight - element.scrollTop - element.clientHeight;
      // Only a reader scrolls up: growth moves the end, not the place.
      if (left < NEAR_PX) held.current = true;
      else if (element.scrollTop < top - 1) held.current = false;
      top = element.scrollTop;
      setAtEnd(left < NEAR_PX || held.current);
    };
    const follow = new ResizeObserver(() => {
      if (held.current) element.scrollTop = element.scrollHeight;
      top = element.scrollTop;
      const left = element.scrollHeight - element.scrollTop - element.clientHeight;
      setAtEnd(held.current || left < NEAR_PX);
    });
    element.addEventListener("scroll", look, { passive: true });
    follow.observe(grown);
    follow.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      follow.disconnect();
    };
  }, []);
  return { scroller, content, atEnd, toEnd };
}
