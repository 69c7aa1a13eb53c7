/** The messages of the socket `/api/v1/live`. */

export interface LiveEvent {
  topic: string;
  event: string;
  id?: string;
  data: unknown;
}

export type Ask = { do: "follow"; topic: string; after?: string } | { do: "leave"; topic: string };

/** online: connected. connecting: the first attempt. reconnecting: lost. signed_out: refused. */
export type Status = "connecting" | "online" | "reconnecting" | "signed_out";

/** How the connection is, and why the page does not hear of everything, if it is known. */
export interface LiveState {
  status: Status;
  trouble?: string | undefined;
}

/** What one message says of a topic: one event, or several that were ready together. */
interface LiveMessage {
  topic: string;
  events: LiveEvent[];
}

export function readLiveMessage(text: string): LiveMessage | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  if (!("topic" in value) || typeof value.topic !== "string") return null;
  const { topic } = value;
  const list: unknown[] = "events" in value && Array.isArray(value.events) ? value.events : [value];
  const events: LiveEvent[] = [];
  for (const each of list) {
    const event = readEvent(topic, each);
    if (event) events.push(event);
  }
  return { topic, events };
}

function readEvent(topic: string, value: unknown): LiveEvent | null {
  if (typeof value !== "object" || value === null) return null;
  if (!("event" in value) || typeof value.event !== "string") return null;
  const data = "data" in value ? value.data : null;
  const event: LiveEvent = { topic, event: value.event, data };
  if ("id" in value && typeof value.id === "string") event.id = value.id;
  return event;
}

/** The daemon writes the topic first: `{"topic": "run/six#TAB.3", ...`. */
const HEAD = /^\{\s*"topic":\s*("(?:[^"\\]|\\.)*")/;

/** The tab whose reader a message is for, without reading all of it. */
export function tabOf(text: string): string | undefined {
  const head = HEAD.exec(text)?.[1];
  if (head === undefined) return undefined;
  const topic = String(JSON.parse(head));
  const mark = topic.lastIndexOf("#");
  return mark < 0 ? undefined : topic.slice(mark + 1, topic.lastIndexOf("."));
}
