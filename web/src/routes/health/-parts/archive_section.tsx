import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, LoaderCircle, ShieldCheck, Stamp } from "lucide-react";
import { useEffect } from "react";
import { Ago, useNow } from "@/parts/ago";
import { useCommands } from "@/parts/commands";
import { Badge } from "@/parts/desk/badge";
import { Loaded } from "@/parts/desk/loaded";
import { Facts, Rows, Section } from "@/parts/desk/section";
import { formatBytes } from "@/parts/figures";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { checkArchive } from "../-checks";
import { type Outcome, useArchiveWork } from "./archive_work";
import { CheckRow } from "./check_row";
import type { useArchive } from "./use_health";

/** What is sealed and what is not, and work on all of it. */
export function ArchiveSection({ archive }: { archive: ReturnType<typeof useArchive> }) {
  const queries = useQueryClient();
  const now = useNow();
  const { running, outcome, start, stop } = useArchiveWork(
    () => void queries.invalidateQueries({ queryKey: ["health", "archive"] }),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the view is left
  useEffect(() => stop, []);
  useCommands([
    {
      id: "archive.seal",
      title: "Seal all ended runs",
      group: "Archive",
      icon: Stamp,
      run: () => void start("seal"),
    },
    {
      id: "archive.verify",
      title: "Verify the whole archive",
      group: "Archive",
      icon: ShieldCheck,
      run: () => void start("verify"),
    },
  ]);
  return (
    <Section
      title="Archive"
      actions={
        running ? (
          <>
            <span role="status" className="flex items-center gap-2 text-muted text-xs">
              <LoaderCircle aria-hidden className="size-4 animate-turn" />
              {running.work === "seal" ? "Sealed" : "Verified"} {running.done} so far
            </span>
            <Button size="sm" onClick={stop}>
              Stop
            </Button>
          </>
        ) : (
          <>
            <Button size="sm" onClick={() => void start("seal")}>
              <Stamp aria-hidden /> Seal all
            </Button>
            <Button size="sm" onClick={() => void start("verify")}>
              <ShieldCheck aria-hidden /> Verify all
            </Button>
          </>
        )
      }
    >
      <Loaded query={archive}>
        {(found) => (
          <>
            {outcome && <OutcomeNote outcome={outcome} />}
            <Rows>
              <CheckRow check={checkArchive(found, now)} />
            </Rows>
            <div className="border-t">
              <Facts
                facts={[
                  {
                    name: "Sealed runs",
                    value: (
                      <>
                        {found.figures.runs.toLocaleString("en")}
                        <span className="text-muted">
                          {" "}
                          in {found.figures.seals.toLocaleString("en")} seals,{" "}
                          {formatBytes(found.figures.bytes)}
                        </span>
                      </>
                    ),
                  },
                  {
                    name: "Ended, not yet sealed",
                    value: `${found.unsealed} of ${found.ended} that Temporal has`,
                  },
                  (found.figures.forgotten > 0 || found.figures.deleted > 0) && {
                    name: "Without content",
                    value: `${found.figures.forgotten} forgotten, ${found.figures.deleted} deleted`,
                  },
                  !!found.last && { name: "Last sweep", value: <Ago at={found.last} /> },
                  {
                    name: "Temporal keeps ended runs",
                    value: `for ${formatRetention(found.retention_s)}`,
                  },
                ]}
              />
            </div>
          </>
        )}
      </Loaded>
    </Section>
  );
}

function formatRetention(seconds: number): string {
  const days = Math.round(seconds / 86_400);
  if (days === 0) return `${Math.round(seconds / 3600)} hours`;
  return days === 1 ? "1 day" : `${days} days`;
}

function OutcomeNote({ outcome }: { outcome: Outcome }) {
  if ("problem" in outcome) {
    return <ProblemCard className="m-3" error={outcome.problem} />;
  }
  if (outcome.work === "seal") {
    const { sealed, failed } = outcome.result;
    return (
      <p role="status" className="border-b px-4 py-2.5">
        <Badge icon={CircleCheck} tone={failed > 0 ? "warn" : "good"}>
          {sealed === 1 ? "1 run sealed" : `${sealed} runs sealed`}
        </Badge>
        {failed > 0 && (
          <span className="ml-3 text-muted">
            {failed} cannot be sealed; the daemon's log says why.
          </span>
        )}
      </p>
    );
  }
  const { problems, checked, seals } = outcome.result;
  if (problems.length === 0) {
    return (
      <p role="status" className="border-b px-4 py-2.5">
        <Badge icon={CircleCheck} tone="good">
          unchanged
        </Badge>
        <span className="ml-3 text-muted">
          {seals} seals in order, the content of {checked} verified.
        </span>
      </p>
    );
  }
  return (
    <div role="alert" className="border-b bg-bad-soft px-4 py-2.5">
      <p className="font-medium">
        {problems.length === 1 ? "1 problem" : `${problems.length} problems`}
      </p>
      <ul className="mt-1 flex flex-col gap-1">
        {problems.slice(0, 50).map((each) => (
          <li key={`${each.seq} ${each.run} ${each.what}`} className="break-words">
            {each.run && (
              <Link to="/runs/$run" params={{ run: each.run }} className="underline">
                {each.run}
              </Link>
            )}{" "}
            {each.what}
          </li>
        ))}
      </ul>
    </div>
  );
}
