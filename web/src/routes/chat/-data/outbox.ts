/**
 * Messages that are on their way: kept in the browser until the daemon has confirmed each, and sent
 * again under the same id until then. So a message arrives once, whatever breaks in between.
 */

import { Problem } from "@/api/problem";
import { randomKey } from "@/api/random_key";
import { OUTBOX } from "@/parts/chat_keys";
import type { Attached, Policy, Receipt } from "./types";

export interface Outgoing {
  /** The message's id, made here: the daemon takes a second one with it as the same message. */
  id: string;
  chat: string;
  /** Who wrote it: it is not sent in the name of another one who signs in later. */
  user: string;
  at: number;
  text: string;
  files: Attached[];
  policy?: Policy;
  model?: string;
  /** The conversation that it begins. */
  create?: { agent: string; title: string; model?: string; policy?: Policy };
  /** Why the daemon refused it: it waits for its author. */
  refused?: { message: string; fix: string; code: string };
}

export interface Delivery {
  message: Outgoing;
  state: "sending" | "waiting" | "refused" | "accepted";
  /** Why it waits. */
  problem?: Problem;
  receipt?: Receipt;
}

export type Send = (message: Outgoing) => Promise<Receipt>;

/** The part of `localStorage` that is needed. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** By then the inbox has told what became of a message that it accepted. */
const SHOWN_MS = 30_000;
/** How the keys of messages begin that are still to be sent. */

/** What the daemon may still accept: nobody has read the message. */
const PASSING = new Set(["offline", "server", "busy", "signed_out"]);

export class Outbox {
  private readonly deliveries = new Map<string, Delivery>();
  private readonly busy = new Set<string>();
  private readonly watchers = new Set<() => void>();
  private shown: readonly Delivery[] = [];
  private pause = FIRST_PAUSE_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Store,
    private readonly send: Send,
    private readonly user: string,
    private readonly onAccepted: (message: Outgoing, receipt: Receipt) => void = () => {},
  ) {
    this.load();
  }

  add(message: Outgoing): void {
    this.keep(message);
    this.deliveries.set(message.id, { message, state: "sending" });
    this.publish();
    void this.deliver(message.chat);
  }

  /** Takes back a message that was not accepted. */
  remove(id: string): Outgoing | undefined {
    const found = this.deliveries.get(id);
    if (!found) return undefined;
    this.store.removeItem(keyOf(found.message));
    this.deliveries.delete(id);
    this.publish();
    return found.message;
  }

  /** The author wants a refused message sent again. */
  retry(id: string): void {
    const found = this.deliveries.get(id);
    if (!found) return;
    const { refused: _, ...message } = found.message;
    this.add(message);
  }

  /** The connection is back, or may be. */
  wake(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.pause = FIRST_PAUSE_MS;
    for (const chat of new Set([...this.deliveries.values()].map((each) => each.message.chat))) {
      void this.deliver(chat);
    }
  }

  /** Another tab has added, confirmed or removed a message. */
  reload(): void {
    this.load();
    this.publish();
  }

  watch(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  all(): readonly Delivery[] {
    return this.shown;
  }

  private load(): void {
    const found = new Map<string, Outgoing>();
    for (let place = 0; place < this.store.length; place++) {
      const key = this.store.key(place);
      const message = key?.startsWith(OUTBOX) ? readOutgoing(this.store.getItem(key)) : null;
      if (message?.user === this.user) found.set(message.id, message);
    }
    for (const [id, delivery] of this.deliveries) {
      if (!found.has(id) && delivery.state !== "accepted") this.deliveries.delete(id);
    }
    for (const [id, message] of found) {
      if (this.deliveries.has(id)) continue;
      this.deliveries.set(id, { message, state: message.refused ? "refused" : "waiting" });
    }
    this.shown = this.sorted();
  }

  /** Sends the messages of a conversation in the order in which they were written. */
  private async deliver(chat: string): Promise<void> {
    if (this.busy.has(chat)) return;
    this.busy.add(chat);
    try {
      for (let next = this.next(chat); next; next = this.next(chat)) {
        if (!(await this.attempt(next))) return;
      }
    } finally {
      this.busy.delete(chat);
    }
  }

  private next(chat: string): Delivery | undefined {
    return this.sorted().find(
      ({ message, state }) =>
        message.chat === chat && (state === "waiting" || state === "sending") && !message.refused,
    );
  }

  private async attempt(delivery: Delivery): Promise<boolean> {
    const { message } = delivery;
    const { problem: _, ...rest } = delivery;
    this.note({ ...rest, state: "sending" });
    try {
      const receipt = await this.send(message);
      this.pause = FIRST_PAUSE_MS;
      this.store.removeItem(keyOf(message));
      if (this.deliveries.has(message.id)) this.note({ message, state: "accepted", receipt });
      setTimeout(() => this.remove(message.id), SHOWN_MS);
      this.onAccepted(message, receipt);
      return true;
    } catch (error) {
      return this.fail(message, Problem.of(error));
    }
  }

  private fail(message: Outgoing, problem: Problem): boolean {
    if (!this.deliveries.has(message.id)) return true; // removed meanwhile
    if (PASSING.has(problem.kind)) {
      this.note({ message, state: "waiting", problem });
      this.wakeLater();
      return false;
    }
    const refused = { message: problem.message, fix: problem.fix, code: problem.code };
    this.keep({ ...message, refused });
    this.note({ message: { ...message, refused }, state: "refused" });
    return true;
  }

  private wakeLater(): void {
    if (this.timer !== undefined) return;
    const { pause } = this;
    this.timer = setTimeout(() => {
      this.wake();
      this.pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }, pause);
  }

  private keep(message: Outgoing): void {
    this.store.setItem(keyOf(message), JSON.stringify(message));
  }

  private note(delivery: Delivery): void {
    this.deliveries.set(delivery.message.id, delivery);
    this.publish();
  }

  private publish(): void {
    this.shown = this.sorted();
    for (const watcher of this.watchers) watcher();
  }

  private sorted(): Delivery[] {
    return [...this.deliveries.values()].sort((one, two) => one.message.at - two.message.at);
  }
}

function keyOf(message: Outgoing): string {
  return OUTBOX + message.id;
}

function readOutgoing(text: string | null): Outgoing | null {
  try {
    const value = JSON.parse(text ?? "null") as Outgoing | null;
    const whole =
      typeof value?.id === "string" &&
      typeof value.chat === "string" &&
      typeof value.text === "string" &&
      Array.isArray(value.files);
    return whole ? value : null;
  } catch {
    return null;
  }
}

/** An id that is unique without anybody's help. */
export function newId(kind: string): string {
  return `${kind}-${randomKey()}`;
}
