import { useMutation } from "@tanstack/react-query";
import { Check, Hourglass, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import type { EventOf } from "@/events/steps";
import { JsonView } from "@/parts/json_view";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/shell/roles";
import { Button } from "@/ui/button";
import { Input } from "@/ui/field";

/** What the run waits for a person to decide. */
export function DecisionLine(props: { run: string; asked: EventOf<"decision_requested"> }) {
  const { run, asked } = props;
  const may = useMay("operator");
  const [note, setNote] = useState("");
  const decide = useMutation({
    mutationFn: (body: Partial<Schemas["DecideBody"]> & Pick<Schemas["DecideBody"], "verdict">) =>
      call(
        api.POST("/api/v1/runs/{run}/decide", {
          params: { path: { run } },
          body: {
            item: asked.id,
            replace: false,
            ...(asked.digest ? { digest: asked.digest } : {}),
            ...body,
          },
        }),
      ),
  });
  const answers = asked.need === "answer";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (answers) decide.mutate({ verdict: "answer", answer: note });
    else decide.mutate({ verdict: "approve", ...(note ? { note } : {}) });
  };
  return (
    <form
      onSubmit={submit}
      aria-label="Decision"
      className="flex flex-col gap-2.5 rounded-2xl border border-warn/50 bg-warn-soft p-3.5"
    >
      <p className="flex items-start gap-2">
        <Hourglass aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
        <span className="min-w-0 break-words">
          <span className="font-medium">{answers ? "A question for you" : "Approve?"}</span>{" "}
          {asked.question}
        </span>
      </p>
      {asked.arguments != null && !answers && (
        <div className="max-h-48 overflow-auto rounded-md bg-surface p-2.5">
          <JsonView value={asked.arguments} />
        </div>
      )}
      {decide.error && <ProblemCard error={decide.error} />}
      {may && (
        <div className="flex flex-wrap items-center gap-2">
          <Input
            aria-label={answers ? "Answer" : "Note"}
            placeholder={answers ? "Your answer" : "Note (optional)"}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            className="h-8 min-w-32 flex-1 text-xs"
          />
          <Button size="sm" tone="primary" type="submit" disabled={decide.isPending}>
            <Check aria-hidden /> {answers ? "Answer" : "Approve"}
          </Button>
          <Button
            size="sm"
            disabled={decide.isPending}
            onClick={() => decide.mutate({ verdict: "reject", ...(note ? { note } : {}) })}
          >
            <X aria-hidden /> Reject
          </Button>
        </div>
      )}
    </form>
  );
}
