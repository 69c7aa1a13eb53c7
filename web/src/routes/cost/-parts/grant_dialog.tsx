import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { notify } from "@/ui/notify";
import { type GrantFields, readGrant, type SharedBudget } from "../-budgets";

/** Grants more of a shared budget: as much again, or amounts. */
export function GrantDialog(props: { budget: SharedBudget; onClose: () => void }) {
  const { budget } = props;
  const queries = useQueryClient();
  const [fields, setFields] = useState<GrantFields>({ tokens: "", dollars: "", minutes: "" });
  const [checked, setChecked] = useState(false);
  const { grant, faults } = readGrant(fields);
  const shown = checked ? faults : {};
  const asked = Object.keys(grant).length > 0;
  const granting = useMutation({
    mutationFn: () =>
      call(api.POST("/api/v1/budgets/grants", { body: { budget: budget.budget, ...grant } })),
    onSuccess: ({ resumed }) => {
      notify(`Granted. ${resumed === 0 ? "No run waited." : runsGoOn(resumed)}`);
      void queries.invalidateQueries({ queryKey: ["budgets"] });
      props.onClose();
    },
  });
  const set = (name: keyof GrantFields) => (value: string) =>
    setFields((now) => ({ ...now, [name]: value }));
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !granting.isPending && props.onClose()}
      title="Grant more"
      description={
        <>
          Of <span className="break-all font-medium text-ink">{budget.budget}</span>
          {budget.day && `, for ${budget.day}`}.{" "}
          {budget.waiting > 0
            ? `${budget.waiting} ${budget.waiting === 1 ? "run waits" : "runs wait"} for it.`
            : "No run waits for it."}
        </>
      }
    >
      <form
        className="flex flex-col gap-3"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (Object.keys(faults).length === 0) granting.mutate();
        }}
      >
        {budget.tokens != null && (
          <Amount label="Tokens" value={fields.tokens} set={set("tokens")} fault={shown.tokens} />
        )}
        {budget.cost_micros != null && (
          <Amount
            label="US dollars"
            value={fields.dollars}
            set={set("dollars")}
            fault={shown.dollars}
          />
        )}
        {budget.seconds != null && (
          <Amount
            label="Minutes, from now"
            value={fields.minutes}
            set={set("minutes")}
            fault={shown.minutes}
          />
        )}
        <p className="text-muted text-xs">Without amounts: as much again as it had at first.</p>
        {granting.error && <ProblemCard error={granting.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" tone="primary" disabled={granting.isPending}>
            {asked || Object.keys(faults).length > 0
              ? "Grant these amounts"
              : "Grant as much again"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function runsGoOn(count: number): string {
  return count === 1 ? "1 run goes on." : `${count} runs go on.`;
}

function Amount(props: {
  label: string;
  value: string;
  set: (value: string) => void;
  fault: string | undefined;
}) {
  return (
    <Field label={props.label} error={props.fault}>
      {(ids) => (
        <Input
          {...ids}
          inputMode="decimal"
          autoComplete="off"
          value={props.value}
          onChange={({ target }) => props.set(target.value)}
        />
      )}
    </Field>
  );
}
