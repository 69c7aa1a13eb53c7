import { useMutation, useQuery } from "@tanstack/react-query";
import { Scale } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { agentsQuery } from "@/api/queries";
import { Section } from "@/parts/desk/section";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Combobox } from "@/ui/combobox";
import { Field, Input, Select, TextArea } from "@/ui/field";
import { readArguments, type SafetySearch } from "../-safety";
import { ExplanationView } from "./explanation";

const EFFECTS = ["read", "write", "irreversible"] as const;
type Effect = (typeof EFFECTS)[number];

/** Which rule decides about a call, which is not made. */
export default function ExplainTab(props: {
  search: SafetySearch;
  change: (changes: SafetySearch) => void;
}) {
  const { agent = "", tool = "" } = props.search;
  const [text, setText] = useState("");
  const [effect, setEffect] = useState<Effect | "">("");
  const [cost, setCost] = useState("");
  const [checked, setChecked] = useState(false);
  const agents = useQuery(agentsQuery);
  const known = agents.data?.find((each) => each.name === agent);
  const { value, fault } = readArguments(text);
  const spent = cost.trim() === "" ? 0 : Number(cost);
  const costFault =
    Number.isFinite(spent) && spent >= 0 ? undefined : "Write dollars, such as 0.5.";
  const explaining = useMutation({
    mutationFn: () =>
      call(
        api.POST("/api/v1/policy/explain", {
          body: {
            agent: agent.trim(),
            tool: tool.trim(),
            arguments: value ?? {},
            cost: spent,
            ...(effect ? { effect } : {}),
          },
        }),
      ),
  });
  return (
    <div className="grid items-start gap-8 lg:grid-cols-2">
      <Section title="The call" lead="It is not made." bare>
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            setChecked(true);
            if (!fault && !costFault) explaining.mutate();
          }}
        >
          <Field label="Agent">
            {(ids) => (
              <Combobox
                {...ids}
                value={agent}
                onChange={(name) => props.change({ agent: name })}
                choices={(agents.data ?? []).map((each) => ({ value: each.name }))}
              />
            )}
          </Field>
          <Field label="Tool">
            {(ids) => (
              <Combobox
                {...ids}
                value={tool}
                onChange={(name) => props.change({ tool: name })}
                choices={(known?.tools ?? []).map((name) => ({ value: name }))}
              />
            )}
          </Field>
          <Field
            label="Arguments"
            hint='As JSON, defaults included, such as {"amount": 500}.'
            error={checked ? fault : undefined}
          >
            {(ids) => (
              <TextArea
                {...ids}
                rows={4}
                spellCheck={false}
                className="font-mono text-xs"
                value={text}
                onChange={({ target }) => setText(target.value)}
              />
            )}
          </Field>
          <div className="grid grid-cols-2 gap-3">
            <Field label="Effect">
              {(ids) => (
                <Select
                  {...ids}
                  value={effect}
                  onChange={({ target }) => setEffect(target.value as Effect | "")}
                >
                  <option value="">as published</option>
                  {EFFECTS.map((each) => (
                    <option key={each}>{each}</option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label="Cost so far, in dollars" error={checked ? costFault : undefined}>
              {(ids) => (
                <Input
                  {...ids}
                  inputMode="decimal"
                  placeholder="0"
                  value={cost}
                  onChange={({ target }) => setCost(target.value)}
                />
              )}
            </Field>
          </div>
          <Button
            type="submit"
            tone="primary"
            className="self-end"
            disabled={!agent.trim() || !tool.trim() || explaining.isPending}
          >
            <Scale aria-hidden /> Explain
          </Button>
        </form>
      </Section>
      <Section title="What the policy says" lead="The first rule that fits decides.">
        {explaining.error && <ProblemCard className="m-3" error={explaining.error} />}
        {explaining.data ? (
          <ExplanationView explanation={explaining.data} />
        ) : (
          <p className="px-4 py-4 text-muted">
            Describe a call to see which rule decides, and why those before it do not fit.
          </p>
        )}
      </Section>
    </div>
  );
}
