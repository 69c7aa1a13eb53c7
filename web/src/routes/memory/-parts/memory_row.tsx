import { Link } from "@tanstack/react-router";
import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { Ago } from "@/parts/ago";
import { Chip } from "@/parts/desk/badge";
import { LongText } from "@/parts/json_view";
import { Button } from "@/ui/button";
import { describeSource, type MemoryView, nameLane, readSearch } from "../-memory";
import { CorrectMemory } from "./correct_memory";
import { ForgetMemory } from "./forget_memory";
import { TrustBadge } from "./trust_badge";

/** A memory: what it says, how far it is trusted, where it comes from. */
export function MemoryRow({ memory, may }: { memory: MemoryView; may: boolean }) {
  const [doing, setDoing] = useState<"correct" | "forget">();
  const stop = () => setDoing(undefined);
  const start = memory.text.slice(0, 60);
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <LongText text={memory.text} />
        <p className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1 text-muted text-xs">
          <TrustBadge trust={memory.trust} />
          <Origin memory={memory} />
          <Ago at={Date.parse(memory.made) / 1000} />
          {memory.lane !== "owner" && <Chip>only for {nameLane(memory.lane)}</Chip>}
          <Link
            to="/memory"
            search={(now) => ({ ...readSearch(now), show: memory.id })}
            replace
            className="underline decoration-line underline-offset-2 hover:text-ink hover:decoration-ink"
          >
            Origin<span className="sr-only"> of {start}</span>
          </Link>
        </p>
      </div>
      {may && (
        <div className="flex shrink-0 max-sm:flex-col">
          <Button
            size="icon"
            tone="quiet"
            title="Correct"
            aria-label={`Correct: ${start}`}
            onClick={() => setDoing("correct")}
          >
            <Pencil aria-hidden />
          </Button>
          <Button
            size="icon"
            tone="quiet"
            title="Forget"
            aria-label={`Forget: ${start}`}
            onClick={() => setDoing("forget")}
          >
            <Trash2 aria-hidden />
          </Button>
        </div>
      )}
      {doing === "correct" && <CorrectMemory memory={memory} onClose={stop} />}
      {doing === "forget" && <ForgetMemory memory={memory} onClose={stop} />}
    </li>
  );
}

function Origin({ memory }: { memory: MemoryView }) {
  const words = describeSource(memory);
  if (!memory.run || memory.source === "person") return <span>{words}</span>;
  return (
    <Link
      to="/runs/$run"
      params={{ run: memory.run }}
      className="min-w-0 truncate underline decoration-line underline-offset-2 hover:text-ink hover:decoration-ink"
    >
      {words}
    </Link>
  );
}
