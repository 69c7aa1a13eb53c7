import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { useLiveStatus } from "@/api/live";
import { agentsQuery } from "@/api/queries";
import { Badge } from "@/parts/desk/badge";
import { Loaded } from "@/parts/desk/loaded";
import { Column, Rows, Section } from "@/parts/desk/section";
import { useMay } from "@/parts/roles";
import { View } from "@/parts/view";
import { type Check, checkServices, type Level, worst } from "./-checks";
import { ArchiveSection } from "./-parts/archive_section";
import { CheckRow, LEVELS } from "./-parts/check_row";
import { useArchive, useReady, useStuckRuns, useVersion } from "./-parts/use_health";

export const Route = createFileRoute("/health/")({ component: Health });

const OVERALL: Record<Level, string> = {
  fine: "all is well",
  unknown: "looking",
  warn: "worth a look",
  bad: "needs attention",
};

function Health() {
  const admin = useMay("admin");
  const ready = useReady();
  const version = useVersion();
  const agents = useQuery({ ...agentsQuery, refetchInterval: 5_000 });
  const stuck = useStuckRuns();
  const archive = useArchive(admin);
  const services = checkServices(ready.data, ready.isError, useLiveStatus());
  const workers = (agents.data ?? []).map(checkAgent);
  const level = worst([
    ...[...services, ...workers].map((each) => each.level),
    stuck.data && stuck.data.stuck.length > 0 ? "bad" : "fine",
    archive.data?.close ? "bad" : "fine",
  ]);
  return (
    <View
      title="Health"
      lead={
        <Badge {...LEVELS[level]}>
          <span role="status">{OVERALL[level]}</span>
        </Badge>
      }
      actions={version.data && <span className="text-muted text-xs">harness {version.data}</span>}
    >
      <Column>
        <Section title="Services">
          <Rows label="Services">
            {services.map((check) => (
              <CheckRow key={check.name} check={check} />
            ))}
          </Rows>
        </Section>
        <Section title="Workers">
          <Loaded query={agents}>
            {(list) =>
              list.length === 0 ? (
                <Rows label="Workers">
                  <CheckRow check={NO_AGENT} />
                </Rows>
              ) : (
                <Rows label="Workers">
                  {list.map((agent) => (
                    <CheckRow
                      key={agent.name}
                      check={checkAgent(agent)}
                      title={
                        <Link
                          to="/agents/$agent"
                          params={{ agent: agent.name }}
                          className="hover:underline"
                        >
                          {agent.name}
                        </Link>
                      }
                      more={agent.workers.join(", ")}
                    />
                  ))}
                </Rows>
              )
            }
          </Loaded>
        </Section>
        <StuckSection stuck={stuck} />
        {admin && <ArchiveSection archive={archive} />}
      </Column>
    </View>
  );
}

const NO_AGENT: Check = {
  name: "No agent is published",
  level: "warn",
  word: "none",
  advice: "Serve the agents of a file; starting a run from here needs one.",
  command: "harness worker agents.py",
};

function checkAgent(agent: { name: string; workers: string[]; problem?: string | null }): Check {
  if (agent.problem) {
    return { name: agent.name, level: "bad", word: "unusable", advice: agent.problem };
  }
  if (agent.workers.length === 0) {
    return {
      name: agent.name,
      level: "warn",
      word: "no worker",
      advice: "Its runs wait until a worker serves it.",
      command: "harness worker agents.py",
    };
  }
  return {
    name: agent.name,
    level: "fine",
    word: agent.workers.length === 1 ? "1 worker" : `${agent.workers.length} workers`,
  };
}

function StuckSection({ stuck }: { stuck: ReturnType<typeof useStuckRuns> }) {
  return (
    <Section title="Running runs">
      <Loaded query={stuck} rows={1}>
        {({ looked, stuck: found }) =>
          found.length === 0 ? (
            <p className="px-4 py-3 text-muted">
              {looked === 0
                ? "No run is running. Runs that wait for a person are in the inbox."
                : `None of the ${looked} newest running runs is stuck.`}
            </p>
          ) : (
            <Rows label="Runs that are stuck">
              {found.map((each) => (
                <CheckRow
                  key={each.run}
                  title={
                    <Link to="/runs/$run" params={{ run: each.run }} className="hover:underline">
                      {each.run}
                    </Link>
                  }
                  more={each.agent}
                  check={{
                    name: each.run,
                    level: each.served ? "bad" : "warn",
                    word: each.served ? "stuck" : "no worker",
                    advice:
                      each.trouble ?? `No worker serves ${each.agent}; the run waits for one.`,
                  }}
                />
              ))}
            </Rows>
          )
        }
      </Loaded>
    </Section>
  );
}
