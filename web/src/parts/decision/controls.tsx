import { createContext, useContext, useEffect, useId, useState } from "react";
import { Input, Select, TextArea } from "@/ui/field";
import { hasHidden } from "./exact_text";
import type { ChoiceField, NumberField, TextField, YesNoField } from "./fields";
import { numberProblem } from "./form_values";
import { type Json, readJson, writeJson } from "./json_value";

/** Takes what keeps a form from being sent, and its removal. */
export type Report = (control: string, problem: string | null) => void;
export const ReportContext = createContext<Report>(() => {});

interface ControlProps<F> {
  field: F;
  value: Json;
  onChange: (value: Json) => void;
  id: string;
  label: string;
  disabled: boolean;
}

/** Keeps the form from being sent while the control is shown and has a problem. */
function useProblem(problem: string | null): void {
  const report = useContext(ReportContext);
  const control = useId();
  useEffect(() => {
    report(control, problem);
    return () => report(control, null);
  }, [report, control, problem]);
}

const LONG = 80;

export function TextControl({ field, value, onChange, id, disabled }: ControlProps<TextField>) {
  const text = typeof value === "string" ? value : "";
  // Decided once: a control that changes its kind loses the cursor.
  const [long] = useState(field.long || text.length > LONG || text.includes("\n"));
  const Control = long ? TextArea : Input;
  return (
    <>
      <Control
        id={id}
        value={text}
        disabled={disabled}
        onChange={(event: { target: { value: string } }) => onChange(event.target.value)}
      />
      {hasHidden(text) && (
        <p className="text-bad text-xs">This text has characters that are not visible.</p>
      )}
    </>
  );
}

export function NumberControl(props: ControlProps<NumberField>) {
  const { field, value, onChange, id, disabled } = props;
  const [text, setText] = useState(String(value));
  const problem = numberProblem(text, field);
  useProblem(problem);
  return (
    <>
      <Input
        id={id}
        inputMode={field.whole ? "numeric" : "decimal"}
        value={text}
        disabled={disabled}
        aria-invalid={problem !== null}
        aria-describedby={problem ? `${id}-problem` : undefined}
        onChange={({ target }) => {
          setText(target.value);
          if (numberProblem(target.value, field) === null) onChange(Number(target.value));
        }}
      />
      <ProblemLine id={id} problem={problem} />
    </>
  );
}

export function YesNoControl({ value, onChange, id, disabled }: ControlProps<YesNoField>) {
  return (
    <span className="flex h-9 items-center gap-2">
      <input
        id={id}
        type="checkbox"
        className="size-4 accent-[var(--info)]"
        checked={value === true}
        disabled={disabled}
        onChange={({ target }) => onChange(target.checked)}
      />
      <span aria-hidden className="text-muted text-xs">
        {value === true ? "yes" : "no"}
      </span>
    </span>
  );
}

export function ChoiceControl(props: ControlProps<ChoiceField>) {
  const { field, value, onChange, id, disabled } = props;
  const at = field.choices.findIndex((each) => Object.is(each, value));
  return (
    <Select
      id={id}
      value={at}
      disabled={disabled}
      aria-invalid={at < 0}
      onChange={({ target }) => {
        const chosen = field.choices[Number(target.value)];
        if (chosen !== undefined) onChange(chosen);
      }}
    >
      {at < 0 && <option value={-1}>{String(value)} (not one of the choices)</option>}
      {field.choices.map((choice, place) => (
        <option key={JSON.stringify(choice)} value={place}>
          {String(choice)}
        </option>
      ))}
    </Select>
  );
}

/** JSON as text, for everything that has no control of its own. `check` refuses values of the wrong
 * kind. */
export function JsonControl(props: {
  value: Json;
  onChange: (value: Json) => void;
  id: string;
  disabled: boolean;
  check?: (value: Json) => string | null;
  rows?: number;
}) {
  const [text, setText] = useState(() => writeJson(props.value));
  const read = readJson(text);
  const problem = "problem" in read ? read.problem : (props.check?.(read.value) ?? null);
  useProblem(problem);
  return (
    <>
      <TextArea
        id={props.id}
        rows={props.rows ?? Math.min(12, Math.max(2, text.split("\n", 12).length))}
        className="font-mono text-xs"
        spellCheck={false}
        value={text}
        disabled={props.disabled}
        aria-invalid={problem !== null}
        aria-describedby={problem ? `${props.id}-problem` : undefined}
        onChange={({ target }) => {
          setText(target.value);
          const now = readJson(target.value);
          if ("value" in now && !props.check?.(now.value)) props.onChange(now.value);
        }}
      />
      <ProblemLine id={props.id} problem={problem} />
    </>
  );
}

function ProblemLine(props: { id: string; problem: string | null }) {
  if (!props.problem) return null;
  return (
    <p id={`${props.id}-problem`} className="break-words text-bad text-xs">
      {props.problem}
    </p>
  );
}
