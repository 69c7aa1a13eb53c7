/** Sends decisions, and finds out who was faster. */
import { api, call, type Schemas } from "@/api/client";
import type { Problem } from "@/api/problem";
import type { Asked, DecisionMade, Verdict } from "./verdicts";

export interface Said {
  verdict: Verdict;
  note?: string;
  arguments?: Record<string, unknown>;
  replace?: boolean;
  answer?: string;
}

export type RunCard = Schemas["RunCard"];

/** Decides exactly what was shown: the digest binds the decision to it. `key` makes a repeated
 * request the same decision.
 *
 * @throws Problem
 */
export function sendDecision(
  run: string,
  asked: Asked,
  said: Said,
  key: string,
): Promise<Schemas["Decision"]> {
  const note = said.note?.trim();
  return call(
    api.POST("/api/v1/runs/{run}/decide", {
      params: { path: { run }, header: { "idempotency-key": key } },
      body: {
        ...said,
        replace: said.replace ?? false,
        note: note ? note : null,
        item: asked.id,
        digest: asked.digest ?? null,
      },
    }),
  );
}

function readCard(run: string): Promise<RunCard> {
  return call(api.GET("/api/v1/runs/{run}", { params: { path: { run } } }));
}

/** What became of a request that this person did not decide. */
export type Ending =
  | { how: "decided"; made: DecisionMade }
  /** The run asks for something else under the same id. */
  | { how: "changed" }
  | { how: "ended"; state: string }
  | { how: "unknown" };

/** Whether the daemon refused a decision because there is nothing left to decide like that. */
export function isOvertaken(problem: Problem): boolean {
  return ["steering.not_pending", "steering.changed", "steering.run_over"].includes(problem.code);
}

function findEnding(card: RunCard, asked: Asked): Ending {
  // The clocks of the list and of the events differ a little: an earlier wait under the same id was
  // decided before this one began.
  const made = (card.decided ?? []).findLast(
    (each) => (each.id ?? asked.id) === asked.id && each.at >= asked.since - 0.001,
  );
  if (made) return { how: "decided", made };
  if (card.ended != null) return { how: "ended", state: card.state };
  const now = (card.waiting ?? []).find((each) => each.id === asked.id);
  if (now && asked.digest && now.digest !== asked.digest) return { how: "changed" };
  return { how: "unknown" };
}

const LOOKS = 4;
const LOOK_MS = 250;

/** Reads who decided it: the event may be a moment behind the refusal. */
export async function readEnding(run: string, asked: Asked): Promise<Ending> {
  let ending: Ending = { how: "unknown" };
  for (let look = 0; look < LOOKS && ending.how === "unknown"; look += 1) {
    if (look > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    ending = findEnding(await readCard(run), asked);
  }
  return ending;
}
