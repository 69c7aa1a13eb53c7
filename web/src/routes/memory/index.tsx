import { useQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { Plus, ShieldCheck } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { api, call } from "@/api/client";
import { useCommands } from "@/parts/commands";
import { Column, Rows } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { View } from "@/parts/view";
import { Button } from "@/ui/button";
import { SkeletonRows } from "@/ui/skeleton";
import { countTrusts, type MemorySearch, readSearch } from "./-memory";
import { AddMemory } from "./-parts/add_memory";
import { FindField } from "./-parts/find_field";
import { MemoryRow } from "./-parts/memory_row";
import { TrustBadge } from "./-parts/trust_badge";
import { useMemories } from "./-parts/use_memories";

export const Route = createFileRoute("/memory/")({
  validateSearch: readSearch,
  component: MemoryRoute,
});

const MemorySheet = lazy(() => import("./-parts/memory_sheet"));
const CheckMemories = lazy(() => import("./-parts/check_memories"));

type Changes = { [K in keyof MemorySearch]?: MemorySearch[K] | undefined };

function MemoryRoute() {
  const search = Route.useSearch();
  const navigate = useNavigate();
  const may = useMay("operator");
  const [checking, setChecking] = useState(false);
  const memories = useMemories(search.find);
  const rows = memories.data?.pages.flatMap((page) => page.memories) ?? [];
  const change = (changes: Changes) =>
    void navigate({
      to: "/memory",
      search: readSearch({ ...search, ...changes }),
      replace: true,
    });
  const add = {
    id: "memory.add",
    title: "Remember a fact",
    group: "Memory",
    keys: "n",
    icon: Plus,
    run: () => change({ add: true }),
  };
  const check = {
    id: "memory.check",
    title: "Check the memories",
    group: "Memory",
    icon: ShieldCheck,
    run: () => setChecking(true),
  };
  useCommands(may ? [add, check] : []);
  return (
    <View
      title="Memory"
      actions={
        <>
          <FindField
            key={search.find ?? ""}
            find={search.find ?? ""}
            onFind={(find) => change({ find })}
          />
          {may && (
            <>
              <Button size="sm" onClick={check.run}>
                <ShieldCheck aria-hidden /> Check
              </Button>
              <Button size="sm" tone="primary" onClick={add.run}>
                <Plus aria-hidden /> Remember a fact
              </Button>
            </>
          )}
        </>
      }
    >
      <Column className="gap-4">
        <Counts />
        {memories.error && (
          <ProblemCard error={memories.error} retry={() => void memories.refetch()} />
        )}
        {memories.isPending && <SkeletonRows rows={5} />}
        {memories.data && rows.length === 0 && <NoMemories find={search.find} />}
        {rows.length > 0 && (
          <div className="overflow-hidden rounded-lg border border-line-soft bg-surface">
            <Rows label="Memories">
              {rows.map((memory) => (
                <MemoryRow key={memory.id} memory={memory} may={may} />
              ))}
            </Rows>
          </div>
        )}
        {memories.hasNextPage && (
          <Button
            size="sm"
            className="self-center"
            disabled={memories.isFetchingNextPage}
            onClick={() => void memories.fetchNextPage()}
          >
            Show older
          </Button>
        )}
      </Column>
      {search.add && may && <AddMemory onClose={() => change({ add: undefined })} />}
      <Suspense>
        {search.show && (
          <MemorySheet id={search.show} onClose={() => change({ show: undefined })} />
        )}
        {checking && <CheckMemories onClose={() => setChecking(false)} />}
      </Suspense>
    </View>
  );
}

/** Whose memories these are, how many, and whether they are found by meaning. */
function Counts() {
  const { data } = useQuery({
    queryKey: ["memories", "stats"],
    queryFn: () => call(api.GET("/api/v1/memories/stats")),
    staleTime: 10_000,
  });
  return (
    <div className="flex flex-col gap-1 text-muted">
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span>What agents remember of you. Nobody else sees it.</span>
        {data && countTrusts(data.trusts).map((each) => <TrustBadge key={each.trust} {...each} />)}
      </p>
      {data?.problem && (
        <p className="break-words text-xs">
          Memories are found by their words alone: {data.problem}
        </p>
      )}
    </div>
  );
}

function NoMemories({ find }: { find: string | undefined }) {
  if (find) {
    return (
      <EmptyState title="Nothing fits">
        No memory has these words or their meaning. Clear the search to see all.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="Nothing is remembered yet">
      Agents with a memory policy write down what will matter later. What you add here, all of them
      recall.
      <code className="mt-2 block font-mono text-xs">Agent(..., memory=MemoryPolicy())</code>
    </EmptyState>
  );
}
