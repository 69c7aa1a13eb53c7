import { Field, Select } from "@/ui/field";

/** All of it, or what came after a turn. */
export function UndoScope(props: {
  turns: readonly number[];
  toTurn: number | null;
  onChange: (turn: number | null) => void;
}) {
  return (
    <Field label="What to undo">
      {(ids) => (
        <Select
          {...ids}
          value={props.toTurn ?? ""}
          onChange={(event) =>
            props.onChange(event.target.value === "" ? null : Number(event.target.value))
          }
        >
          <option value="">Everything the run did</option>
          {props.turns.map((turn) => (
            <option key={turn} value={turn}>
              What came after turn {turn}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
