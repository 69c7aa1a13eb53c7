import { useQuery } from "@tanstack/react-query";
import {
  CircleCheck,
  CircleHelp,
  Database,
  type LucideIcon,
  ShieldQuestionMark,
  Unplug,
  Wallet,
} from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef } from "react";
import { Ago } from "@/parts/ago";
import { readEnding } from "@/parts/decision/decide";
import { EffectBadge } from "@/parts/decision/decision_card";
import { type Asked, describeDone, type Need, personOf, WORDS } from "@/parts/decision/verdicts";
import type { SettledItem } from "@/shell/inbox";
import { keyOf, type WaitingItem } from "@/shell/waiting_item";
import { cn } from "@/ui/cn";
import { type Group, nameOf, type Row } from "../-inbox_list";

const ICONS: Record<Need, LucideIcon> = {
  approval: ShieldQuestionMark,
  answer: CircleHelp,
  outcome: Unplug,
  budget: Wallet,
  store: Database,
};

/** Everything that waits, to choose from with the mouse or the keys. */
export function WaitingList(props: {
  groups: readonly Group[];
  selected: string | undefined;
  onSelect: (item: WaitingItem) => void;
  onOpen: (item: WaitingItem) => void;
  onStep: (step: 1 | -1) => void;
}) {
  const id = useId();
  const rows = props.groups.flatMap((group) => group.rows);
  const at = rows.findIndex((row) => nameOf(row.item) === props.selected);
  const chosen = rows[at]?.item;
  const press = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      props.onStep(step);
    } else if (event.key === "Enter" && chosen) {
      event.preventDefault();
      props.onOpen(chosen);
    }
  };
  return (
    <div
      role="listbox"
      aria-label="What waits for you"
      tabIndex={0}
      aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
      onKeyDown={press}
      className="flex flex-col outline-offset-[-2px]"
    >
      {props.groups.map((group) => (
        // biome-ignore lint/a11y/useSemanticElements: a group of options
        <div key={group.title} role="group" aria-label={group.title || undefined}>
          {group.title && (
            <p
              aria-hidden
              className="sticky top-0 truncate bg-canvas px-4 pt-3 pb-1 text-muted text-xs"
            >
              {group.title}
            </p>
          )}
          {group.rows.map((row) => {
            const place = rows.indexOf(row);
            return (
              <WaitingRow
                key={keyOf(row.item)}
                id={`${id}-${place}`}
                row={row}
                selected={place === at}
                onSelect={() => props.onSelect(row.item)}
              />
            );
          })}
        </div>
      ))}
    </div>
  );
}

function WaitingRow(props: { id: string; row: Row; selected: boolean; onSelect: () => void }) {
  const { row, selected } = props;
  const { pending, agent, run } = row.item;
  const Icon = row.settled ? CircleCheck : ICONS[pending.need];
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (selected) place.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
    <div
      ref={place}
      id={props.id}
      role="option"
      aria-selected={selected}
      onClick={props.onSelect}
      className={cn(
        "flex cursor-pointer gap-2.5 border-b px-4 py-2.5 transition-opacity",
        selected ? "bg-sunken dark:bg-raised" : "hover:bg-sunken/60 dark:hover:bg-surface",
      )}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <span className={cn("min-w-0 truncate font-medium", row.settled && "text-muted")}>
            {WORDS[pending.need].title}
            {pending.tool && pending.need !== "answer" && (
              <span className="font-mono font-normal text-xs"> {pending.tool}</span>
            )}
          </span>
          <Ago at={pending.since} className="ml-auto shrink-0 text-muted text-xs" />
        </p>
        <p className="truncate text-muted text-xs">
          {row.settled ? <SettledText item={row.settled} /> : pending.question.slice(0, 300)}
        </p>
        <p className="flex items-center gap-2 text-muted text-xs">
          <span className="min-w-0 truncate">
            {agent} · {run}
          </span>
          {pending.effect === "irreversible" && !row.settled && (
            <EffectBadge effect="irreversible" className="ml-auto" />
          )}
        </p>
      </div>
    </div>
  );
}

/** Who settled it, and how. */
function SettledText({ item }: { item: SettledItem }) {
  const asked: Asked = item.pending;
  const ending = useQuery({
    queryKey: ["ending", keyOf(item)],
    queryFn: () => readEnding(item.run, asked),
    enabled: item.said === undefined && item.how === "decided",
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (item.said) return <>{item.said}</>;
  if (item.how === "ended") return <>The run has ended.</>;
  if (item.how === "unlisted") return <>No longer listed: too many requests are waiting.</>;
  if (ending.data?.how !== "decided") return <>Decided</>;
  const { made } = ending.data;
  return (
    <>
      {personOf(made)} {describeDone(asked.need, made.verdict)}
    </>
  );
}
