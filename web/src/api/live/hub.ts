import { browserName } from "../browser_name";
import { randomKey } from "../random_key";
import { type Ask, type LiveState, readLiveMessage, tabOf } from "./protocol";
import { LiveSocket } from "./socket";
import { type OnEvent, Topics } from "./topics";

const NAME = browserName("live");

/** Between the tabs of a browser: asks go to the tab that holds the socket, messages come back as
 * the daemon has written them. */
type Passed =
  | { kind: "ask"; tab: string; ask: Ask }
  | { kind: "message"; tab: string; text: string }
  | { kind: "status"; state: LiveState }
  /** A tab holds the socket now, or it was reopened: ask again. */
  | { kind: "ask_again" }
  /** A tab has just opened and wants to know how things are. */
  | { kind: "hello" }
  | { kind: "bye"; tab: string; topics: string[] };

/**
 * One socket for all tabs. The tab that has the lock `NAME` holds it; when that tab closes, the
 * browser hands the lock to another one. Each reader has its own place in a topic, so a topic carries
 * the names of tab and reader behind a `#`, which the daemon hands back unchanged.
 */
export class LiveHub {
  private readonly tab = randomKey();
  private readonly topics = new Topics(
    (ask) => this.send(ask),
    () => this.tellWatchers(),
  );
  private readonly watchers = new Set<(state: LiveState) => void>();
  private readonly channel: BroadcastChannel | undefined;
  private socket: LiveSocket | undefined;
  /** Of the socket. */
  private state: LiveState = { status: "connecting" };
  private followed = 0;
  private isWanted = false;
  private isHolder = false;

  /** Takes its turn among the tabs; the socket is for `open` to open. */
  constructor() {
    // Web Locks need a secure context: a page from another machine over plain HTTP has none, and
    // then each tab has a socket of its own.
    if (!("locks" in navigator) || !("BroadcastChannel" in globalThis)) {
      this.isHolder = true;
      return;
    }
    this.channel = new BroadcastChannel(NAME);
    this.channel.onmessage = (message: MessageEvent<Passed>) => this.take(message.data);
    this.pass({ kind: "hello" });
    void navigator.locks.request(NAME, () => {
      this.isHolder = true;
      if (this.isWanted) this.hold();
      return new Promise<never>(() => {}); // until the tab closes
    });
    addEventListener("pagehide", () => this.leaveAll());
    addEventListener("pageshow", (shown) => {
      if (shown.persisted) this.askAgain();
    });
  }

  /** Connects, now or as soon as it is this tab's turn. */
  open(): void {
    if (this.isWanted) return;
    this.isWanted = true;
    if (this.isHolder) this.hold();
  }

  follow(topic: string, onEvent: OnEvent, after?: string): () => void {
    this.followed += 1;
    const name = `${topic}#${this.tab}.${this.followed}`;
    this.send(this.topics.add(name, onEvent, after));
    return () => {
      this.topics.remove(name);
      this.send({ do: "leave", topic: name });
    };
  }

  watchState(watch: (state: LiveState) => void): () => void {
    this.watchers.add(watch);
    watch(this.wholeState());
    return () => this.watchers.delete(watch);
  }

  private hold(): void {
    this.socket = new LiveSocket(
      () => {
        this.askAgain();
        this.pass({ kind: "ask_again" });
      },
      (text) => this.route(text),
      (state) => {
        this.noteState(state);
        this.pass({ kind: "status", state });
      },
    );
  }

  /** Only the tab that a message is for reads all of it. */
  private route(text: string): void {
    const tab = tabOf(text);
    if (tab === this.tab) this.read(text);
    else if (tab !== undefined) this.pass({ kind: "message", tab, text });
  }

  private read(text: string): void {
    const message = readLiveMessage(text);
    for (const event of message?.events ?? []) this.topics.deliver(event);
  }

  private take(passed: Passed): void {
    switch (passed.kind) {
      case "message":
        if (passed.tab === this.tab) this.read(passed.text);
        break;
      case "ask":
        if (this.isHolder) this.open(); // another tab knows that somebody is signed in
        this.socket?.send(passed.ask);
        break;
      case "bye":
        for (const topic of passed.topics) this.socket?.send({ do: "leave", topic });
        break;
      case "status":
        this.noteState(passed.state);
        break;
      case "ask_again":
        this.askAgain();
        break;
      case "hello":
        if (this.socket) this.pass({ kind: "status", state: this.state });
        break;
    }
  }

  private askAgain(): void {
    for (const ask of this.topics.asks()) this.send(ask);
  }

  private leaveAll(): void {
    this.pass({ kind: "bye", tab: this.tab, topics: this.topics.asks().map((ask) => ask.topic) });
  }

  private send(ask: Ask): void {
    if (this.socket) this.socket.send(ask);
    else this.pass({ kind: "ask", tab: this.tab, ask });
  }

  private pass(passed: Passed): void {
    this.channel?.postMessage(passed);
  }

  private noteState(state: LiveState): void {
    this.state = state;
    this.tellWatchers();
  }

  private tellWatchers(): void {
    const state = this.wholeState();
    for (const watch of this.watchers) watch(state);
  }

  /** That of the socket, and what has stopped although it is open. */
  private wholeState(): LiveState {
    return { ...this.state, trouble: this.state.trouble ?? this.topics.trouble };
  }
}
