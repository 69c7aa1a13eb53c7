import { useState } from "react";
import { Input } from "@/ui/field";

/** Renames in place: Enter or leaving keeps the text, Escape does not. */
export function TitleField(props: {
  title: string;
  label?: string;
  onDone: (text: string | null) => void;
}) {
  const [text, setText] = useState(props.title);
  const finish = (keep: boolean) =>
    props.onDone(keep && text.trim() !== props.title ? text.trim() : null);
  return (
    <Input
      autoFocus
      aria-label={props.label ?? "Title"}
      value={text}
      maxLength={200}
      className="h-8"
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish(true);
        if (event.key === "Escape") finish(false);
        event.stopPropagation();
      }}
    />
  );
}
