import { Fragment } from "react";

/** A sentence of the daemon, in which `backticks` mark code. */
export function InlineCode({ text }: { text: string }) {
  // Every second part was between backticks.
  const parts = text.split(/`([^`\n]+)`/);
  return parts.map((part, place) =>
    place % 2 === 0 ? (
      <Fragment key={place}>{part}</Fragment>
    ) : (
      <code key={place} className="rounded-sm bg-sunken px-1 font-mono text-[0.9em]">
        {part}
      </code>
    ),
  );
}
