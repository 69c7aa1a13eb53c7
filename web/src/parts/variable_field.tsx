import type { Schemas } from "@/api/client";
import { Field, Input, Select, TextArea } from "@/ui/field";

const LONG = 200;

/** A field for a variable of a template. */
export function VariableField(props: {
  variable: Schemas["VariableView"];
  value: string;
  fault: string | undefined;
  onChange: (value: string) => void;
}) {
  const { variable, value, onChange } = props;
  const { type, description } = variable;
  const preset = variable.default == null ? null : `default: ${JSON.stringify(variable.default)}`;
  const list = type === "strings" ? "one a line" : null;
  const hint = [description, list, preset].filter(Boolean).join("; ");
  const choices = type === "boolean" ? ["true", "false"] : variable.choices;
  const isLong = type === "strings" || (type === "string" && (variable.max_length ?? 1e6) > LONG);
  return (
    <Field
      label={`${variable.name}${variable.required ? "" : " (optional)"}`}
      hint={hint}
      error={props.fault}
    >
      {(ids) => {
        const shared = { ...ids, value };
        if (choices) {
          return (
            <Select {...shared} onChange={(event) => onChange(event.target.value)}>
              <option value="">{variable.required ? "choose" : "default"}</option>
              {choices.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </Select>
          );
        }
        if (isLong) {
          return (
            <TextArea {...shared} rows={2} onChange={(event) => onChange(event.target.value)} />
          );
        }
        return <Input {...shared} onChange={(event) => onChange(event.target.value)} />;
      }}
    </Field>
  );
}
