import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { agentsQuery } from "@/api/queries";
import { EmptyState } from "@/parts/empty_state";
import { describeKeys } from "@/parts/keys";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Combobox } from "@/ui/combobox";
import { Dialog } from "@/ui/dialog";
import { Field, TextArea } from "@/ui/field";
import { Kbd } from "@/ui/kbd";
import { SkeletonRows } from "@/ui/skeleton";
import { changeSearch } from "../-filters";
import { StartFiles, useFiles } from "./start_files";
import { bodyOf, EMPTY, type Faults, type StartForm } from "./start_form";
import { ModelField, MoreFields } from "./start_more";
import { TemplateFields, useTemplate } from "./start_template";
import { useStart } from "./use_start";

/** Starts a run of a published agent. */
export default function StartDialog(props: { agent: string; template?: string | undefined }) {
  const navigate = useNavigate();
  const agents = useQuery(agentsQuery);
  const close = () =>
    void navigate({
      to: "/runs",
      search: changeSearch(({ start: _, template: __, ...rest }) => rest),
      replace: true,
    });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && close()}
      title="Start a run"
      className="top-[6vh] max-h-[88vh] max-w-2xl"
    >
      {agents.error && <ProblemCard error={agents.error} retry={() => void agents.refetch()} />}
      {agents.isPending && <SkeletonRows rows={4} />}
      {agents.data?.length === 0 && (
        <EmptyState title="No agent is published yet">
          A worker publishes the agents that it serves. Start one with{" "}
          <code className="font-mono text-ink">harness serve agents.py</code>, where{" "}
          <code className="font-mono text-ink">agents.py</code> declares your agents.
        </EmptyState>
      )}
      {agents.data && agents.data.length > 0 && (
        <Form
          agents={agents.data}
          agent={props.agent || (agents.data.length === 1 ? (agents.data[0]?.name ?? "") : "")}
          template={props.template}
          onCancel={close}
        />
      )}
    </Dialog>
  );
}

type Agents = NonNullable<Awaited<ReturnType<NonNullable<typeof agentsQuery.queryFn>>>>;

function Form(props: {
  agents: Agents;
  agent: string;
  template: string | undefined;
  onCancel: () => void;
}) {
  const { agents } = props;
  const [form, setForm] = useState<StartForm>({
    ...EMPTY,
    agent: props.agent,
    ...(props.template ? { isTemplate: true, template: props.template } : {}),
  });
  const { start, isStarting, problem, faults, setFaults } = useStart();
  const files = useFiles();
  const template = useTemplate(form.isTemplate ? form.template : "");
  const element = useRef<HTMLFormElement>(null);
  const agent = agents.find((each) => each.name === form.agent.trim());
  const set = (changes: Partial<StartForm>) => {
    setForm((now) => ({ ...now, ...changes }));
    setFaults(dropFaults(faults, Object.keys(changes)));
  };
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    const { body, faults: found } = bodyOf(form, template.data?.variables ?? [], files.ids);
    setFaults(found);
    if (Object.keys(found).length === 0) void start(body);
    else setTimeout(() => element.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
  };
  return (
    <form
      ref={element}
      noValidate
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
      }}
      className="flex flex-col gap-4"
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Agent"
          error={faults["agent"]}
          hint={agent && (agent.workers.length > 0 ? `Tools: ${listOf(agent.tools)}` : NO_WORKER)}
        >
          {(ids) => (
            <Combobox
              {...ids}
              autoFocus={!props.agent}
              placeholder="Search the published agents"
              value={form.agent}
              onChange={(value) => set({ agent: value })}
              choices={agents.map((each) => ({
                value: each.name,
                note: each.problem ? "cannot start" : each.models[0],
              }))}
            />
          )}
        </Field>
        <ModelField form={form} set={set} fault={faults["model"]} own={agent?.models[0]} />
      </div>
      {agent?.problem && <p className="text-bad text-xs">{agent.problem}</p>}
      <Task {...{ form, set, faults, template }} autoFocus={props.agent !== ""} />
      <StartFiles files={files} fault={faults["files"]} />
      <MoreFields {...{ form, set, faults }} />
      {problem && <ProblemCard error={problem} />}
      <div className="sticky -bottom-5 -mx-5 -mb-5 flex items-center justify-end gap-2 border-t bg-surface px-5 py-3">
        <Button tone="quiet" onClick={props.onCancel}>
          Cancel
        </Button>
        <Button type="submit" tone="primary" disabled={isStarting || files.isUploading}>
          {isStarting ? "Starting" : files.isUploading ? "Uploading files" : "Start the run"}
          <Kbd keys={describeKeys("mod+Enter")} className="text-primary-ink" />
        </Button>
      </div>
    </form>
  );
}

const NO_WORKER = "No worker serves it now: the run waits until one does.";

function listOf(names: readonly string[]): string {
  const [shown, more] = [names.slice(0, 6).join(", "), names.length - 6];
  return names.length === 0 ? "none" : more > 0 ? `${shown} and ${more} more` : shown;
}

/** Without those of fields that were changed since. */
function dropFaults(faults: Faults, changed: readonly string[]): Faults {
  const left = Object.entries(faults).filter(
    ([field]) => !changed.includes(field.split(".")[0] ?? ""),
  );
  return Object.fromEntries(left);
}

interface TaskProps {
  form: StartForm;
  set: (changes: Partial<StartForm>) => void;
  faults: Faults;
  template: ReturnType<typeof useTemplate>;
  autoFocus: boolean;
}

function Task({ form, set, faults, template, autoFocus }: TaskProps) {
  return (
    <div className="flex flex-col gap-2">
      <fieldset className="flex gap-4 text-xs">
        <legend className="sr-only">Task</legend>
        {[false, true].map((isTemplate) => (
          <label key={String(isTemplate)} className="flex items-center gap-1.5">
            <input
              type="radio"
              name="task"
              className="accent-(--info)"
              checked={form.isTemplate === isTemplate}
              onChange={() => set({ isTemplate })}
            />
            {isTemplate ? "Prompt template" : "Prompt"}
          </label>
        ))}
      </fieldset>
      {form.isTemplate ? (
        <TemplateFields {...{ form, set, faults, template }} />
      ) : (
        <Field label="Prompt" error={faults["prompt"]}>
          {(ids) => (
            <TextArea
              {...ids}
              autoFocus={autoFocus}
              rows={6}
              maxLength={1_000_000}
              placeholder="What is the agent to do?"
              value={form.prompt}
              onChange={(event) => set({ prompt: event.target.value })}
            />
          )}
        </Field>
      )}
    </div>
  );
}
