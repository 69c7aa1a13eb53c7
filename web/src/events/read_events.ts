import type { Cursor } from "./types";

/** Which events have been read. */
export class ReadEvents {
  /** The newest event of each execution. */
  private readonly newest = new Map<string, Cursor>();

  /** Notes that an event is read now; whether it had been before. */
  note(cursor: Cursor): boolean {
    const newest = this.newest.get(cursor.run_id);
    if (newest && isUpTo(cursor, newest)) return true;
    this.newest.set(cursor.run_id, cursor);
    return false;
  }
}

function isUpTo(cursor: Cursor, newest: Cursor): boolean {
  const ahead = cursor.event_id - newest.event_id || (cursor.place ?? 0) - (newest.place ?? 0);
  return ahead <= 0;
}
