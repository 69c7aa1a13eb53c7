import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { cn } from "./cn";
import { Input } from "./field";

export interface Choice {
  value: string;
  /** Beside the value, in small letters. */
  note?: ReactNode;
}

/** A text with suggestions that narrow while it is typed. Other texts are allowed: the caller says
 * what is wrong with them. */
export function Combobox(props: {
  id: string;
  value: string;
  onChange: (value: string) => void;
  choices: readonly Choice[];
  placeholder?: string;
  autoFocus?: boolean;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: boolean | undefined;
}) {
  const { value, onChange, choices, id } = props;
  const list = useId();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState(false);
  const [at, setAt] = useState(0);
  const wanted = typed ? value.trim().toLowerCase() : "";
  const found = choices.filter((choice) => choice.value.toLowerCase().includes(wanted));
  const shown = open && found.length > 0;
  const choose = (choice: Choice | undefined) => {
    if (choice) onChange(choice.value);
    setOpen(false);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt(open ? (at + step + found.length) % Math.max(1, found.length) : 0);
      setOpen(true);
    } else if (event.key === "Enter" && shown) {
      event.preventDefault();
      choose(found[at]);
    } else if (event.key === "Escape" && shown) {
      event.stopPropagation();
      event.nativeEvent.stopImmediatePropagation();
      setOpen(false);
    }
  };
  return (
    <div className="relative">
      <Input
        id={id}
        role="combobox"
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown ? `${list}-${at}` : undefined}
        aria-describedby={props["aria-describedby"]}
        aria-invalid={props["aria-invalid"]}
        autoFocus={props.autoFocus}
        autoComplete="off"
        spellCheck={false}
        placeholder={props.placeholder}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
          setTyped(true);
          setAt(0);
          setOpen(true);
        }}
        onClick={() => {
          setTyped(false);
          setOpen(true);
        }}
        onKeyDown={press}
        onBlur={() => setOpen(false)}
      />
      <div
        id={list}
        role="listbox"
        hidden={!shown}
        aria-label="Suggestions"
        className="absolute inset-x-0 top-full z-10 mt-1 max-h-56 overflow-auto rounded-md border border-line bg-raised p-1 shadow-card"
      >
        {found.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input handles keys
          <div
            key={choice.value}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            // Before the input loses the focus.
            onMouseDown={(event) => event.preventDefault()}
            onMouseEnter={() => setAt(index)}
            onClick={() => choose(choice)}
            className={cn(
              "flex cursor-pointer items-center gap-3 rounded-sm px-2.5 py-1.5 text-sm",
              index === at && "bg-sunken dark:bg-line-soft",
            )}
          >
            <span className="min-w-0 flex-1 truncate">{choice.value}</span>
            {choice.note && <span className="shrink-0 text-muted text-xs">{choice.note}</span>}
          </div>
        ))}
      </div>
    </div>
  );
}
