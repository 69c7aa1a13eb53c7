import { useQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { ProblemCard } from "@/parts/problem_card";
import { VariableField } from "@/parts/variable_field";
import { Combobox } from "@/ui/combobox";
import { Field } from "@/ui/field";
import type { Faults, StartForm } from "./start_form";

/** A template with its variables: NAME or NAME@VERSION. */
export function useTemplate(prompt: string) {
  return useQuery({
    queryKey: ["prompt", prompt],
    queryFn: () => call(api.GET("/api/v1/prompts/{prompt}", { params: { path: { prompt } } })),
    enabled: prompt.trim() !== "",
    retry: false,
    staleTime: 10_000,
  });
}

interface TemplateProps {
  form: StartForm;
  set: (changes: Partial<StartForm>) => void;
  faults: Faults;
  template: ReturnType<typeof useTemplate>;
}

export function TemplateFields({ form, set, faults, template }: TemplateProps) {
  const prompts = useQuery({
    queryKey: ["prompts"],
    queryFn: async () => (await call(api.GET("/api/v1/prompts"))).prompts,
    staleTime: 10_000,
  });
  const { data } = template;
  return (
    <>
      {prompts.error && <ProblemCard error={prompts.error} />}
      <Field
        label="Template"
        hint={
          prompts.data?.length === 0
            ? "There are no templates yet. Save one under Prompts."
            : (data?.description ?? "NAME, or NAME@VERSION for an older version.")
        }
        error={faults["template"] ?? (template.error ? template.error.message : undefined)}
      >
        {(ids) => (
          <Combobox
            {...ids}
            placeholder="Search the templates"
            value={form.template}
            onChange={(value) => set({ template: value })}
            choices={(prompts.data ?? []).map((each) => ({
              value: each.name,
              note: each.problem ? "cannot be used" : `version ${each.version}`,
            }))}
          />
        )}
      </Field>
      {data && (
        <pre className="max-h-32 overflow-auto whitespace-pre-wrap break-words rounded-md bg-sunken p-2.5 font-mono text-xs">
          {data.text}
        </pre>
      )}
      {data?.variables.map((variable) => (
        <VariableField
          key={variable.name}
          variable={variable}
          value={form.variables[variable.name] ?? ""}
          fault={faults[`variables.${variable.name}`]}
          onChange={(value) => set({ variables: { ...form.variables, [variable.name]: value } })}
        />
      ))}
    </>
  );
}
