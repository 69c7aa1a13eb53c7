import { useState } from "react";
import { cn } from "@/ui/cn";
import { Marked } from "./decision/exact_text";

const SHOWN = 4_000;

/** A value as JSON text; long ones are cut until asked for. `exact` marks what cannot be seen. */
export function JsonView(props: { value: unknown; className?: string; exact?: boolean }) {
  const text = typeof props.value === "string" ? props.value : JSON.stringify(props.value, null, 2);
  return (
    <LongText
      text={text ?? ""}
      className={cn("font-mono text-xs", props.className)}
      exact={props.exact === true}
    />
  );
}

/** Text as it is, in lines; long text is cut until asked for. */
export function LongText(props: { text: string; className?: string; exact?: boolean }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && props.text.length > SHOWN;
  const text = cut ? props.text.slice(0, SHOWN) : props.text;
  return (
    <div className={cn("min-w-0", props.className)}>
      <pre className="overflow-x-auto whitespace-pre-wrap break-words font-[inherit]">
        {props.exact ? <Marked text={text} /> : text}
      </pre>
      {cut && (
        <button
          type="button"
          className="mt-1 font-sans text-info text-xs underline"
          onClick={() => setWhole(true)}
        >
          Show all {props.text.length.toLocaleString("en")} characters
        </button>
      )}
    </div>
  );
}
