import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Field, Input, TextArea } from "@/ui/field";
import { Kbd } from "@/ui/kbd";
import { describeKeys } from "../keys";

type Template = Schemas["PromptSummary"];

const templatesQuery = {
  queryKey: ["prompts"],
  queryFn: async () => (await call(api.GET("/api/v1/prompts"))).prompts,
  staleTime: 30_000,
};

/** The templates whose names contain what was typed after `/`. */
export function useTemplates(typed: string | null) {
  const found = useQuery({ ...templatesQuery, enabled: typed !== null });
  const wanted = typed?.toLowerCase() ?? "";
  const shown = (found.data ?? []).filter(
    (each) => !each.archived && each.name.toLowerCase().includes(wanted),
  );
  return { ...found, shown: shown.slice(0, 8) };
}

export function TemplateList(props: {
  id: string;
  templates: readonly Template[];
  loading: boolean;
  error: unknown;
  chosen: number;
  onChoose: (template: Template) => void;
}) {
  return (
    <div className="animate-enter absolute inset-x-0 bottom-full mb-2 overflow-hidden rounded-2xl border border-line bg-raised shadow-card">
      {props.error ? <ProblemCard error={props.error} className="m-2" /> : null}
      <div
        id={props.id}
        role="listbox"
        aria-label="Prompt templates"
        className="max-h-72 overflow-auto p-1.5"
      >
        {props.templates.map((each, place) => (
          <button
            key={each.name}
            id={`${props.id}-${place}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={place === props.chosen}
            onClick={() => props.onChoose(each)}
            className={cn(
              "flex w-full items-baseline gap-3 rounded-md px-2.5 py-1.5 text-left hover:bg-sunken dark:hover:bg-surface",
              place === props.chosen && "bg-sunken dark:bg-surface",
            )}
          >
            <span className="font-medium">/{each.name}</span>
            <span className="truncate text-muted text-xs">{each.description}</span>
          </button>
        ))}
      </div>
      {props.templates.length === 0 && !props.error && (
        <p className="px-4 pb-3 text-muted text-sm">
          {props.loading ? "Looking for templates …" : "No template has this name."}
        </p>
      )}
      <p className="border-t px-3 py-1.5 text-muted text-xs">
        <Kbd keys="↑ ↓" /> choose <Kbd keys="Enter" className="ml-2" /> use{" "}
        <Kbd keys="Esc" className="ml-2" /> keep as text
      </p>
    </div>
  );
}

/** Asks for the variables of a template, and hands over the text that it makes. */
export function TemplateForm(props: {
  template: Template;
  onText: (text: string) => void;
  onCancel: () => void;
}) {
  const { name } = props.template;
  const path = { prompt: name };
  const read = useQuery({
    queryKey: ["prompts", name, props.template.version],
    queryFn: () => call(api.GET("/api/v1/prompts/{prompt}", { params: { path } })),
  });
  const [values, setValues] = useState<Record<string, string>>({});
  const [error, setError] = useState<unknown>();
  const variables = read.data?.variables;
  const render = async () => {
    try {
      const rendered = await call(
        api.POST("/api/v1/prompts/{prompt}/render", {
          params: { path },
          body: { variables: readValues(variables ?? [], values) },
        }),
      );
      props.onText(rendered.text);
    } catch (problem) {
      setError(problem);
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is known that it asks for nothing
  useEffect(() => {
    if (variables?.length === 0) void render();
  }, [variables]);
  if (!variables?.length && !read.error && !error) return null;
  return (
    <form
      aria-label={`Template ${name}`}
      className="animate-enter absolute inset-x-0 bottom-full mb-2 flex max-h-96 flex-col gap-3 overflow-auto rounded-2xl border border-line bg-raised p-4 shadow-card"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void render();
      }}
      onKeyDown={(event) => {
        const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey);
        if (event.key !== "Escape" && !sends) return;
        event.preventDefault();
        if (sends) event.currentTarget.requestSubmit();
        else props.onCancel();
      }}
    >
      <p className="font-medium">/{name}</p>
      {(error || read.error) && <ProblemCard error={error ?? read.error} />}
      {variables?.map((variable, place) => (
        <Field key={variable.name} label={variable.name} hint={variable.description}>
          {(ids) => (
            <VariableInput
              {...ids}
              variable={variable}
              autoFocus={place === 0}
              value={values[variable.name] ?? ""}
              onChange={(value) => setValues({ ...values, [variable.name]: value })}
            />
          )}
        </Field>
      ))}
      <div className="flex justify-end gap-2">
        <Button size="sm" tone="quiet" onClick={props.onCancel}>
          Cancel
        </Button>
        <Button size="sm" tone="primary" type="submit">
          Use the template <Kbd keys={describeKeys("mod+Enter")} className="text-inherit" />
        </Button>
      </div>
    </form>
  );
}

type Variable = Schemas["VariableView"];

function VariableInput(props: {
  id: string;
  variable: Variable;
  value: string;
  autoFocus: boolean;
  onChange: (value: string) => void;
}) {
  const { variable, onChange, ...rest } = props;
  const fallback = variable.default == null ? "" : String(variable.default);
  if (variable.type === "string" || variable.type === "strings") {
    return (
      <TextArea
        {...rest}
        className="min-h-9"
        rows={1}
        required={variable.required}
        placeholder={variable.type === "strings" ? "One per line" : fallback}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  return (
    <Input
      {...rest}
      required={variable.required}
      placeholder={variable.choices?.join(", ") ?? fallback}
      inputMode={variable.type === "integer" ? "numeric" : undefined}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

/** What the fields hold, in the types of the variables. What was left empty is left out. */
export function readValues(
  variables: readonly Variable[],
  values: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const { name, type } of variables) {
    const value = values[name] ?? "";
    if (value === "") continue;
    if (type === "integer" || type === "number") found[name] = Number(value);
    else if (type === "boolean") found[name] = /^(true|yes|1)$/i.test(value);
    else if (type === "strings") found[name] = value.split("\n").filter(Boolean);
    else found[name] = value;
  }
  return found;
}
