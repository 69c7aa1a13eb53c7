/** What a panel gets to work with. A panel is a module of an installed package, written against this
 * interface alone: it is described in docs/how-to/write-a-panel.md. */
import type { Schemas } from "@/api/client";
import { addressOf } from "@/api/client";
import { followTopic, type LiveEvent } from "@/api/live";
import { Problem, type ProblemDocument } from "@/api/problem";
import { noteRefusal, userHeaders } from "@/api/session";
import { notify } from "@/ui/notify";
import { isDark } from "../theme";

const MOST_TITLE = 100;

interface PanelHost {
  /** The theme now; colours are best taken from the page's CSS variables, which follow it. */
  readonly theme: "light" | "dark";
  readonly locale: string;
  readonly user: string;
  readonly role: Schemas["Role"];
  /** The run whose tab the panel is; absent in a view. */
  readonly run?: string;
  /** The query of the view's address, such as `?of=me`; empty in a tab. When it changes, the view is
   * mounted anew. */
  readonly query: string;
  /** Reads `/api/v1` + path. */
  get: (path: string) => Promise<unknown>;
  post: (path: string, body?: unknown) => Promise<unknown>;
  patch: (path: string, body: unknown) => Promise<unknown>;
  delete: (path: string) => Promise<unknown>;
  /** Follows a topic of the live socket until the returned function is called. The event has the
   * topic as it was given, its kind as `event`, its `data`, and an `id` unless it is fleeting. */
  follow: (topic: string, onEvent: (event: LiveEvent) => void) => () => void;
  /** Names what the view shows, in its heading and in the title of the tab: put before the title
   * of the panel, until the view is left. In the tab of a run it does nothing. */
  setTitle: (title: string) => void;
  /** Shows another view of the page. */
  navigate: (path: string) => void;
  notify: (text: string) => void;
}

export type Unmount = () => void;

interface PanelModule {
  mount: (
    element: HTMLElement,
    host: PanelHost,
  ) => Unmount | undefined | Promise<Unmount | undefined>;
}

export function makeHost(
  me: Schemas["Me"],
  run: string | undefined,
  query: string,
  navigate: (path: string) => void,
  setTitle: (title: string) => void,
): PanelHost {
  return {
    get theme() {
      return isDark() ? "dark" : "light";
    },
    locale: navigator.language,
    user: me.user,
    role: me.role,
    ...(run === undefined ? {} : { run }),
    query,
    get: (path) => request("GET", path),
    post: (path, body) => request("POST", path, body ?? {}),
    patch: (path, body) => request("PATCH", path, body),
    delete: (path) => request("DELETE", path),
    // In the event, the topic may end in what tells the readers of the stream apart.
    follow: (topic, onEvent) => followTopic(topic, (event) => onEvent({ ...event, topic })),
    setTitle: (title) => setTitle(cutTitle(title)),
    navigate,
    notify,
  };
}

/** A title on one line, with names in place of what nobody sees, and short enough for a heading. */
export function cutTitle(title: unknown): string {
  const line = String(title).replace(/\s+/g, " ").trim();
  const shown = line.replace(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (each) => `[U+${(each.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
  return shown.length > MOST_TITLE ? `${shown.slice(0, MOST_TITLE - 1)}…` : shown;
}

async function request(method: string, path: string, body?: unknown): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(addressOf(checkPath(path)), {
      method,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        ...(method === "GET" ? {} : userHeaders()),
        ...(body ? { "Content-Type": "application/json" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  } catch (error) {
    throw Problem.of(error);
  }
  const text = await answer.text();
  const value: unknown = text ? JSON.parse(text) : undefined;
  if (!answer.ok) {
    throw noteRefusal(new Problem((value ?? {}) as Partial<ProblemDocument>, answer.status));
  }
  return value;
}

/** The path below the API, as written; nothing that would leave it once a browser has read it: it
 * takes `%2e` for a dot and a backslash for a slash, and skips tabs and line breaks. */
export function checkPath(path: string): string {
  const api = new URL(addressOf("/"), location.origin);
  const read = new URL(addressOf(path), location.origin);
  const segments = unescapePath(path.split(/[?#]/, 1)[0] ?? "").split("/");
  if (
    segments[0] !== "" ||
    segments.some((each) => /^\.\.?$|[\\\p{Cc}]/u.test(each)) ||
    read.origin !== api.origin ||
    !read.pathname.startsWith(api.pathname)
  ) {
    throw new TypeError(
      `A path below /api/v1 begins with "/" and has no "..": ${path.slice(0, 100)}`,
    );
  }
  return path;
}

function unescapePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new TypeError(`Not a path: ${path.slice(0, 100)}`); // not UTF-8
  }
}

/** Loads a panel's module; `again` makes the browser ask once more for one that failed. */
export async function loadPanel(module: string, again: number): Promise<PanelModule> {
  const address = addressOf(module) + (again ? `?again=${again}` : "");
  const loaded: unknown = await import(/* @vite-ignore */ address);
  if (typeof (loaded as Partial<PanelModule>).mount !== "function") {
    throw new TypeError("The panel's module does not export a function `mount`.");
  }
  return loaded as PanelModule;
}
