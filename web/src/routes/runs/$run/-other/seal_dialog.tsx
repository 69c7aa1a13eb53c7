import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck, ShieldQuestion } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { Problem } from "@/api/problem";
import { Ago } from "@/parts/ago";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { SkeletonRows } from "@/ui/skeleton";
import { useRunView } from "../-view";
import { CopyLine } from "./copy_line";
import { verifyQuery } from "./queries";

const TOKEN = /^[0-9a-f]{64}$/;

/** Whether the run is sealed, and unchanged since. */
export default function SealDialog({ onClose }: { onClose: () => void }) {
  const { run, log, card } = useRunView();
  const may = useMay("operator");
  const [token, setToken] = useState("");
  const [asked, setAsked] = useState("");
  const verify = useQuery(verifyQuery(run, asked));
  const queries = useQueryClient();
  const seal = useMutation({
    mutationFn: () => call(api.POST("/api/v1/runs/{run}/seal", { params: { path: { run } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["run", run, "verify"] }),
  });
  const unsealed = isUnsealed(verify.error);
  const ended = log.ended !== undefined || card?.ended != null;
  const check = (event: FormEvent) => {
    event.preventDefault();
    if (TOKEN.test(token)) setAsked(token);
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Seal"
      description="A sealed run is stored apart from Temporal, under a chain of hashes: a later change is noticed."
    >
      <div className="flex flex-col gap-4">
        {verify.isFetching && <SkeletonRows rows={2} />}
        {!verify.isFetching && verify.data && <Verified found={verify.data} />}
        {!verify.isFetching && unsealed && (
          <div className="flex flex-wrap items-center gap-3">
            <p role="status" className="flex min-w-0 flex-1 basis-56 items-center gap-2">
              <ShieldQuestion aria-hidden className="size-4 shrink-0 text-muted" />
              {ended
                ? "Not sealed yet. Workers seal ended runs every few minutes."
                : "A run is sealed after it has ended."}
            </p>
            {may && ended && (
              <Button tone="primary" disabled={seal.isPending} onClick={() => seal.mutate()}>
                {seal.isPending ? "Sealing" : "Seal now"}
              </Button>
            )}
          </div>
        )}
        {seal.error && <ProblemCard error={seal.error} />}
        {!verify.isFetching && verify.error && !unsealed && (
          <ProblemCard error={verify.error} retry={() => void verify.refetch()} />
        )}
        <form onSubmit={check} className="flex flex-col gap-2 border-t pt-3">
          <Field
            label="Check against a replay token"
            hint="One that you kept elsewhere proves that this is the run that was sealed."
            error={token && !TOKEN.test(token) ? "64 characters, 0 to 9 and a to f" : undefined}
          >
            {(ids) => (
              <Input
                {...ids}
                value={token}
                className="font-mono text-xs"
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => setToken(event.target.value.trim())}
              />
            )}
          </Field>
          <Button type="submit" size="sm" className="self-start" disabled={!TOKEN.test(token)}>
            Check
          </Button>
        </form>
      </div>
    </Dialog>
  );
}

function isUnsealed(error: unknown): boolean {
  return error instanceof Problem && error.status === 404;
}

function Verified({ found }: { found: Schemas["Verification"] }) {
  const Icon = found.unchanged ? ShieldCheck : ShieldAlert;
  return (
    <div className="flex flex-col gap-3">
      <p role="status" className="flex items-center gap-2 font-medium">
        <Icon
          aria-hidden
          className={`size-4 shrink-0 ${found.unchanged ? "text-good" : "text-bad"}`}
        />
        {found.unchanged ? "Sealed, and unchanged" : "Changed since it was sealed"}
      </p>
      {found.problems.length > 0 && (
        <ul className="list-disc pl-6 text-bad text-sm">
          {found.problems.map((problem) => (
            <li key={problem} className="break-words">
              {problem}
            </li>
          ))}
        </ul>
      )}
      <p className="text-muted text-xs">
        Sealed <Ago at={found.sealed} /> by <span className="break-all">{found.by}</span> with{" "}
        {found.code}, as number {found.seq.toLocaleString("en")} of the chain.
      </p>
      <p className="text-muted text-xs">
        {found.events.toLocaleString("en")} history events were read
        {found.compared_with_temporal
          ? ", and compared with Temporal."
          : ". Temporal no longer has the run."}
        {found.content !== "present" && ` The content was ${found.content}.`}
      </p>
      <div>
        <p className="mb-1 font-medium text-xs">Replay token: keep it elsewhere</p>
        <CopyLine text={found.token} />
      </div>
    </div>
  );
}
