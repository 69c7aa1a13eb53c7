/** What of a browser the live hub needs, for tests: sockets whose other end is the test. */
import { vi } from "vitest";

/** A socket whose other end is the test. */
export class FakeSocket {
  static readonly OPEN = 1;
  static readonly all: FakeSocket[] = [];
  readonly sent: { do: string; topic: string; after?: string }[] = [];
  readyState = 0;
  onopen = (): void => {};
  onmessage = (_: { data: string }): void => {};
  onclose = (_: { code: number; reason: string }): void => {};

  constructor() {
    FakeSocket.all.push(this);
  }

  static get newest(): FakeSocket {
    const found = FakeSocket.all.at(-1);
    if (!found) throw new Error("No socket was opened.");
    return found;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose({ code: 1006, reason: "" });
  }

  open(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
  }

  /** The daemon says something. */
  say(topic: string, event: string, data: unknown = {}, id?: string): void {
    this.onmessage({ data: JSON.stringify({ topic, event, data, ...(id ? { id } : {}) }) });
  }
}

/** `navigator`: without locks, each tab has a socket of its own. */
export function stubBrowser(navigator: object = {}): void {
  FakeSocket.all.length = 0;
  vi.stubGlobal("navigator", navigator);
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("location", { href: "http://localhost/", origin: "http://localhost" });
  vi.stubGlobal("localStorage", { getItem: () => null });
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("document", { addEventListener: () => {}, querySelector: () => null, title: "" });
}
