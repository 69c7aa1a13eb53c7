import { cn } from "./cn";

/** A key, or keys that are pressed one after another. */
export function Kbd(props: { keys: string; className?: string }) {
  return (
    <kbd
      className={cn("font-mono text-[0.6875rem] text-muted pointer-coarse:hidden", props.className)}
    >
      {props.keys}
    </kbd>
  );
}
