import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { GitFork } from "lucide-react";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { runQuery } from "@/api/queries";
import { formatCount, formatMoney, formatSeconds } from "@/parts/figures";
import { StateBadge } from "@/parts/state_badge";
import { cn } from "@/ui/cn";
import type { Diff } from "./rows";
import { SideText } from "./text_diff";

/** The two runs in figures; what differs stands out. */
export function Sides(props: { left: string; right: string; diff: Diff }) {
  const left = useQuery(runQuery(props.left));
  const right = useQuery(runQuery(props.right));
  const cards = [left.data, right.data] as const;
  const names = [props.left, props.right] as const;
  return (
    <div className="grid gap-3 px-4 pt-4 pb-2 sm:grid-cols-2 sm:px-6">
      {([0, 1] as const).map((side) => (
        <SideCard
          key={side}
          side={side}
          name={names[side]}
          otherName={names[1 - side] ?? ""}
          card={cards[side]}
          other={cards[1 - side]}
        />
      ))}
    </div>
  );
}

function SideCard(props: {
  side: 0 | 1;
  name: string;
  otherName: string;
  card: Schemas["RunCard"] | undefined;
  other: Schemas["RunCard"] | undefined;
}) {
  const { side, name, card, other } = props;
  return (
    <section
      aria-label={side === 0 ? "Left run" : "Right run"}
      className="min-w-0 rounded-lg border bg-surface p-3"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="min-w-0 truncate text-sm" title={name}>
          <Link to="/runs/$run" params={{ run: name }} className="hover:underline">
            {name}
          </Link>
        </h2>
        {card && <StateBadge state={card.state} />}
      </div>
      {card && (
        <>
          <Facts card={card} other={other} otherName={props.otherName} />
          <div className="mt-2 max-h-32 overflow-auto border-t pt-2 text-sm">
            <h3 className="sr-only">Prompt</h3>
            <SideText
              text={card.asked}
              // A fork was asked something in addition: nothing to compare word by word.
              other={card.parent || other?.parent ? null : (other?.asked ?? null)}
              side={side === 0 ? "left" : "right"}
            />
          </div>
        </>
      )}
    </section>
  );
}

function Facts(props: {
  card: Schemas["RunCard"];
  other: Schemas["RunCard"] | undefined;
  otherName: string;
}) {
  const { card, other } = props;
  const { parent } = card;
  const differs = (get: (card: Schemas["RunCard"]) => unknown) =>
    other !== undefined && get(card) !== get(other);
  return (
    <dl className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs">
      <Fact name="Agent" differs={differs((each) => each.agent)}>
        {card.agent}
      </Fact>
      <Fact name="Model" differs={differs((each) => each.model)}>
        {card.model}
      </Fact>
      <Fact name="Turns" differs={differs((each) => each.turn)}>
        {card.turn}
      </Fact>
      <Fact name="Cost" differs={differs((each) => each.totals.cost_micros)}>
        {formatMoney(card.totals.cost_micros)}
      </Fact>
      <Fact name="Tokens" differs={differs(tokensOf)}>
        {formatCount(tokensOf(card))}
      </Fact>
      {card.ended != null && <Fact name="Time">{formatSeconds(card.ended - card.started)}</Fact>}
      {parent && (
        <Fact name="Fork of">
          <GitFork aria-hidden className="mr-1 inline size-3 text-muted" />
          {parent.run === props.otherName ? "the other" : parent.run}, after turn {parent.turn}
        </Fact>
      )}
    </dl>
  );
}

function tokensOf(card: Schemas["RunCard"]): number {
  return card.totals.usage.input + card.totals.usage.output;
}

function Fact(props: { name: string; differs?: boolean; children: ReactNode }) {
  return (
    <div className="flex min-w-0 max-w-full gap-1.5">
      <dt className="shrink-0 text-muted">{props.name}</dt>
      <dd className={cn("min-w-0 truncate", props.differs && "font-semibold")}>{props.children}</dd>
    </div>
  );
}
