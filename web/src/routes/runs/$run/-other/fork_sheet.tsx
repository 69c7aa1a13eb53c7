import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { GitFork, Split } from "lucide-react";
import { useMemo, useState } from "react";
import { api, call } from "@/api/client";
import { meQuery } from "@/api/queries";
import {
  type Change,
  changeOf,
  costAfter,
  type Draft,
  describeChange,
  EMPTY,
  toolCalls,
} from "@/parts/alternatives/changes";
import { startWhatIf } from "@/parts/alternatives/question";
import { WhatIfFields } from "@/parts/alternatives/what_if_fields";
import { formatMoney } from "@/parts/figures";
import { describeKeys } from "@/parts/keys";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Kbd } from "@/ui/kbd";
import { Sheet } from "@/ui/sheet";
import { useRunView } from "../-view";
import { ChangeForm } from "./change_form";
import { pinnedQuery } from "./queries";
import { WorkerNote } from "./worker_note";

/** Another way from a turn: a fork, which goes on for real, or a what-if, whose tools do not run. */
export default function ForkSheet(props: {
  kind: "fork" | "what-if";
  at: number | undefined;
  onClose: () => void;
}) {
  const { run, log, version, card } = useRunView();
  const isWhatIf = props.kind === "what-if";
  const first = (log.started?.parent ?? card?.parent)?.turn ?? 0;
  const last = Math.max(first, log.turn || card?.turn || 0);
  const [draft, setDraft] = useState<Draft>(() => ({ ...EMPTY, at: props.at ?? Number.NaN }));
  const at = Number.isNaN(draft.at) ? defaultTurn(first, last, log.ended !== undefined) : draft.at;
  const now = { ...draft, at };
  const pinned = useQuery(pinnedQuery(run));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the log's steps change in place
  const calls = useMemo(() => toolCalls(log.steps), [log, version]);
  const change = changeOf(now, calls, isWhatIf);
  const words = describeChange(change);
  const start = useStart(run, isWhatIf);
  const isOff = start.isPending || at < first || at > last || !Number.isInteger(at);
  const send = () => {
    if (!isOff) start.mutate({ change, draft: now });
  };

  return (
    <Sheet
      onClose={props.onClose}
      onSend={send}
      title={isWhatIf ? "What if?" : "Fork this run"}
      description={
        isWhatIf
          ? "These forks run no tools: recorded results and answers are played back. Nobody is asked, nothing changes."
          : "A new run keeps the first turns and goes on from there. Its tools run for real; this run stays as it is."
      }
      footer={
        <>
          <p className="min-w-0 flex-1 basis-full sm:basis-40 text-muted text-xs">
            {words.length ? `Changes: ${words.join(", ")}` : "You have not changed anything yet."}
            {isWhatIf && <Estimate cost={costAfter(log.steps, at)} n={draft.n} />}
          </p>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button tone="primary" disabled={isOff} onClick={send}>
            {isWhatIf ? <Split aria-hidden /> : <GitFork aria-hidden />}
            {isWhatIf ? `Ask ${draft.n} times` : "Start the fork"}
            <Kbd keys={describeKeys("mod+Enter")} className="text-inherit" />
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-5">
        {start.error && <ProblemCard error={start.error} />}
        {!(isWhatIf && card?.agent === "assistant") && <WorkerNote agent={card?.agent} />}
        <ChangeForm
          draft={now}
          onChange={(changed) => setDraft((before) => ({ ...before, ...changed }))}
          bounds={[first, last]}
          calls={calls}
          isWhatIf={isWhatIf}
          model={log.model || card?.model || ""}
          pinned={pinned}
        />
        {isWhatIf && (
          <WhatIfFields
            n={draft.n}
            liveReads={draft.liveReads}
            onChange={(changed) => setDraft((before) => ({ ...before, ...changed }))}
          />
        )}
      </div>
    </Sheet>
  );
}

/** Of an ended run, the turn before its answer: after the answer, the model needs a hint. */
function defaultTurn(first: number, last: number, ended: boolean): number {
  return Math.max(first, ended ? last - 1 : last);
}

function useStart(run: string, isWhatIf: boolean) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ change, draft }: { change: Change; draft: Draft }) => {
      if (isWhatIf) {
        const { user } = await queries.ensureQueryData(meQuery);
        const question = { runs: [run], ...change, n: draft.n, live_reads: draft.liveReads };
        await navigate({ to: "/compare/what-if", search: startWhatIf(question, user) });
        return;
      }
      const forked = await call(
        api.POST("/api/v1/runs/{run}/fork", { params: { path: { run } }, body: change }),
      );
      void queries.invalidateQueries({ queryKey: ["run", run], exact: true });
      await navigate({ to: "/runs/$run", params: { run: forked.id } });
    },
  });
}

function Estimate({ cost, n }: { cost: number | null; n: number }) {
  if (!cost) return null;
  return <span> About {formatMoney(cost * n)}, as the run itself cost from there on.</span>;
}
