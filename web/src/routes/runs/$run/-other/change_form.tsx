import type { UseQueryResult } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import type { ToolStep } from "@/events/steps";
import { type Draft, editableCalls } from "@/parts/alternatives/changes";
import { ModelField } from "@/parts/alternatives/model_field";
import { DiffView } from "@/parts/diff_view";
import { Button } from "@/ui/button";
import { Field, Input, TextArea } from "@/ui/field";
import { ResultEdits } from "./result_edits";

/** What to change, and from which turn on. */
export function ChangeForm(props: {
  draft: Draft;
  onChange: (changed: Partial<Draft>) => void;
  bounds: readonly [number, number];
  calls: readonly ToolStep[];
  isWhatIf: boolean;
  model: string;
  pinned: UseQueryResult<Schemas["PinnedAgent"]>;
}) {
  const { draft, onChange, pinned } = props;
  const [first, last] = props.bounds;
  const valid = Number.isInteger(draft.at) && draft.at >= first && draft.at <= last;
  return (
    <>
      <Field
        label="Last turn to keep"
        hint={describeTurn(draft.at)}
        error={valid ? undefined : `A number from ${first} to ${last}`}
      >
        {(ids) => (
          <Input
            {...ids}
            type="number"
            min={first}
            max={last}
            className="w-28"
            value={Number.isNaN(draft.at) ? "" : draft.at}
            onChange={(event) => onChange({ at: event.target.valueAsNumber })}
          />
        )}
      </Field>
      <ModelField
        value={draft.model}
        current={props.model}
        onChange={(model) => onChange({ model })}
      />
      <Field
        label="Hint"
        hint="Sent to the model as the next message. Required if the fork begins after a final answer: without it, the model has nothing to answer."
      >
        {(ids) => (
          <TextArea
            {...ids}
            value={draft.hint}
            rows={2}
            className="min-h-14"
            onChange={(event) => onChange({ hint: event.target.value })}
          />
        )}
      </Field>
      <Instructions
        pinned={pinned.data?.instructions ?? ""}
        dynamic={pinned.data !== undefined && pinned.data.instructions == null}
        value={draft.instructions}
        onChange={(instructions) => onChange({ instructions })}
      />
      <ResultEdits
        calls={editableCalls(props.calls, draft.at, props.isWhatIf)}
        results={draft.results}
        onChange={(results) => onChange({ results })}
      />
    </>
  );
}

function describeTurn(at: number): string {
  if (at === 0) return "Keeps none: starts again with the same prompt.";
  if (at === 1) return "Keeps turn 1, and goes on with the model call of turn 2.";
  return `Keeps turns 1 to ${at}, and goes on with the model call of turn ${at + 1}.`;
}

function Instructions(props: {
  pinned: string;
  dynamic: boolean;
  value: string | null;
  onChange: (value: string | null) => void;
}) {
  const text = props.value ?? props.pinned;
  return (
    <details className="group/instructions" open={props.value !== null}>
      <summary className="cursor-pointer font-medium text-xs">
        Instructions{props.value !== null && " (edited)"}
      </summary>
      <div className="mt-2 flex flex-col gap-2">
        <TextArea
          aria-label="Instructions"
          value={text}
          rows={6}
          placeholder={
            props.dynamic
              ? "A function writes them for each run. Text here replaces it."
              : undefined
          }
          className="font-mono text-xs"
          onChange={(event) =>
            props.onChange(event.target.value === props.pinned ? null : event.target.value)
          }
        />
        {props.value !== null && (
          <>
            <DiffView before={props.pinned} after={props.value} title="As pinned, and as edited" />
            <Button size="sm" className="self-start" onClick={() => props.onChange(null)}>
              Restore the pinned instructions
            </Button>
          </>
        )}
      </div>
    </details>
  );
}
