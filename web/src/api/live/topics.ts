import type { ProblemDocument } from "../problem";
import { Backoff } from "./backoff";
import type { Ask, LiveEvent } from "./protocol";

export type OnEvent = (event: LiveEvent) => void;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

interface Topic {
  onEvent: OnEvent;
  /** The cursor of the newest event. */
  last: string | undefined;
  over: boolean;
  /** How long it waits before it is asked for again. */
  backoff: Backoff;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Why it stopped; undefined: it did not. */
  trouble: string | undefined;
}

/** What this tab follows, and how far it has read each: what a reconnect asks for again.
 *
 * A topic that stops with an error that can pass is asked for again, later and later; its reader
 * does not hear of it. */
export class Topics {
  private readonly topics = new Map<string, Topic>();
  private shown: string | undefined;

  constructor(
    private readonly ask: (ask: Ask) => void,
    private readonly onTrouble: () => void,
  ) {}

  /** Why a topic that stopped has not come back yet; undefined: none has stopped. */
  get trouble(): string | undefined {
    return [...this.topics.values()].find((topic) => topic.trouble !== undefined)?.trouble;
  }

  add(name: string, onEvent: OnEvent, after: string | undefined): Ask {
    this.topics.set(name, {
      onEvent,
      last: after,
      over: false,
      backoff: new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS),
      timer: undefined,
      trouble: undefined,
    });
    return askFor(name, after);
  }

  remove(name: string): void {
    clearTimeout(this.topics.get(name)?.timer);
    this.topics.delete(name);
    this.noteTrouble();
  }

  /** What to ask for after a reconnect: each topic from where it was read to. */
  asks(): Ask[] {
    const open = [...this.topics].filter(([, topic]) => !topic.over);
    for (const [, topic] of open) clearTimeout(topic.timer);
    return open.map(([name, topic]) => askFor(name, topic.last));
  }

  deliver(event: LiveEvent): void {
    const topic = this.topics.get(event.topic);
    if (!topic || topic.over) return;
    if (event.event === "error" && canPass(event.data)) {
      this.askLater(event.topic, topic, event.data);
      return;
    }
    if (event.id !== undefined) topic.last = event.id;
    if (event.event === "end") topic.over = true;
    topic.backoff.reset();
    if (topic.trouble !== undefined) {
      topic.trouble = undefined;
      this.noteTrouble();
    }
    topic.onEvent(event);
  }

  private askLater(name: string, topic: Topic, problem: Partial<ProblemDocument>): void {
    clearTimeout(topic.timer);
    topic.timer = setTimeout(() => this.ask(askFor(name, topic.last)), topic.backoff.next());
    topic.trouble = problem.detail ?? "A part of the page is not kept up to date.";
    this.noteTrouble();
  }

  private noteTrouble(): void {
    const { trouble } = this;
    if (trouble === this.shown) return;
    this.shown = trouble;
    this.onTrouble();
  }
}

/** Whether asking again can help: the daemon says so, or has failed itself. */
function canPass(data: unknown): data is Partial<ProblemDocument> {
  if (typeof data !== "object" || data === null) return false;
  const { retryable, status } = data as Partial<ProblemDocument>;
  return retryable === true || (status ?? 0) >= 500;
}

function askFor(topic: string, after: string | undefined): Ask {
  return { do: "follow", topic, ...(after === undefined ? {} : { after }) };
}
