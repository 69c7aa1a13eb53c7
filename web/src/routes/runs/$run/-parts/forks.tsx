import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { GitFork, Split } from "lucide-react";
import { api, call } from "@/api/client";

const SHOWN_FORKS = 3;
const MOST_READ = 100;

/** Links to the newest forks; those of what-ifs, of which there are many, as one. */
export function Forks(props: { forks: readonly string[]; run: string }) {
  const whatIfs = useWhatIfs(props.run, props.forks.length);
  const forks = props.forks.filter((fork) => !whatIfs.has(fork));
  const folded = props.forks.length - forks.length;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      {forks.length > 0 && <GitFork aria-hidden className="size-3 text-muted" />}
      {forks.slice(0, SHOWN_FORKS).map((fork) => (
        <Link
          key={fork}
          to="/runs/$run"
          params={{ run: fork }}
          className="text-info hover:underline"
        >
          {fork}
        </Link>
      ))}
      {forks.length > SHOWN_FORKS && <All run={props.run} words={`all ${props.forks.length}`} />}
      {folded > 0 && (
        <>
          <Split aria-hidden className="size-3 text-muted" />
          <All run={props.run} words={`${folded} of what-ifs`} />
        </>
      )}
    </span>
  );
}

function All(props: { run: string; words: string }) {
  return (
    <Link to="/runs" search={{ fork_of: props.run }} className="text-info hover:underline">
      {props.words}
    </Link>
  );
}

/** The card names forks alone; their rows say which run no tool. */
function useWhatIfs(run: string, count: number): ReadonlySet<string> {
  const { data } = useQuery({
    queryKey: ["run", run, "what-if forks", count],
    queryFn: async () => {
      const query = { fork_of: run, limit: MOST_READ };
      const { runs } = await call(api.GET("/api/v1/runs", { params: { query } }));
      return new Set(runs.filter((each) => each.whatif).map((each) => each.id));
    },
    staleTime: 60_000,
  });
  return data ?? new Set();
}
