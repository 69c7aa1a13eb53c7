import { Field, Input } from "@/ui/field";
import { MOST_FORKS } from "./changes";

/** How often a what-if asks, and what may run. */
export function WhatIfFields(props: {
  n: number;
  liveReads: boolean;
  onChange: (changed: { n?: number; liveReads?: boolean }) => void;
}) {
  return (
    <div className="flex flex-col gap-3">
      <Field label="Forks of each run" hint="Models vary: several forks show how much.">
        {(ids) => (
          <Input
            {...ids}
            type="number"
            min={1}
            max={MOST_FORKS}
            value={props.n}
            className="w-28"
            onChange={(event) => {
              const n = Math.round(event.target.valueAsNumber);
              if (n >= 1 && n <= MOST_FORKS) props.onChange({ n });
            }}
          />
        )}
      </Field>
      <label className="flex items-start gap-2 text-sm">
        <input
          type="checkbox"
          className="mt-1"
          checked={props.liveReads}
          onChange={(event) => props.onChange({ liveReads: event.target.checked })}
        />
        <span>
          Run reading tools where no result is recorded
          <span className="block text-muted text-xs">
            Otherwise such a call is refused, and the model is told so.
          </span>
        </span>
      </label>
    </div>
  );
}
