import { RunLog } from "@/events/run_log";
import { isRunEvent, type RunEvent } from "@/events/types";

/** The events of a conversation's runs, one log for each. */
export class ConversationLog {
  readonly logs = new Map<number, RunLog>();

  constructor(private readonly chat: string) {}

  /** Takes an event; null if it is not one of this conversation's runs. */
  add(data: unknown): RunEvent | null {
    if (!isRunEvent(data)) return null;
    const number = numberOf(this.chat, data.run);
    if (number === null) return null;
    let log = this.logs.get(number);
    if (!log) {
      log = new RunLog();
      this.logs.set(number, log);
    }
    log.add(data);
    return data;
  }
}

/** The number of a run in its conversation. */
export function numberOf(chat: string, run: string): number | null {
  if (!run.startsWith(`${chat}.`)) return null;
  const number = Number(run.slice(chat.length + 1));
  return Number.isInteger(number) && number > 0 ? number : null;
}
