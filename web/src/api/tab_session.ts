/**
 * Who a tab belongs to. All tabs of a browser share its cookie, so when one of them signs in or out,
 * the others must not go on showing, or acting for, the user for whom they were loaded.
 */

export type SessionState =
  | { kind: "loading" }
  | { kind: "own"; user: string }
  | { kind: "signed_out" }
  /** Another tab has signed in as somebody else. */
  | { kind: "other"; user: string | undefined };

/** What tabs say to each other. */
type Announcement = { kind: "signed_in"; user: string } | { kind: "signed_out" };

export class TabSession {
  private readonly channel: BroadcastChannel | undefined;
  private readonly watchers = new Set<() => void>();
  private shown: SessionState = { kind: "loading" };

  constructor(
    name: string,
    /** Another tab has changed who is signed in: what this tab has read is no longer its reader's. */
    private readonly onChanged: (now: SessionState) => void,
  ) {
    if (!("BroadcastChannel" in globalThis)) return;
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = (message: MessageEvent<Announcement>) => this.receive(message.data);
  }

  /** The daemon has said who this tab is signed in as. */
  note(user: string): void {
    if (this.shown.kind === "own" && this.shown.user !== user) this.show({ kind: "other", user });
    if (this.shown.kind === "own" || this.shown.kind === "other") return;
    this.show({ kind: "own", user });
    this.announce({ kind: "signed_in", user });
  }

  /** The daemon knows no session. */
  noteSignedOut(): void {
    if (this.shown.kind === "loading") this.show({ kind: "signed_out" });
  }

  /** The daemon has refused to act for the user of this tab. */
  noteOther(): void {
    if (this.shown.kind !== "other") this.show({ kind: "other", user: undefined });
  }

  /** This tab has signed out. */
  leave(): void {
    this.show({ kind: "signed_out" });
    this.announce({ kind: "signed_out" });
  }

  state(): SessionState {
    return this.shown;
  }

  watch(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  close(): void {
    this.channel?.close();
  }

  private receive(said: Announcement): void {
    const { shown } = this;
    if (said.kind === "signed_out") {
      if (shown.kind === "signed_out") return;
      this.show({ kind: "signed_out" });
    } else {
      // A tab that is still loading learns from the daemon itself.
      if (shown.kind === "loading" || (shown.kind === "own" && shown.user === said.user)) return;
      this.show({ kind: "other", user: said.user });
    }
    this.onChanged(this.shown);
  }

  private show(state: SessionState): void {
    this.shown = state;
    for (const watcher of this.watchers) watcher();
  }

  private announce(said: Announcement): void {
    this.channel?.postMessage(said);
  }
}
