import { CircleAlert, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";

interface Notice {
  id: number;
  title: string;
  detail?: string;
}

const SHOWN_MS = 4_000;
const PROBLEM_MS = 10_000;
const MOST = 3;

let notices: readonly Notice[] = [];
let told = 0;
let held = false;
const listeners = new Set<() => void>();

function change(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

function close(id: number): void {
  change(notices.filter((each) => each.id !== id));
}

function add(notice: Omit<Notice, "id">, ms: number): void {
  told += 1;
  const id = told;
  change([...notices.slice(1 - MOST), { ...notice, id }]);
  const later = () => (held ? setTimeout(later, 500) : close(id));
  setTimeout(later, ms);
}

export function show(text: string): void {
  add({ title: text }, SHOWN_MS);
}

export function showProblem(title: string, detail: string): void {
  add({ title, detail }, PROBLEM_MS);
}

/** Those that are shown; they stay while the pointer or the keyboard is at one. */
function Notices() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notices,
  );
  if (shown.length === 0) held = false;
  const hold = (on: boolean) => () => {
    held = on;
  };
  return shown.map((each) => (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only stays for as long as it is looked at
    <div
      key={each.id}
      onPointerEnter={hold(true)}
      onPointerLeave={hold(false)}
      onFocus={hold(true)}
      onBlur={hold(false)}
      className="animate-enter pointer-events-auto flex w-full items-start gap-2 rounded-md border border-line bg-raised py-2.5 pr-2 pl-3 text-sm shadow-card"
    >
      {each.detail !== undefined && (
        <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      )}
      <div className="min-w-0 flex-1">
        <p className="break-words">{each.title}</p>
        {each.detail && <p className="break-words text-muted">{each.detail}</p>}
      </div>
      <button
        type="button"
        aria-label="Close the notice"
        onClick={() => close(each.id)}
        className="rounded-sm p-0.5 text-muted hover:bg-sunken hover:text-ink"
      >
        <X className="size-4" />
      </button>
    </div>
  ));
}

const host = document.createElement("div");
host.role = "status";
host.ariaLabel = "Notices";
// Above dialogs, which leave the pointer to nothing else.
host.className =
  "pointer-events-none fixed inset-x-3 bottom-3 z-[60] mx-auto flex max-w-88 flex-col gap-2 sm:right-4 sm:left-auto sm:bottom-4 sm:w-88";
document.body.append(host);
createRoot(host).render(<Notices />);
