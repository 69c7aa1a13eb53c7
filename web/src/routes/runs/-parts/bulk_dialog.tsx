import { CircleCheck, CircleX } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { type Act, steerRun } from "@/parts/steer/steer";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, TextArea } from "@/ui/field";
import type { RunRow } from "../-filters";
import { type BulkKind, type Outcome, steerAll, whyNot } from "./bulk";

const WORDS: Record<BulkKind, { title: string; will: string; done: string; button: string }> = {
  hint: {
    title: "Give a hint to",
    will: "reads the hint before its next turn",
    done: "got the hint",
    button: "Send the hint",
  },
  pause: {
    title: "Pause",
    will: "stops before its next step",
    done: "is asked to pause",
    button: "Pause",
  },
  resume: { title: "Resume", will: "continues", done: "continues", button: "Resume" },
  abort: {
    title: "Abort",
    will: "ends; what it has so far is kept",
    done: "is being aborted",
    button: "Abort",
  },
};

interface DialogProps {
  kind: BulkKind;
  rows: readonly RunRow[];
  onClose: () => void;
  onDone: () => void;
}

/** One question for many runs: what will happen to each, then what has happened to each. */
export function BulkDialog(props: DialogProps) {
  const { kind, rows } = props;
  const words = WORDS[kind];
  const able = rows.filter((row) => !whyNot(kind, row));
  const [text, setText] = useState("");
  const [extra, setExtra] = useState(false);
  const work = useWork();
  const runs = able.length === 1 ? "1 run" : `${able.length} runs`;
  const begin = (event: FormEvent) => {
    event.preventDefault();
    if (work.outcomes || (kind === "hint" && !text.trim())) return;
    work.begin(
      able.map((row) => row.id),
      makeAct(kind, text.trim(), extra),
    );
  };
  const close = () => {
    const hasBegun = work.outcomes !== null;
    work.stop();
    props.onClose();
    if (hasBegun) props.onDone();
  };
  const refused = work.outcomes?.filter((outcome) => outcome.refused !== null).length ?? 0;
  return (
    <Dialog open onOpenChange={(open) => !open && close()} title={`${words.title} ${runs}`}>
      <form onSubmit={begin} className="flex flex-col gap-4">
        {!work.outcomes && <Options {...{ kind, text, setText, extra, setExtra }} />}
        <ul aria-label="Runs" className="flex max-h-64 flex-col gap-1.5 overflow-auto text-xs">
          {rows.map((row) => (
            <Line
              key={row.id}
              row={row}
              outcome={work.outcomes?.find((each) => each.run === row.id)}
              begun={work.outcomes !== null}
              why={whyNot(kind, row)}
              words={words}
            />
          ))}
        </ul>
        {work.outcomes && (
          <div>
            <progress
              className="h-1.5 w-full accent-(--info)"
              max={able.length}
              value={work.outcomes.length}
              aria-label="Progress"
            />
            <p role="status" className="text-muted text-xs">
              {work.outcomes.length} of {able.length}
              {refused > 0 && `, ${refused} refused`}
            </p>
          </div>
        )}
        <div className="flex justify-end gap-2">
          {work.outcomes ? (
            <Button tone={work.isDone ? "primary" : "plain"} onClick={close}>
              {work.isDone ? "Close" : "Stop here"}
            </Button>
          ) : (
            <>
              <Button tone="quiet" onClick={close}>
                Cancel
              </Button>
              <Button
                type="submit"
                tone={kind === "abort" ? "danger" : "primary"}
                disabled={able.length === 0 || (kind === "hint" && !text.trim())}
              >
                {words.button} {kind !== "hint" && runs}
              </Button>
            </>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function Options(props: {
  kind: BulkKind;
  text: string;
  setText: (text: string) => void;
  extra: boolean;
  setExtra: (extra: boolean) => void;
}) {
  const { kind, text, setText } = props;
  const check =
    kind === "hint"
      ? "Interrupt the current model call, so that the hint is read at once"
      : kind === "abort"
        ? "Undo what the runs did before they end"
        : null;
  return (
    <>
      {kind === "hint" ? (
        <Field label="Hint">
          {(ids) => (
            <TextArea
              {...ids}
              required
              autoFocus
              maxLength={1_000_000}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
      ) : (
        <Field label="Reason" hint="Optional. The history of each run shows it.">
          {(ids) => (
            <Input
              {...ids}
              autoFocus
              maxLength={10_000}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
      )}
      {check && (
        <label className="flex items-center gap-2 text-sm">
          <input
            type="checkbox"
            className="size-4 accent-(--info)"
            checked={props.extra}
            onChange={(event) => props.setExtra(event.target.checked)}
          />
          {check}
        </label>
      )}
    </>
  );
}

function Line(props: {
  row: RunRow;
  outcome: Outcome | undefined;
  begun: boolean;
  why: string | null;
  words: (typeof WORDS)[BulkKind];
}) {
  const { row, outcome, why, words } = props;
  const becomes = why
    ? `${why}: skipped`
    : outcome
      ? (outcome.refused ?? words.done)
      : props.begun
        ? "..."
        : words.will;
  return (
    <li className="flex items-start gap-2">
      {outcome && !outcome.refused && <CircleCheck aria-hidden className="size-4 text-good" />}
      {outcome?.refused && <CircleX aria-hidden className="size-4 text-bad" />}
      <span className="min-w-0 flex-1">
        <span className="block truncate">{row.asked || row.id}</span>
        <span className="block truncate font-mono text-[0.6875rem] text-muted">{row.id}</span>
      </span>
      <span className={outcome?.refused ? "max-w-56 text-bad" : "max-w-56 text-muted"}>
        {outcome?.refused && "refused: "}
        {becomes}
      </span>
    </li>
  );
}

function makeAct(kind: BulkKind, text: string, extra: boolean): Act {
  if (kind === "hint") return { do: kind, text, interrupt: extra };
  if (kind === "abort") return { do: kind, reason: text, undo: extra };
  return { do: kind, reason: text };
}

function useWork() {
  const [outcomes, setOutcomes] = useState<readonly Outcome[] | null>(null);
  const [isDone, setDone] = useState(false);
  const stopper = useRef<AbortController | null>(null);
  useEffect(() => () => stopper.current?.abort(), []);
  return {
    outcomes,
    isDone,
    begin: (runs: readonly string[], act: Act) => {
      stopper.current = new AbortController();
      setOutcomes([]);
      const note = (outcome: Outcome) => setOutcomes((now) => [...(now ?? []), outcome]);
      void steerAll(runs, (run) => steerRun(run, act), note, stopper.current.signal).then(() =>
        setDone(true),
      );
    },
    stop: () => stopper.current?.abort(),
  };
}
