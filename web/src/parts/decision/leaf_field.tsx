import type { ReactNode } from "react";
import { ChoiceControl, JsonControl, NumberControl, TextControl, YesNoControl } from "./controls";
import { ExactText } from "./exact_text";
import type { Field, GroupField, ListField } from "./fields";
import type { Json } from "./json_value";

/** Whether it takes a row of its own. */
export function isWide(field: Field, value: Json): boolean {
  return field.kind === "json" || (typeof value === "string" && value.length > 40);
}

export function asJson(field: Field): Field {
  const { title, hint, nullable, initial } = field;
  return { kind: "json", title, hint, nullable, initial };
}

export function leafControl(
  field: Exclude<Field, ListField | GroupField>,
  control: {
    value: Json;
    onChange: (value: Json) => void;
    id: string;
    label: string;
    disabled: boolean;
  },
): ReactNode {
  switch (field.kind) {
    case "text":
      return <TextControl field={field} {...control} />;
    case "number":
      return <NumberControl field={field} {...control} />;
    case "yes_no":
      return <YesNoControl field={field} {...control} />;
    case "choice":
      return <ChoiceControl field={field} {...control} />;
    case "json":
      return <JsonControl {...control} />;
  }
}

export function Hint(props: { field: Field }) {
  const text = props.field.hint || (props.field.title.includes(" ") ? props.field.title : "");
  return text ? (
    <p className="text-muted text-xs">
      <ExactText text={text} />
    </p>
  ) : null;
}
