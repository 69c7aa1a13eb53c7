import { useNavigate } from "@tanstack/react-router";
import { Columns2, Lightbulb, OctagonX, Pause, Play, Sparkles, X } from "lucide-react";
import { useState } from "react";
import { useCommands } from "@/parts/commands";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import type { RunRow } from "../-filters";
import { type BulkKind, whyNot } from "./bulk";
import { BulkDialog } from "./bulk_dialog";

const STEERS: readonly { kind: BulkKind; title: string; Icon: typeof Pause }[] = [
  { kind: "hint", title: "Hint", Icon: Lightbulb },
  { kind: "pause", title: "Pause", Icon: Pause },
  { kind: "resume", title: "Resume", Icon: Play },
  { kind: "abort", title: "Abort", Icon: OctagonX },
];

/** What can be done with the selected runs. */
export default function BulkBar(props: { selected: readonly RunRow[]; onClear: () => void }) {
  const { selected } = props;
  const navigate = useNavigate();
  const maySteer = useMay("operator");
  // The dialog keeps the runs that it was opened for: the list may change meanwhile.
  const [steering, setSteering] = useState<{ kind: BulkKind; rows: readonly RunRow[] } | null>(
    null,
  );
  const [left, right] = selected;
  const isPair = selected.length === 2;
  const compare = () => {
    if (left && right)
      void navigate({ to: "/compare", search: { left: left.id, right: right.id } });
  };
  const ask = () =>
    void navigate({ to: "/compare/what-if", search: { runs: selected.map((row) => row.id) } });
  const steers = STEERS.filter(
    ({ kind }) => maySteer && selected.some((row) => !whyNot(kind, row)),
  );
  const noun = selected.length === 1 ? "the selected run" : `${selected.length} selected runs`;
  useCommands([
    ...steers.map(({ kind, title, Icon }) => ({
      id: `runs.bulk.${kind}`,
      title: `${title} ${noun}`,
      group: "Runs",
      icon: Icon,
      run: () => setSteering({ kind, rows: selected }),
    })),
    ...(isPair
      ? [
          {
            id: "runs.compare",
            title: "Compare the two runs",
            group: "Runs",
            keys: "c",
            run: compare,
          },
        ]
      : []),
  ]);
  return (
    <>
      <div
        role="toolbar"
        aria-label="Selected runs"
        className="animate-enter absolute right-18 bottom-3 left-3 z-20 mx-auto flex w-fit flex-wrap items-center gap-1 rounded-2xl border border-line bg-raised px-3 py-1.5 shadow-card"
      >
        <span className="px-1.5 font-medium text-xs">{selected.length} selected</span>
        {steers.map(({ kind, title, Icon }) => (
          <Button
            key={kind}
            size="sm"
            tone="quiet"
            className={kind === "abort" ? "text-bad" : undefined}
            onClick={() => setSteering({ kind, rows: selected })}
          >
            <Icon aria-hidden /> {title}
          </Button>
        ))}
        {isPair && (
          <Button size="sm" tone="quiet" onClick={compare}>
            <Columns2 aria-hidden /> Compare
          </Button>
        )}
        {maySteer && (
          <Button size="sm" tone="quiet" onClick={ask}>
            <Sparkles aria-hidden /> What if
          </Button>
        )}
        <Button size="icon" tone="quiet" aria-label="Select nothing" onClick={props.onClear}>
          <X />
        </Button>
      </div>
      {steering && (
        <BulkDialog
          kind={steering.kind}
          rows={steering.rows}
          onClose={() => setSteering(null)}
          onDone={props.onClear}
        />
      )}
    </>
  );
}
