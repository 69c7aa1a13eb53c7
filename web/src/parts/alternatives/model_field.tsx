import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { modelsQuery } from "@/api/queries";
import { Field, Input } from "@/ui/field";

/** Another model; those with a key come first. */
export function ModelField(props: {
  value: string;
  current: string;
  onChange: (model: string) => void;
}) {
  const models = useQuery(modelsQuery);
  const list = useId();
  const known = models.data?.find((each) => each.model === props.value);
  return (
    <Field
      label="Model"
      hint={
        known && !known.ready
          ? "The daemon has no key for it; a worker elsewhere may have one."
          : props.value
            ? undefined
            : props.current
              ? `If empty: the run's model, ${props.current}`
              : "If empty: the run's model"
      }
    >
      {(ids) => (
        <>
          <Input
            {...ids}
            list={list}
            value={props.value}
            placeholder={props.current}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => props.onChange(event.target.value)}
          />
          <datalist id={list}>
            {models.data
              ?.toSorted((a, b) => Number(b.ready) - Number(a.ready))
              .map((each) => (
                <option key={each.model} value={each.model}>
                  {each.ready ? "" : "no key"}
                </option>
              ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
