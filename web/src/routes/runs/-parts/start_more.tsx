import { useQuery } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { formatCount } from "@/parts/figures";
import { Combobox } from "@/ui/combobox";
import { Field, Input, TextArea } from "@/ui/field";
import type { Faults, StartForm } from "./start_form";

interface PartProps {
  form: StartForm;
  set: (changes: Partial<StartForm>) => void;
}

/** Another model than the agent's, with what it costs. */
export function ModelField(
  props: PartProps & { fault: string | undefined; own: string | undefined },
) {
  const { form, set, own } = props;
  const models = useQuery({
    queryKey: ["models"],
    queryFn: async () => (await call(api.GET("/api/v1/models"))).models,
    staleTime: 60_000,
  });
  const chosen = models.data?.find((each) => each.model === (form.model.trim() || own));
  const hint = chosen
    ? `${priceOf(chosen)}, ${formatCount(chosen.context)} tokens of context${chosen.ready ? "" : ", no key is set"}`
    : form.model.trim()
      ? "Not in the list of known models."
      : undefined;
  return (
    <Field label="Model" error={props.fault} hint={hint}>
      {(ids) => (
        <Combobox
          {...ids}
          placeholder={own ? `The agent's own: ${own}` : "The agent's own"}
          value={form.model}
          onChange={(model) => set({ model })}
          choices={(models.data ?? [])
            .toSorted((one, two) => Number(two.ready) - Number(one.ready))
            .map((each) => ({
              value: each.model,
              note: each.ready ? priceOf(each) : "no key",
            }))}
        />
      )}
    </Field>
  );
}

function priceOf({ price }: Schemas["ModelView"]): string {
  return price ? `$${price.input} in, $${price.output} out per million` : "price not known";
}

const LIMITS = [
  { name: "turns", label: "Turns", mode: "numeric" },
  { name: "tokens", label: "Tokens", mode: "numeric" },
  { name: "dollars", label: "US dollars", mode: "decimal" },
  { name: "seconds", label: "Seconds", mode: "decimal" },
] as const;

/** Limits, labels and the id. */
export function MoreFields({ form, set, faults }: PartProps & { faults: Faults }) {
  const names = [...LIMITS.map((limit) => limit.name), "labels", "id"];
  const isFaulty = names.some((name) => faults[name]);
  return (
    // The key opens the part when a field in it is refused.
    <details key={String(isFaulty)} open={isFaulty || undefined} className="rounded-md border">
      <summary className="cursor-pointer px-3 py-2 font-medium text-xs">
        Budget, labels and id
      </summary>
      <div className="flex flex-col gap-4 px-3 pb-3">
        <fieldset>
          <legend className="mb-1 text-muted text-xs">
            If all limits are empty, the agent's own apply; otherwise an empty field means no limit.
          </legend>
          <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
            {LIMITS.map(({ name, label, mode }) => (
              <Field key={name} label={label} error={faults[name]}>
                {(ids) => (
                  <Input
                    {...ids}
                    inputMode={mode}
                    value={form[name]}
                    onChange={(event) => set({ [name]: event.target.value })}
                  />
                )}
              </Field>
            ))}
          </div>
          <label className="mt-2 flex items-center gap-2 text-xs">
            <input
              type="checkbox"
              className="size-4 accent-(--info)"
              checked={form.ask}
              onChange={(event) => set({ ask: event.target.checked })}
            />
            At a limit, wait for a person to grant as much again
          </label>
        </fieldset>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Labels" hint="One a line: name = value" error={faults["labels"]}>
            {(ids) => (
              <TextArea
                {...ids}
                rows={2}
                spellCheck={false}
                className="min-h-16 font-mono text-xs"
                value={form.labels}
                onChange={(event) => set({ labels: event.target.value })}
              />
            )}
          </Field>
          <Field
            label="Id"
            hint="Leave empty to generate one. The same request with the same id is the same run."
            error={faults["id"]}
          >
            {(ids) => (
              <Input
                {...ids}
                spellCheck={false}
                maxLength={250}
                value={form.id}
                onChange={(event) => set({ id: event.target.value })}
              />
            )}
          </Field>
        </div>
      </div>
    </details>
  );
}
