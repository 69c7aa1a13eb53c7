import { Ago } from "@/parts/ago";
import { findChanges } from "./changes";
import { ChangesView } from "./changes_view";
import type { Ending } from "./decide";
import { ExactText } from "./exact_text";
import type { Json } from "./json_value";
import { type Asked, argumentsOf, describeDone, personOf } from "./verdicts";

/** What became of a request that somebody else decided, or nobody. `tried`: this person was about
 * to decide it as well. */
export function EndingNote(props: { ending: Ending; asked: Asked; tried: boolean }) {
  const { ending, asked, tried } = props;
  return (
    <div role="status" className="flex flex-col gap-2 rounded-md bg-sunken p-3">
      <p>
        <Said ending={ending} asked={asked} />
        {tried && ending.how !== "changed" && (
          <span className="text-muted"> Your decision came too late and changed nothing.</span>
        )}
      </p>
      {ending.how === "decided" && <Details ending={ending} asked={asked} />}
    </div>
  );
}

function Said({ ending, asked }: { ending: Ending; asked: Asked }) {
  switch (ending.how) {
    case "decided":
      return (
        <>
          <b className="font-medium" title={ending.made.by ?? undefined}>
            {personOf(ending.made)}
          </b>{" "}
          {describeDone(asked.need, ending.made.verdict)} <Ago at={ending.made.at} />.
        </>
      );
    case "changed":
      return (
        <>
          The run asks for something else by now, so nothing was decided. What is shown here is the
          new request.
        </>
      );
    case "ended":
      return <>The run has {ending.state}; nothing waits any more.</>;
    default:
      return <>It does not wait any more. The run's history shows what became of it.</>;
  }
}

function Details(props: { ending: Extract<Ending, { how: "decided" }>; asked: Asked }) {
  const { made } = props.ending;
  const before = argumentsOf(props.asked);
  const after = made.verdict === "edit" && props.asked.tool ? made.arguments : null;
  return (
    <>
      {made.note && (
        <p>
          Note: <ExactText text={made.note} />
        </p>
      )}
      {made.answer && (
        <p>
          Answer: <ExactText text={made.answer} />
        </p>
      )}
      {before && after && <ChangesView changes={findChanges(before, after as Json)} />}
    </>
  );
}
