import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { api, call } from "@/api/client";
import { Input } from "@/ui/field";

const OFFERED = 50;

/** The id of a run, typed or chosen among the newest. */
export function RunPicker(props: {
  label: string;
  value: string | undefined;
  onChange: (run: string) => void;
}) {
  const [text, setText] = useState(props.value ?? "");
  const id = useId();
  useEffect(() => setText(props.value ?? ""), [props.value]);
  const runs = useQuery({
    queryKey: ["runs", "newest"],
    queryFn: async () =>
      (await call(api.GET("/api/v1/runs", { params: { query: { limit: OFFERED } } }))).runs,
    staleTime: 10_000,
  });
  const take = (run: string) => {
    const wanted = run.trim();
    if (wanted && wanted !== props.value) props.onChange(wanted);
  };
  return (
    <div className="min-w-0 flex-1 basis-40">
      <label htmlFor={id} className="mb-1 block font-medium text-xs">
        {props.label}
      </label>
      <Input
        id={id}
        list={`${id}-runs`}
        value={text}
        placeholder="id of a run"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          // A choice from the list is taken at once.
          if (runs.data?.some((each) => each.id === event.target.value)) take(event.target.value);
        }}
        onBlur={() => take(text)}
        onKeyDown={(event) => event.key === "Enter" && take(text)}
      />
      <datalist id={`${id}-runs`}>
        {runs.data?.map((each) => (
          <option key={each.id} value={each.id}>
            {each.agent}, {each.state}
          </option>
        ))}
      </datalist>
    </div>
  );
}
