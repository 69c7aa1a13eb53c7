/** A long run, made up: for benchmarks. Seven events a turn, and waits, retries and failures. */
import { asked, called, event, finished, need, replied, started } from "./testing";
import type { RunEvent } from "./types";

export function* makeEvents(count: number): Generator<RunEvent> {
  yield event("run_started", { agent: "a", model: "m", prompt: "Work." });
  let made = 1;
  for (let turn = 1; made < count; turn += 1) {
    for (const each of eventsOf(turn)) {
      if (made >= count) return;
      made += 1;
      yield {
        ...each,
        at: made / 10,
        cursor: { run_id: "x", event_id: made, place: 0 },
      } as RunEvent;
    }
  }
}

function* eventsOf(turn: number): Generator<RunEvent> {
  yield called(turn);
  yield replied(turn, 0, { attempts: turn % 50 === 0 ? 3 : 1 });
  // Models repeat ids: each turn has the same ones.
  for (const id of ["a", "b"]) yield asked(turn, id, { path: `notes/${turn}.md`, content: "text" });
  for (const id of ["a", "b"]) {
    if (turn % 40 === 0 && id === "a") {
      yield need(id, turn);
      yield event("decision_made", { id, verdict: "approve", by: "ana" });
    }
    yield started(turn, id);
    yield finished(turn, id, turn % 30 !== 0);
  }
}
