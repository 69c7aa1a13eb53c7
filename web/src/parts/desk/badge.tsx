import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/ui/cn";

const TONES = {
  good: "text-good",
  warn: "text-warn",
  bad: "text-bad",
  info: "text-info",
  quiet: "text-muted",
} as const;

export type Tone = keyof typeof TONES;

/** A state: an icon and a word. */
export function Badge(props: {
  icon: LucideIcon;
  tone: Tone;
  children: ReactNode;
  className?: string;
}) {
  const Icon = props.icon;
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1.5 whitespace-nowrap font-medium text-xs",
        TONES[props.tone],
        props.className,
      )}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" />
      {props.children}
    </span>
  );
}

/** A small word that is a property, not a state. */
export function Chip(props: { children: ReactNode; title?: string }) {
  return (
    <span
      title={props.title}
      className="inline-block whitespace-nowrap rounded-sm bg-sunken px-1.5 py-0.5 text-muted text-xs dark:bg-line-soft"
    >
      {props.children}
    </span>
  );
}
