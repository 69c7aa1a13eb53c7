import { Scale } from "lucide-react";
import { useNow } from "@/parts/ago";
import { formatSeconds } from "@/parts/figures";
import { useClock } from "@/parts/time_zone";
import { describeAsking, describeEnd, describeRuling, type Ruling } from "./ruling";

/** The rule that asks, whom, and until when. `open`: it still waits. */
export function AskingNote(props: {
  ruling: Ruling | null | undefined;
  until: number | null | undefined;
  open: boolean;
}) {
  if (!props.ruling) return null;
  return (
    <p className="flex items-start gap-1.5 break-words text-muted text-xs">
      <Scale aria-hidden className="mt-px size-3.5 shrink-0" />
      <span className="min-w-0">
        {describeAsking(props.ruling)}
        {props.until != null && props.open && <Until at={props.until} ruling={props.ruling} />}
      </span>
    </p>
  );
}

function Until({ at, ruling }: { at: number; ruling: Ruling }) {
  const { formatTime } = useClock();
  const left = at - useNow();
  return (
    <span title={formatTime(at)}>
      {" "}
      {left > 0
        ? `Time to decide: ${formatSeconds(Math.ceil(left))}, ${describeEnd(ruling)}.`
        : `The time to decide is over: ${describeEnd(ruling)}.`}
    </span>
  );
}

/** The rule that decided about a call. */
export function RulingNote({ ruling }: { ruling: Ruling }) {
  return (
    <p
      className="flex items-start gap-1.5 break-words text-muted text-xs"
      title={`Policy ${ruling.policy}`}
    >
      <Scale aria-hidden className="mt-px size-3.5 shrink-0" />
      <span className="min-w-0">{describeRuling(ruling)}</span>
    </p>
  );
}
