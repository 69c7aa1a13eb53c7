import { useEffect, useState } from "react";
import type { EventOf } from "@/events/steps";
import { useCommands } from "@/parts/commands";
import { DecisionCard } from "@/parts/decision/decision_card";
import { useRunView } from "../-view";

type Asked = EventOf<"decision_requested">;

const SHOWN_MS = 20_000;

/** Everything that waits for a person; what was decided stays for a while, to say by whom. */
export default function Waits() {
  const { run, log, version } = useRunView();
  const shown = useRecentWaits(version);
  // Where several wait, a key must say which: it decides in the card that has the focus.
  const keys = log.waiting.size === 1 ? "page" : "card";
  useCommands(
    log.waiting.size > 0
      ? [{ id: "run-wait", title: "Go to what waits", group: "Run", keys: "w", run: focusNext }]
      : [],
  );
  return shown.map((asked) => (
    <DecisionCard
      key={keyOf(asked)}
      run={run}
      pending={{ ...asked, since: asked.at }}
      made={log.decisionOf(asked)?.made}
      keys={keys}
      gone={!isWaiting(log.waiting.values(), asked)}
      className="p-3 shadow-none sm:p-3"
    />
  ));
}

/** Focuses the card that waits; again, the one after it. */
function focusNext(): void {
  const cards = [...document.querySelectorAll<HTMLElement>("[data-waits] [data-open]")];
  const at = cards.findIndex((card) => card.contains(document.activeElement));
  cards[(at + 1) % cards.length]?.focus();
}

function useRecentWaits(version: number): readonly Asked[] {
  const { log } = useRunView();
  const [gone, setGone] = useState<readonly Asked[]>([]);
  const [before, setBefore] = useState<readonly Asked[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the log changes in place; `version` says when
  useEffect(() => {
    const now = [...log.waiting.values()];
    if (now.length === before.length && now.every((asked, n) => asked === before[n])) return;
    setBefore(now);
    const left = before.filter((asked) => !now.includes(asked));
    if (left.length === 0) return;
    setGone((known) => [...known, ...left]);
    setTimeout(() => setGone((known) => known.filter((asked) => !left.includes(asked))), SHOWN_MS);
  }, [log, version, before]);
  const waiting = [...log.waiting.values()];
  return [...gone.filter((asked) => !waiting.includes(asked)), ...waiting];
}

function isWaiting(waits: Iterable<Asked>, asked: Asked): boolean {
  for (const each of waits) if (each === asked) return true;
  return false;
}

function keyOf(asked: Asked): string {
  return `${asked.id} ${asked.need} ${asked.at}`;
}
