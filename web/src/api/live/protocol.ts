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

export function readLiveEvent(text: string): LiveEvent | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  if (!("topic" in value) || typeof value.topic !== "string") return null;
  if (!("event" in value) || typeof value.event !== "string") return null;
  const id = "id" in value && typeof value.id === "string" ? { id: value.id } : {};
  return {
    topic: value.topic,
    event: value.event,
    data: "data" in value ? value.data : null,
    ...id,
  };
}
