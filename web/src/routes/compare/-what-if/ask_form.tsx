import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Split } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { meQuery } from "@/api/queries";
import { changeOf, type Draft, EMPTY } from "@/parts/alternatives/changes";
import { ModelField } from "@/parts/alternatives/model_field";
import { startWhatIf } from "@/parts/alternatives/question";
import { WhatIfFields } from "@/parts/alternatives/what_if_fields";
import { useMay } from "@/parts/roles";
import { View } from "@/parts/view";
import { Button } from "@/ui/button";
import { Field, Input, TextArea } from "@/ui/field";

const SHOWN = 20;
const MOST_IN_ALL = 10_000;

/** A question about several runs. */
export function AskForm({ runs }: { runs: readonly string[] }) {
  const may = useMay("operator");
  const user = useQuery(meQuery).data?.user;
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>({ ...EMPTY, at: 0 });
  const change = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }));
  const total = draft.n * runs.length;
  const ask = (event: FormEvent) => {
    event.preventDefault();
    if (!user || total > MOST_IN_ALL) return;
    const search = startWhatIf(
      {
        runs: [...runs],
        ...changeOf(draft, [], true),
        n: draft.n,
        live_reads: draft.liveReads,
      },
      user,
    );
    void navigate({ to: "/compare/what-if", search });
  };
  return (
    <View title="What if?">
      <form
        onSubmit={ask}
        onKeyDown={submitByKey}
        className="mx-auto flex max-w-xl flex-col gap-5 px-4 py-6 sm:px-6"
      >
        <p className="text-muted">
          Each of these runs is forked with a change. No tool runs: recorded results and answers are
          played back, nobody is asked, and nothing changes.
        </p>
        <RunNames runs={runs} />
        <Field
          label="Last turn to keep"
          hint="0 keeps none: each run starts again with its prompt. A run that has fewer turns does not stop the others."
        >
          {(ids) => (
            <Input
              {...ids}
              type="number"
              min={0}
              className="w-28"
              value={draft.at}
              onChange={(event) =>
                change({ at: Math.max(0, Math.round(event.target.valueAsNumber) || 0) })
              }
            />
          )}
        </Field>
        <ModelField value={draft.model} current="" onChange={(model) => change({ model })} />
        <Field label="Hint" hint="The model reads it first.">
          {(ids) => (
            <TextArea
              {...ids}
              value={draft.hint}
              onChange={(event) => change({ hint: event.target.value })}
            />
          )}
        </Field>
        <Field label="Instructions" hint="Leave empty to use those of each run's agent.">
          {(ids) => (
            <TextArea
              {...ids}
              rows={5}
              className="font-mono text-xs"
              value={draft.instructions ?? ""}
              onChange={(event) => change({ instructions: event.target.value || null })}
            />
          )}
        </Field>
        <WhatIfFields n={draft.n} liveReads={draft.liveReads} onChange={change} />
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" tone="primary" disabled={!may || total > MOST_IN_ALL}>
            <Split aria-hidden /> Start {total.toLocaleString("en")} forks
          </Button>
          <p className="text-muted text-xs">{noteFor(total, may)}</p>
        </div>
      </form>
    </View>
  );
}

function submitByKey(event: KeyboardEvent<HTMLFormElement>): void {
  if (event.key !== "Enter" || event.repeat || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
}

function noteFor(total: number, may: boolean): string {
  if (!may) return "Asking needs the role operator.";
  if (total > MOST_IN_ALL) return `At most ${MOST_IN_ALL.toLocaleString("en")} forks in all.`;
  return "Their model calls cost real money.";
}

function RunNames({ runs }: { runs: readonly string[] }) {
  return (
    <ul className="flex flex-wrap gap-1.5" aria-label="Runs">
      {runs.slice(0, SHOWN).map((run) => (
        <li key={run} className="max-w-full truncate rounded-md bg-sunken px-2 py-0.5 text-xs">
          <Link to="/runs/$run" params={{ run }} className="hover:underline">
            {run}
          </Link>
        </li>
      ))}
      {runs.length > SHOWN && (
        <li className="px-1 py-0.5 text-muted text-xs">and {runs.length - SHOWN} more</li>
      )}
    </ul>
  );
}
