import { Plus, X } from "lucide-react";
import { useId, useState } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { ExactText } from "./exact_text";
import type { Field, GroupField, ListField, Member } from "./fields";
import { fits, initialOf, membersOf } from "./form_values";
import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  memberOf,
  withMember,
  withoutMember,
} from "./json_value";
import { asJson, Hint, isWide, leafControl } from "./leaf_field";

/** The fields of an object, each with its control. */
export function Members(props: {
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
