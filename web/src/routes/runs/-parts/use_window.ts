import { type RefObject, useCallback, useLayoutEffect, useState } from "react";

const OVERSCAN = 6;
/** Below this width, a row is a card. */
const CARD_BELOW = 576;
const ROW = 56;
const CARD = 104;

export interface Shown {
  start: number;
  end: number;
  rowHeight: number;
  isCards: boolean;
  atTop: boolean;
}

/** Which of many rows of the same height are on the screen. */
export function useWindow(scroller: RefObject<HTMLElement | null>, count: number): Shown {
  const [shown, setShown] = useState<Shown>({
    start: 0,
    end: 30,
    rowHeight: ROW,
    isCards: false,
    atTop: true,
  });
  const look = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const isCards = element.clientWidth < CARD_BELOW;
    const rowHeight = isCards ? CARD : ROW;
    const first = Math.floor(element.scrollTop / rowHeight);
    const last = Math.ceil((element.scrollTop + element.clientHeight) / rowHeight);
    const now = {
      start: Math.max(0, first - OVERSCAN),
      end: Math.min(count, last + OVERSCAN),
      rowHeight,
      isCards,
      atTop: element.scrollTop < rowHeight / 2,
    };
    setShown((before) => (isSame(before, now) ? before : now));
  }, [scroller, count]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    look();
    element.addEventListener("scroll", look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      sizes.disconnect();
    };
  }, [scroller, look]);
  return shown;
}

function isSame(one: Shown, other: Shown): boolean {
  return (
    one.start === other.start &&
    one.end === other.end &&
    one.rowHeight === other.rowHeight &&
    one.atTop === other.atTop
  );
}
