import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { runQuery } from "@/api/queries";
import type { EventOf } from "@/events/steps";
import { LongText } from "@/parts/json_view";

/** How many forks of forks are followed to the prompt. */
const MOST_UP = 8;

/** The prompt of a fork: what it continues, what was asked there, and what the fork adds. */
export function ForkOrigin({ event }: { event: EventOf<"run_started"> }) {
  const { parent, prompt } = event;
  if (!parent) return <LongText text={prompt} className="max-w-prose" />;
  return (
    <div className="flex max-w-prose flex-col gap-2">
      <p className="text-muted text-xs">
        {describe(parent.turn)}{" "}
        <Link
          to="/runs/$run"
          params={{ run: parent.run }}
          className="break-all text-info hover:underline"
        >
          {parent.run}
        </Link>
      </p>
      <Original run={parent.run} left={MOST_UP} added={prompt} />
    </div>
  );
}

function describe(turn: number): string {
  if (turn === 0) return "Starts again from the prompt of";
  return turn === 1 ? "Turn 1 continues" : `Turns 1–${turn} continue`;
}

/** The prompt of the first run of the line, then what the fork was told in addition. */
function Original(props: { run: string; left: number; added: string }) {
  const { data, isPending } = useQuery({ ...runQuery(props.run), staleTime: 60_000 });
  if (data?.parent && props.left > 0) {
    return <Original run={data.parent.run} left={props.left - 1} added={props.added} />;
  }
  if (isPending) return null;
  return (
    <>
      {data?.asked && <LongText text={data.asked} />}
      {props.added && props.added !== data?.asked && (
        <div>
          <p className="text-muted text-xs">Hint to the fork</p>
          <LongText text={props.added} />
        </div>
      )}
    </>
  );
}
