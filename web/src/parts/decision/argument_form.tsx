import { Plus, X } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import {
  ChoiceControl,
  JsonControl,
  NumberControl,
  type Report,
  ReportContext,
  TextControl,
  YesNoControl,
} from "./controls";
import { ExactText } from "./exact_text";
import type { Field, GroupField, ListField, Member } from "./fields";
import { fits, initialOf, membersOf } from "./form_values";
import {
  isDeep,
  isList,
  isObject,
  type Json,
  type JsonObject,
  memberOf,
  withMember,
  withoutMember,
} from "./json_value";

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

function Members(props: {
  field: GroupField;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  disabled: boolean;
}) {
  const { value, disabled } = props;
  return (
    <div className="grid grid-cols-1 items-start gap-x-4 gap-y-3 @lg:grid-cols-2">
      {membersOf(props.field, value).map((member) => (
        <MemberRow
          key={member.name}
          member={member}
          value={memberOf(value, member.name)}
          disabled={disabled}
          onChange={(each) =>
            props.onChange(
              each === undefined
                ? withoutMember(value, member.name)
                : withMember(value, member.name, each),
            )
          }
        />
      ))}
    </div>
  );
}

function MemberRow(props: {
  member: Member;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  disabled: boolean;
}) {
  const { value, onChange, disabled } = props;
  const { name, required, field } = props.member;
  if (value === undefined || (value === null && field.nullable)) {
    return (
      <div className="flex min-w-0 items-center gap-2">
        <Name name={name} />
        <span className="text-muted text-xs">{value === null ? "null" : "not set"}</span>
        <Button
          size="sm"
          tone="quiet"
          disabled={disabled}
          aria-label={`Add ${name}`}
          onClick={() => onChange(initialOf(field))}
        >
          <Plus /> Add
        </Button>
      </div>
    );
  }
  const remove = required
    ? field.nullable
      ? () => onChange(null)
      : null
    : () => onChange(undefined);
  return (
    <FieldRow
      field={field}
      label={name}
      value={value}
      onChange={onChange}
      onRemove={remove}
      disabled={disabled}
    />
  );
}

function Name(props: { name: string; htmlFor?: string }) {
  const text = <ExactText text={props.name} />;
  return props.htmlFor ? (
    <label htmlFor={props.htmlFor} className="font-medium text-xs">
      {text}
    </label>
  ) : (
    <span className="font-medium text-xs">{text}</span>
  );
}

function FieldRow(props: {
  field: Field;
  label: string;
  value: Json;
  onChange: (value: Json) => void;
  onRemove: (() => void) | null;
  disabled: boolean;
}) {
  const { field, label, value, onChange, onRemove, disabled } = props;
  const id = useId();
  const control = { value, onChange, id, label, disabled };
  const remove = onRemove && (
    <Button
      size="icon"
      tone="quiet"
      className="size-6"
      disabled={disabled}
      aria-label={`Remove ${label}`}
      onClick={onRemove}
    >
      <X />
    </Button>
  );
  // Chosen by the value that was asked for: a control that changes its kind loses the cursor.
  const [shown] = useState<Field>(() => (fits(field, value) ? field : asJson(field)));
  if (shown.kind === "list" || shown.kind === "group") {
    return (
      <fieldset className="@lg:col-span-2 min-w-0 rounded-md border border-line-soft p-3 pt-2">
        <legend className="flex items-center gap-1 px-1">
          <Name name={label} />
          {remove}
        </legend>
        <Hint field={field} />
        {shown.kind === "list" && isList(value) && (
          <Items field={shown} value={value} onChange={onChange} disabled={disabled} />
        )}
        {shown.kind === "group" && isObject(value) && (
          <Members field={shown} value={value} onChange={onChange} disabled={disabled} />
        )}
      </fieldset>
    );
  }
  return (
    <div className={cn("flex min-w-0 flex-col gap-1", isWide(shown, value) && "@lg:col-span-2")}>
      <div className="flex min-h-6 items-center gap-1">
        <Name name={label} htmlFor={id} />
        {remove}
      </div>
      {leafControl(shown, control)}
      <Hint field={field} />
    </div>
  );
}

/** Whether it takes a row of its own. */
function isWide(field: Field, value: Json): boolean {
  return field.kind === "json" || (typeof value === "string" && value.length > 40);
}

function asJson(field: Field): Field {
  const { title, hint, nullable, initial } = field;
  return { kind: "json", title, hint, nullable, initial };
}

function leafControl(
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

function Hint(props: { field: Field }) {
  const text = props.field.hint || (props.field.title.includes(" ") ? props.field.title : "");
  return text ? (
    <p className="text-muted text-xs">
      <ExactText text={text} />
    </p>
  ) : null;
}

function Items(props: {
  field: ListField;
  value: readonly Json[];
  onChange: (value: readonly Json[]) => void;
  disabled: boolean;
}) {
  const { field, value, onChange, disabled } = props;
  // Items have no identity of their own, and what is typed into one must stay with it.
  const [ids, setIds] = useState(() => value.map((_, at) => at));
  const [next, setNext] = useState(value.length);
  return (
    <div className="flex flex-col gap-2">
      {value.map((each, at) => (
        <FieldRow
          key={ids[at]}
          field={field.item}
          label={`${at + 1}`}
          value={each}
          disabled={disabled}
          onChange={(changed) => onChange(value.with(at, changed))}
          onRemove={() => {
            setIds(ids.filter((_, place) => place !== at));
            onChange(value.filter((_, place) => place !== at));
          }}
        />
      ))}
      <Button
        size="sm"
        className="self-start"
        disabled={disabled}
        onClick={() => {
          setIds([...ids, next]);
          setNext(next + 1);
          onChange([...value, initialOf(field.item)]);
        }}
      >
        <Plus /> Add an item
      </Button>
    </div>
  );
}
