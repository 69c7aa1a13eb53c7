import { Minus, PencilLine, Plus } from "lucide-react";
import { type Change, type Changes, splitTexts, writePath } from "./changes";
import { ExactText } from "./exact_text";
import { type Json, writeJson } from "./json_value";

const ICONS = { added: Plus, removed: Minus, changed: PencilLine } as const;

/** What differs from what the model asked for. */
export function ChangesView(props: { changes: Changes }) {
  const { changes, more } = props.changes;
  return (
    <section aria-label="Changes" aria-live="polite" className="rounded-md bg-sunken/60 p-3">
      <p className="mb-1.5 font-medium text-xs">
        {changes.length === 0 ? "No changes yet" : "Changed from what the model asked for"}
      </p>
      <ul className="flex flex-col gap-1.5">
        {changes.map((change) => (
          <ChangeRow key={JSON.stringify(change.path)} change={change} />
        ))}
      </ul>
      {more && <p className="mt-1 text-muted text-xs">There are more changes.</p>}
    </section>
  );
}

function ChangeRow({ change }: { change: Change }) {
  const Icon = ICONS[change.kind];
  const { before, after } = change;
  return (
    <li className="flex items-start gap-2 text-[0.8125rem]">
      <Icon aria-label={change.kind} className="mt-0.5 size-3.5 shrink-0 text-muted" />
      <div className="min-w-0">
        <span className="mr-2 font-medium">
          <ExactText text={writePath(change.path) || "all arguments"} />
        </span>
        {typeof before === "string" && typeof after === "string" && before && after ? (
          <TextChange before={before} after={after} />
        ) : (
          <>
            {before !== undefined && <Old value={before} />}{" "}
            {after !== undefined && <New value={after} />}
          </>
        )}
      </div>
    </li>
  );
}

function TextChange(props: { before: string; after: string }) {
  const { head, removed, added, tail } = splitTexts(props.before, props.after);
  return (
    <span>
      <ExactText text={head} />
      {removed && <Old value={removed} plain />}
      {added && <New value={added} plain />}
      <ExactText text={tail} />
    </span>
  );
}

function Old(props: { value: Json; plain?: boolean }) {
  return (
    <del className="rounded-sm bg-bad-soft px-0.5 text-bad">
      <ExactText text={textOf(props.value, props.plain)} />
    </del>
  );
}

function New(props: { value: Json; plain?: boolean }) {
  return (
    <ins className="rounded-sm bg-good-soft px-0.5 text-good no-underline">
      <ExactText text={textOf(props.value, props.plain)} />
    </ins>
  );
}

function textOf(value: Json, plain = false): string {
  return plain && typeof value === "string" ? value : writeJson(value);
}
