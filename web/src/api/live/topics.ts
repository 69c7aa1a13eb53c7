import type { Ask, LiveEvent } from "./protocol";

export type OnEvent = (event: LiveEvent) => void;

interface Topic {
  onEvent: OnEvent;
  /** The cursor of the newest event. */
  last: string | undefined;
  over: boolean;
}

/** What this tab follows, and how far it has read each: what a reconnect asks for again. */
export class Topics {
  private readonly topics = new Map<string, Topic>();

  add(name: string, onEvent: OnEvent, after: string | undefined): Ask {
    this.topics.set(name, { onEvent, last: after, over: false });
    return askFor(name, after);
  }

  remove(name: string): void {
    this.topics.delete(name);
  }

  /** What to ask for after a reconnect: each topic from where it was read to. */
  asks(): Ask[] {
    const open = [...this.topics].filter(([, topic]) => !topic.over);
    return open.map(([name, topic]) => askFor(name, topic.last));
  }

  deliver(event: LiveEvent): void {
    const topic = this.topics.get(event.topic);
    if (!topic || topic.over) return;
    if (event.id !== undefined) topic.last = event.id;
    if (event.event === "end") topic.over = true;
    topic.onEvent(event);
  }
}

function askFor(topic: string, after: string | undefined): Ask {
  return { do: "follow", topic, ...(after === undefined ? {} : { after }) };
}
