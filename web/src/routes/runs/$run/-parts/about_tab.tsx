import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { runQuery } from "@/api/queries";
import { JsonView, LongText } from "@/parts/json_view";
import { ProblemCard } from "@/parts/problem_card";
import { useClock } from "@/parts/time_zone";
import { SkeletonRows } from "@/ui/skeleton";
import { useRunView } from "../-view";
import { Family } from "./family";

/** What the run is: its agent as it was pinned, its workers, its family. */
export default function AboutTab() {
  const { run } = useRunView();
  const { formatTime } = useClock();
  const { data: card, error, refetch } = useQuery(runQuery(run));
  if (error) return <ProblemCard className="m-4" error={error} retry={() => void refetch()} />;
  if (!card) return <SkeletonRows rows={6} />;
  const { spec } = card;
  return (
    <div className="flex h-full flex-col gap-6 overflow-auto px-4 py-4 sm:px-6">
      <Section title="Run">
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1">
          <Row name="Started">{formatTime(card.started)}</Row>
          {card.ended != null && <Row name="Ended">{formatTime(card.ended)}</Row>}
          {card.by && <Row name="Started by">{card.by}</Row>}
          {card.owner && <Row name="Owner">{card.owner}</Row>}
          {card.session && <Row name="Session">{card.session}</Row>}
          {card.template && (
            <Row name="Prompt template">
              {card.template.name}@{card.template.version}
            </Row>
          )}
          <Row name="Workers">
            {card.workers.length === 0 && "none yet"}
            {card.workers.map((worker) => (
              <span key={`${worker.name} ${worker.build}`} className="block">
                {worker.name} <span className="text-muted">{worker.build}</span>
              </span>
            ))}
          </Row>
        </dl>
      </Section>
      <Section title="Related runs">
        <Family card={card} />
      </Section>
      {card.template && Object.keys(card.template.variables).length > 0 && (
        <Section title="Variables of the prompt">
          <JsonView value={card.template.variables} className="rounded-md bg-sunken px-3 py-2" />
        </Section>
      )}
      {spec && (
        <Section title="Agent, as it was pinned">
          <JsonView value={spec} className="rounded-md bg-sunken px-3 py-2" />
        </Section>
      )}
      <Section title="Prompt">
        <LongText text={card.asked} className="max-w-prose" />
      </Section>
    </div>
  );
}

function Section(props: { title: string; children: ReactNode }) {
  return (
    <section className="max-w-4xl">
      <h2 className="mb-2 text-sm">{props.title}</h2>
      {props.children}
    </section>
  );
}

function Row(props: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{props.name}</dt>
      <dd className="min-w-0 break-words">{props.children}</dd>
    </>
  );
}
