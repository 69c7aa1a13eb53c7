import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CircleCheck, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { SkeletonRows } from "@/ui/skeleton";
import { useRunView } from "../-view";
import { familyQuery } from "./queries";

/** Makes a run and its family unreadable for good, after a typed confirmation. */
export default function ForgetDialog({ onClose }: { onClose: () => void }) {
  const { run } = useRunView();
  const [typed, setTyped] = useState("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const family = useQuery(familyQuery(run));
  const forget = useMutation({
    mutationFn: () => call(api.POST("/api/v1/runs/{run}/forget", { params: { path: { run } } })),
  });
  const close = () => {
    if (forget.isPending) return;
    if (!forget.data) return onClose();
    queries.removeQueries({ queryKey: ["run"] });
    void navigate({ to: "/runs" });
  };
  const count = family.data?.runs.length ?? 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed === run && !forget.isPending) forget.mutate();
  };
  return (
    <Dialog open onOpenChange={(open) => !open && close()} title="Forget">
      {forget.data ? (
        <Forgotten done={forget.data} onClose={close} />
      ) : (
        <form onSubmit={submit} className="flex flex-col gap-4">
          {family.isPending && <SkeletonRows rows={2} />}
          {family.error && <ProblemCard error={family.error} retry={() => void family.refetch()} />}
          {family.data && (
            <>
              <p>
                {count === 1 ? "This run" : `These ${count} runs`} will be unreadable for everyone,
                for good: prompts, answers, tool calls, results and files.{" "}
                <strong className="font-semibold">This cannot be undone.</strong>
              </p>
              <FamilyList runs={family.data.runs} own={run} />
              <ul className="flex list-disc flex-col gap-1 pl-5 text-muted text-sm">
                <li>
                  If they are encrypted, their key is destroyed, and copies in backups are
                  unreadable too. If not, only the content stored here is deleted.
                </li>
                <li>
                  Names, times and seals stay, with a record of who forgot them. The names cannot be
                  used again.
                </li>
                <li>
                  What the tools did stays. To reverse it, undo it first: after this, the list of
                  effects is gone.
                </li>
                <li>Exports and what providers keep are out of reach.</li>
              </ul>
              <Field label={<span>Type the run's id to confirm</span>} hint={run}>
                {(ids) => (
                  <Input
                    {...ids}
                    value={typed}
                    autoComplete="off"
                    spellCheck={false}
                    className="font-mono"
                    disabled={forget.isPending}
                    onChange={(event) => setTyped(event.target.value)}
                  />
                )}
              </Field>
            </>
          )}
          {forget.error && <ProblemCard error={forget.error} />}
          <div className="flex justify-end gap-2">
            <Button disabled={forget.isPending} onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" tone="danger" disabled={typed !== run || forget.isPending}>
              <Trash2 aria-hidden />
              {forget.isPending
                ? "Forgetting"
                : `Forget ${count > 1 ? `${count} runs` : "the run"}`}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

const SHOWN = 50;

function FamilyList(props: { runs: readonly string[]; own: string }) {
  if (props.runs.length < 2) return null;
  return (
    <section>
      <h3 className="mb-1 font-medium text-xs">
        Forgotten together, because they contain the same content
      </h3>
      <ul className="max-h-40 overflow-auto rounded-md border bg-sunken px-3 py-2 text-xs">
        {props.runs.slice(0, SHOWN).map((run) => (
          <li key={run} className="break-all">
            {run}
            {run === props.own && <span className="text-muted"> (this run)</span>}
          </li>
        ))}
        {props.runs.length > SHOWN && (
          <li className="text-muted">and {props.runs.length - SHOWN} more</li>
        )}
      </ul>
    </section>
  );
}

function Forgotten(props: { done: Schemas["ForgottenRuns"]; onClose: () => void }) {
  const { done } = props;
  const rows = Object.values(done.deleted).reduce((sum, each) => sum + each, 0);
  return (
    <div className="flex flex-col gap-3">
      <p role="status" className="flex items-center gap-2 font-medium">
        <CircleCheck aria-hidden className="size-4 text-good" />
        {done.runs.length === 1 ? "1 run is" : `${done.runs.length} runs are`} forgotten
      </p>
      <p className="text-sm">
        {done.unreadable
          ? "The key is destroyed: copies elsewhere are unreadable too."
          : "It was not encrypted from the start: copies elsewhere, such as backups, can still be read."}{" "}
        <span className="text-muted">{rows.toLocaleString("en")} rows were deleted here.</span>
      </p>
      {done.going.length > 0 && (
        <p className="break-words rounded-md bg-warn-soft p-3 text-sm">
          Still open, and kept: {done.going.join(", ")}. Abort them, then forget again.
        </p>
      )}
      <Button className="self-end" onClick={props.onClose}>
        Go to the runs
      </Button>
    </div>
  );
}
