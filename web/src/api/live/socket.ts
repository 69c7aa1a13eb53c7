import { root } from "../root";
import { Backoff } from "./backoff";
import type { Ask, LiveState } from "./protocol";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
const LOST_ACCESS = 1008;
/** The user has too many sockets. */
const TRY_LATER = 1013;
/** Nothing at all for this long: the connection is dead although nobody has said so. */
const SILENT_MS = 45_000;

/** The one WebSocket of this browser, reopened for as long as it is wanted. */
export class LiveSocket {
  private socket: WebSocket | undefined;
  private isOnline = false;
  private readonly backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  private timer: number | undefined;
  private silence: number | undefined;
  private heard = 0;

  constructor(
    private readonly onOpen: () => void,
    private readonly onMessage: (text: string) => void,
    private readonly onState: (state: LiveState) => void,
  ) {
    this.open();
    addEventListener("online", this.reopenNow);
    addEventListener("offline", this.drop);
    document.addEventListener("visibilitychange", this.reopenNow);
  }

  send(ask: Ask): void {
    // What is asked while the socket is down is asked again by `onOpen`.
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(ask));
  }

  /** Without a network, a socket would look open until something is sent. One to this machine is
   * back at once. */
  private readonly drop = (): void => this.socket?.close();

  private readonly reopenNow = (): void => {
    if (this.timer === undefined || document.hidden) return;
    clearTimeout(this.timer);
    this.open();
  };

  private open(): void {
    this.timer = undefined;
    const address = new URL(`${root}/api/v1/live`, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.onopen = () => {
      this.listen();
      this.onOpen();
    };
    socket.onmessage = (message: MessageEvent<unknown>) => {
      this.listen();
      this.noteOnline();
      if (typeof message.data === "string") this.onMessage(message.data);
    };
    socket.onclose = (gone) => this.reopenLater(gone.code, gone.reason);
  }

  /** With the first message: a socket that the daemon does not want is opened too, to say why. */
  private noteOnline(): void {
    if (this.isOnline) return;
    this.isOnline = true;
    this.backoff.reset();
    this.onState({ status: "online" });
  }

  /** Notes that something arrived; without a timer of its own for each of very many messages. */
  private listen(): void {
    this.heard = performance.now();
    this.silence ??= window.setTimeout(this.lookForSilence, SILENT_MS);
  }

  private readonly lookForSilence = (): void => {
    const left = this.heard + SILENT_MS - performance.now();
    this.silence = left > 0 ? window.setTimeout(this.lookForSilence, left) : undefined;
    if (left <= 0) this.socket?.close();
  };

  private reopenLater(code: number, reason: string): void {
    this.isOnline = false;
    clearTimeout(this.silence);
    this.silence = undefined;
    if (code === LOST_ACCESS) {
      this.onState({ status: "signed_out" });
      return;
    }
    const isRefused = code === TRY_LATER;
    this.onState({ status: "reconnecting", trouble: isRefused ? reason : undefined });
    if (isRefused) this.backoff.slowDown();
    this.timer = window.setTimeout(() => this.open(), this.backoff.next());
  }
}
