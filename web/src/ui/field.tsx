import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "./cn";

const look =
  "w-full rounded-md border border-line bg-raised px-3 text-sm text-ink placeholder:text-muted disabled:opacity-60 aria-invalid:border-bad";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(look, "h-9", className)} {...rest} />;
}

export function TextArea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(look, "min-h-20 py-2", className)} {...rest} />;
}

export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={cn(look, "h-9 pr-8", className)} {...rest} />;
}

/** A labelled control: `children` gets the ids that tie label, hint and error to it. */
export function Field(props: {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  children: (ids: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean | undefined;
  }) => ReactNode;
}) {
  const id = useId();
  const note = props.error ?? props.hint;
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium text-xs">
        {props.label}
      </label>
      {props.children({
        id,
        "aria-describedby": note ? `${id}-note` : undefined,
        "aria-invalid": props.error ? true : undefined,
      })}
      {note && (
        <p id={`${id}-note`} className={cn("text-xs", props.error ? "text-bad" : "text-muted")}>
          {note}
        </p>
      )}
    </div>
  );
}
