import { useInfiniteQuery } from "@tanstack/react-query";
import { createFileRoute, Link, useNavigate } from "@tanstack/react-router";
import { Archive, Plus } from "lucide-react";
import { api, call } from "@/api/client";
import { Ago } from "@/parts/ago";
import { useCommands } from "@/parts/commands";
import { Badge } from "@/parts/desk/badge";
import { Column, Rows } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { View } from "@/parts/view";
import { Button } from "@/ui/button";
import { SkeletonRows } from "@/ui/skeleton";
import { NewPrompt } from "./-parts/new_prompt";
import { type ListSearch, type PromptSummary, readListSearch } from "./-prompts";

export const Route = createFileRoute("/prompts/")({
  validateSearch: readListSearch,
  component: Prompts,
});

function Prompts() {
  const search = Route.useSearch();
  const navigate = useNavigate();
  const may = useMay("operator");
  const show = (changes: ListSearch | { archived?: undefined; new?: undefined }) =>
    void navigate({
      to: "/prompts",
      search: readListSearch({ ...search, ...changes }),
      replace: true,
    });
  const archived = search.archived === true;
  const prompts = usePrompts(archived);
  const rows = prompts.data?.pages.flatMap((page) => page.prompts) ?? [];
  const add = {
    id: "prompts.new",
    title: "New prompt template",
    group: "Prompts",
    keys: "n",
    icon: Plus,
    run: () => show({ new: true }),
  };
  useCommands([
    ...(may ? [add] : []),
    {
      id: "prompts.archived",
      title: archived ? "Hide archived templates" : "Show archived templates",
      group: "Prompts",
      icon: Archive,
      run: () => show(archived ? { archived: undefined } : { archived: true }),
    },
  ]);
  return (
    <View
      title="Prompts"
      actions={
        <>
          <Button
            size="sm"
            aria-pressed={archived}
            className={archived ? "bg-sunken dark:bg-raised" : ""}
            onClick={() => show(archived ? { archived: undefined } : { archived: true })}
          >
            <Archive aria-hidden /> Archived
          </Button>
          {may && (
            <Button size="sm" tone="primary" onClick={add.run}>
              <Plus aria-hidden /> New template
            </Button>
          )}
        </>
      }
    >
      <Column className="gap-4">
        {prompts.error && (
          <ProblemCard error={prompts.error} retry={() => void prompts.refetch()} />
        )}
        {prompts.isPending && <SkeletonRows rows={5} />}
        {prompts.data && rows.length === 0 && <NoPrompts add={may} />}
        {rows.length > 0 && (
          <div className="overflow-hidden rounded-lg border border-line-soft bg-surface">
            <Rows label="Prompt templates">
              {rows.map((prompt) => (
                <PromptRow key={prompt.name} prompt={prompt} />
              ))}
            </Rows>
          </div>
        )}
        {prompts.hasNextPage && (
          <Button
            size="sm"
            className="self-center"
            disabled={prompts.isFetchingNextPage}
            onClick={() => void prompts.fetchNextPage()}
          >
            Show more
          </Button>
        )}
      </Column>
      {search.new && may && <NewPrompt onClose={() => show({ new: undefined })} />}
    </View>
  );
}

function usePrompts(archived: boolean) {
  return useInfiniteQuery({
    queryKey: ["prompt-list", archived],
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/v1/prompts", {
          params: { query: { archived, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

function PromptRow({ prompt }: { prompt: PromptSummary }) {
  return (
    <li className="flex items-start gap-4 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-3">
          <Link
            to="/prompts/$prompt"
            params={{ prompt: prompt.name }}
            className="min-w-0 truncate font-medium hover:underline"
          >
            {prompt.name}
          </Link>
          {prompt.archived && (
            <Badge icon={Archive} tone="quiet">
              archived
            </Badge>
          )}
        </p>
        {prompt.problem ? (
          <p className="mt-0.5 line-clamp-2 text-bad text-xs">{prompt.problem}</p>
        ) : (
          prompt.description && (
            <p className="mt-0.5 line-clamp-2 text-muted text-xs">{prompt.description}</p>
          )
        )}
      </div>
      <p className="shrink-0 text-right text-muted text-xs leading-5">
        version {prompt.version}
        {prompt.by && prompt.created_at && (
          <span className="block sm:inline">
            <span className="max-sm:hidden">, </span>
            {prompt.by}, <Ago at={Date.parse(prompt.created_at) / 1000} />
          </span>
        )}
      </p>
    </li>
  );
}

function NoPrompts(props: { add: boolean }) {
  return (
    <EmptyState title="No prompt templates yet">
      A template is a text with variables. Each change is a new version, and a run records which one
      it used.
      {!props.add && (
        <code className="mt-2 block font-mono text-xs">harness prompt save refund refund.md</code>
      )}
    </EmptyState>
  );
}
