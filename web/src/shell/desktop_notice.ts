/** Notices of the desktop when something new waits and nobody looks at the page.
 *
 * Of all tabs one shows them: it holds the lock `LEADER`. Each tab that is on screen holds `SEEN`
 * together with others; while anyone does, the badge in the page is notice enough. */
import { browserName } from "@/api/browser_name";
import { root } from "@/api/root";
import { areNoticesWanted, wantNotices } from "./notice_setting";
import { keyOf, type WaitingItem } from "./waiting_item";

const LEADER = browserName("notices");
const SEEN = browserName("seen");
const MOST_AT_ONCE = 3;

type Subscribe = (listener: () => void) => () => void;
type Read = () => readonly WaitingItem[] | undefined;

let started = false;

export type NoticeState = "on" | "off" | "denied" | "unsupported";

export function noticeState(): NoticeState {
  // Browsers offer both to secure contexts only.
  if (!("Notification" in globalThis) || !("locks" in navigator)) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  return areNoticesWanted() && Notification.permission === "granted" ? "on" : "off";
}

/** Asks for permission; only a click may do this. */
export async function turnOn(): Promise<NoticeState> {
  if (noticeState() === "unsupported") return "unsupported";
  const given = await Notification.requestPermission();
  if (given === "granted") wantNotices(true);
  return noticeState();
}

export function turnOff(): void {
  wantNotices(false);
}

/** Shows notices from now on, in this tab if no other one does. */
export function follow(subscribe: Subscribe, read: Read): void {
  if (started || noticeState() === "unsupported") return;
  started = true;
  holdWhileSeen();
  void navigator.locks.request(LEADER, () => {
    watch(subscribe, read);
    return new Promise<never>(() => {}); // until the tab closes
  });
}

function holdWhileSeen(): void {
  let release: (() => void) | undefined;
  const look = () => {
    if (document.visibilityState !== "visible") {
      release?.();
      release = undefined;
    } else if (!release) {
      const seen = new Promise<void>((resolve) => {
        release = resolve;
      });
      void navigator.locks.request(SEEN, { mode: "shared" }, () => seen);
    }
  };
  addEventListener("visibilitychange", look);
  look();
}

async function isSeen(): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === SEEN);
}

/** What is new since the last look; everything is old at the first. */
export function findNew(
  before: ReadonlySet<string> | undefined,
  now: readonly WaitingItem[],
): readonly WaitingItem[] {
  return before ? now.filter((item) => !before.has(keyOf(item))) : [];
}

function watch(subscribe: Subscribe, read: Read): void {
  let before: ReadonlySet<string> | undefined;
  const look = async () => {
    const now = read();
    if (!now) return;
    const fresh = findNew(before, now);
    before = new Set(now.map(keyOf));
    if (fresh.length === 0 || noticeState() !== "on" || (await isSeen())) return;
    if (fresh.length > MOST_AT_ONCE) {
      show(`${fresh.length} requests wait for you`, "", "/inbox", "many");
      return;
    }
    for (const item of fresh) {
      // No arguments: a lock screen may show this to anyone.
      const what = item.pending.tool
        ? `${item.pending.need}: ${item.pending.tool}`
        : item.pending.need;
      const at = new URLSearchParams({ item: `${item.run} ${item.pending.id}` });
      show(`${item.agent} waits for you`, what, `/inbox?${at}`, keyOf(item));
    }
  };
  subscribe(() => void look());
  void look();
}

function show(title: string, body: string, path: string, tag: string): void {
  const notice = new Notification(title, { body, tag: browserName(tag) });
  notice.onclick = () => {
    window.focus();
    notice.close();
    // The router listens to the history.
    history.pushState(null, "", root + path);
  };
}
