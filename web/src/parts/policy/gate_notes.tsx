import { Eye, Hand, OctagonX, PencilLine } from "lucide-react";
import type { Schemas } from "@/api/client";
import { Badge } from "@/parts/desk/badge";

type Verdict = Schemas["GateVerdict"];
type Derived = Schemas["Derived"];

const LOOKS = {
  change: { icon: PencilLine, tone: "info", word: "changed" },
  stop: { icon: OctagonX, tone: "bad", word: "stopped" },
  ask: { icon: Hand, tone: "warn", word: "asked" },
  note: { icon: Eye, tone: "quiet", word: "noted" },
} as const;

/** What gates decided about a call. */
export function GateNotes({ gates }: { gates: readonly Verdict[] }) {
  return (
    <ul className="flex flex-col gap-1">
      {gates.map((each) => {
        const { word, ...look } = LOOKS[each.verdict];
        return (
          <li
            key={`${each.gate} ${each.place} ${each.verdict} ${each.reason}`}
            className="flex flex-wrap items-baseline gap-x-2.5 text-xs"
          >
            <Badge {...look}>{word}</Badge>
            <span className="text-muted">by the gate {each.gate}</span>
            <span className="min-w-0 break-words">{each.reason}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** Arguments that neither the user nor the instructions named. */
export function DerivedNotes({ derived }: { derived: readonly Derived[] }) {
  return (
    <p className="break-words text-muted text-xs">
      {derived.map((each, place) => (
        <span key={each.argument}>
          {place > 0 && "; "}
          <code className="font-mono">{each.argument}</code>{" "}
          {each.calls.length > 0
            ? `comes from untrusted results (${each.kind})`
            : `was named by nobody (${each.kind})`}
          {each.instructed && ", beside text that gives orders"}
        </span>
      ))}
      .
    </p>
  );
}
