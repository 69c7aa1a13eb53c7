import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { Problem } from "@/api/problem";
import { runQuery } from "@/api/queries";
import { randomKey } from "@/api/random_key";
import { type Ending, isOvertaken, readEnding, type Said, sendDecision } from "./decide";
import type { Asked, DecisionMade } from "./verdicts";

export type Decision = Schemas["Decision"];

export interface DecisionState {
  /** The request as decisions are bound to it. */
  asked: Asked;
  card: Schemas["RunCard"] | undefined;
  /** Whether a decision can be bound to what is shown. */
  ready: boolean;
  sending: boolean;
  /** What this person decided. */
  decision: Decision | undefined;
  /** What became of it without this person, as far as that is known. */
  ending: Ending | undefined;
  problem: Problem | undefined;
  send: (said: Said) => void;
}

/** Decides one request, and follows what becomes of it.
 *
 * `made`: the event of its decision, where the caller follows the run. `gone`: it waits no longer.
 */
export function useDecision(
  run: string,
  pending: Asked,
  seen: { made?: DecisionMade | undefined; gone?: boolean | undefined },
  onDecided?: (decision: Decision) => void,
): DecisionState {
  const queries = useQueryClient();
  const card = useQuery({
    ...runQuery(run),
    staleTime: 5_000,
    // The list may know of a request a moment before the run's card does.
    refetchInterval: ({ state }) => (seen.gone || isBound(pending, state.data) ? false : 1_000),
  });
  const [sending, setSending] = useState(false);
  const [decision, setDecision] = useState<Decision>();
  const [found, setFound] = useState<Ending>();
  const [problem, setProblem] = useState<Problem>();
  const key = useRef({ body: "", key: "" });
  const asked = bind(pending, card.data);

  const look = async () => {
    const ending = await readEnding(run, asked);
    if (ending.how === "changed") void queries.invalidateQueries({ queryKey: ["run", run] });
    setFound(ending);
  };
  const send = async (said: Said) => {
    if (sending || decision) return;
    setSending(true);
    setProblem(undefined);
    // The same decision again, after an answer got lost, is the same request.
    const body = JSON.stringify([asked.digest, said]);
    if (key.current.body !== body) key.current = { body, key: randomKey() };
    try {
      const made = await sendDecision(run, asked, said, key.current.key);
      setDecision(made);
      onDecided?.(made);
    } catch (error) {
      const refused = Problem.of(error);
      setProblem(refused);
      if (isOvertaken(refused)) await look().catch(() => {});
    } finally {
      setSending(false);
    }
  };

  const gone = seen.gone === true && !decision && !seen.made && !found;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks once, when it has gone
  useEffect(() => {
    if (gone) void look().catch(() => setFound({ how: "unknown" }));
  }, [gone]);

  return {
    asked,
    card: card.data,
    ready: isBound(pending, card.data),
    sending,
    decision,
    ending: seen.made && !decision ? { how: "decided", made: seen.made } : found,
    problem: problem ?? (card.error && !asked.digest ? Problem.of(card.error) : undefined),
    send: (said) => void send(said),
  };
}

function isBound(pending: Asked, card: Schemas["RunCard"] | undefined): boolean {
  return !pending.tool || !!pending.digest || findExact(pending, card) !== undefined;
}

/** The list of approvals has no digest: the run's card has it, and what it is the digest of. */
function bind(pending: Asked, card: Schemas["RunCard"] | undefined): Asked {
  const exact = pending.digest ? undefined : findExact(pending, card);
  if (!exact) return pending;
  const { question, tool, effect, digest } = exact;
  return { ...pending, question, tool, effect, digest, arguments: exact.arguments };
}

function findExact(pending: Asked, card: Schemas["RunCard"] | undefined) {
  return (card?.waiting ?? []).find(
    // A run can ask again under the same id; the card may still have the earlier request.
    ({ id, need, at }) => id === pending.id && need === pending.need && at >= pending.since - 0.001,
  );
}
