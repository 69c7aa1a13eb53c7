import { useId, useState } from "react";
import { JsonControl, type Report, ReportContext } from "./controls";
import { Members } from "./field_rows";
import type { GroupField } from "./fields";
import { fits } from "./form_values";
import { isDeep, isObject, type JsonObject } from "./json_value";

/** The arguments of a call as a form made from the tool's schema, or as JSON text. */
export function ArgumentForm(props: {
  /** null: only JSON text can show them. */
  fields: GroupField | null;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  onProblem: Report;
  disabled: boolean;
}) {
  const { fields, value } = props;
  const canBeForm = fields !== null && fits(fields, value) && !isDeep(value);
  const [asText, setAsText] = useState(!canBeForm);
  const id = useId();
  const text = asText || !canBeForm;
  return (
    <ReportContext value={props.onProblem}>
      <div className="@container flex flex-col gap-3">
        {text || !fields ? (
          <div className="flex flex-col gap-1">
            <label htmlFor={id} className="font-medium text-xs">
              Arguments as JSON
            </label>
            <JsonControl
              id={id}
              value={value}
              disabled={props.disabled}
              rows={10}
              check={(each) => (isObject(each) ? null : "The arguments must be an object.")}
              onChange={(each) => isObject(each) && props.onChange(each)}
            />
          </div>
        ) : (
          <Members
            field={fields}
            value={value}
            onChange={props.onChange}
            disabled={props.disabled}
          />
        )}
        {canBeForm && (
          <button
            type="button"
            className="self-start text-info text-xs underline"
            onClick={() => setAsText(!text)}
          >
            {text ? "Edit in a form" : "Edit as JSON"}
          </button>
        )}
        {!canBeForm && (
          <p className="text-muted text-xs">
            There is no form for these arguments: the daemon checks them against the tool's schema.
          </p>
        )}
      </div>
    </ReportContext>
  );
}
