import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, call, type Schemas } from "@/api/client";
import { Ago } from "@/parts/ago";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";
import { DiffView } from "@/parts/diff_view";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import { SkeletonRows } from "@/ui/skeleton";
import type { PromptSearch } from "../-prompts";
import { promptQuery } from "./use_prompt";

/** Who saved which version, and what changed between any two. */
export function VersionsTab(props: {
  prompt: string;
  newest: number;
  search: PromptSearch;
  onSearch: (changes: PromptSearch) => void;
}) {
  const { prompt, newest, search, onSearch } = props;
  const after = Math.min(search.after ?? newest, newest);
  const before = Math.min(search.before ?? Math.max(1, after - 1), newest);
  const versions = useVersions(prompt);
  const rows = versions.data?.pages.flatMap((page) => page.versions) ?? [];
  return (
    <>
      {newest > 1 && (
        <Section
          title="Compare"
          bare
          actions={
            <>
              <VersionChoice
                label="Before"
                newest={newest}
                value={before}
                onChoose={(value) => onSearch({ before: value })}
              />
              <span aria-hidden className="text-muted">
                →
              </span>
              <VersionChoice
                label="After"
                newest={newest}
                value={after}
                onChoose={(value) => onSearch({ after: value })}
              />
            </>
          }
        >
          <Difference prompt={prompt} before={before} after={after} />
        </Section>
      )}
      <Section title="Versions">
        {versions.error && <ProblemCard className="m-3" error={versions.error} />}
        {versions.isPending && <SkeletonRows rows={3} />}
        <Rows label="Versions">
          {rows.map((version) => (
            <VersionRow key={version.version} version={version} />
          ))}
        </Rows>
        {versions.hasNextPage && (
          <div className="border-t p-3 text-center">
            <Button size="sm" onClick={() => void versions.fetchNextPage()}>
              Show older
            </Button>
          </div>
        )}
      </Section>
    </>
  );
}

function useVersions(prompt: string) {
  return useInfiniteQuery({
    queryKey: ["prompt", prompt, "versions"],
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/v1/prompts/{prompt}/versions", {
          params: { path: { prompt }, query: pageParam ? { cursor: pageParam } : {} },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page: Schemas["VersionList"]) => page.next ?? undefined,
  });
}

function VersionRow({ version }: { version: Schemas["VersionSummary"] }) {
  return (
    <li className="flex items-center gap-4 px-4 py-2.5">
      <Link
        to="/prompts/$prompt"
        params={{ prompt: version.name }}
        search={{ version: version.version }}
        className="shrink-0 font-medium hover:underline"
      >
        Version {version.version}
      </Link>
      <span className="min-w-0 flex-1 truncate text-muted text-xs">{version.description}</span>
      <span className="shrink-0 text-muted text-xs">
        {version.by}, <Ago at={Date.parse(version.created_at) / 1000} />
      </span>
    </li>
  );
}

function VersionChoice(props: {
  label: string;
  newest: number;
  value: number;
  onChoose: (version: number) => void;
}) {
  return (
    <Select
      aria-label={props.label}
      className="h-8 w-auto text-xs"
      value={props.value}
      onChange={({ target }) => props.onChoose(Number(target.value))}
    >
      {Array.from({ length: props.newest }, (_, index) => props.newest - index).map((version) => (
        <option key={version} value={version}>
          version {version}
        </option>
      ))}
    </Select>
  );
}

function Difference(props: { prompt: string; before: number; after: number }) {
  const { prompt, before, after } = props;
  const old = useQuery(promptQuery(prompt, before));
  const now = useQuery(promptQuery(prompt, after));
  if (before === after) return <p className="text-muted">Choose two different versions.</p>;
  return (
    <Loaded query={old} className="m-0">
      {({ text }) => (
        <Loaded query={now} className="m-0">
          {({ text: newer }) =>
            text === newer ? (
              <p className="text-muted">Both have the same text.</p>
            ) : (
              <DiffView
                before={text}
                after={newer}
                title={`version ${before} → version ${after}`}
              />
            )
          }
        </Loaded>
      )}
    </Loaded>
  );
}
