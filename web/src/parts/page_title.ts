/** The title of the browser's tab: what waits for the person, and what the view shows. */
import { useEffect } from "react";

const PRODUCT = "harness";

let waiting = 0;
let view = "";

function write(): void {
  const title = view ? `${view} · ${PRODUCT}` : PRODUCT;
  document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
}

function setPageTitle(title: string): void {
  view = title;
  write();
}

/** Names the tab after a view while the view is shown; null: another part of the page names it. */
export function usePageTitle(title: string | null): void {
  useEffect(() => {
    if (title === null) return;
    setPageTitle(title);
    return () => setPageTitle("");
  }, [title]);
}

export function setWaitingCount(count: number): void {
  waiting = count;
  write();
}
