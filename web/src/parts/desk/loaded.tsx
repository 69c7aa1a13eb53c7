import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemCard } from "@/parts/problem_card";
import { cn } from "@/ui/cn";
import { SkeletonRows } from "@/ui/skeleton";

/** What a query has read, or that it loads, or why it failed. */
export function Loaded<T>(props: {
  query: UseQueryResult<T>;
  rows?: number;
  className?: string;
  children: (data: T) => ReactNode;
}) {
  const { query } = props;
  return (
    <>
      {query.error && (
        <ProblemCard
          className={cn("m-3", props.className)}
          error={query.error}
          retry={() => void query.refetch()}
        />
      )}
      {query.isPending && <SkeletonRows rows={props.rows ?? 3} />}
      {query.data !== undefined && props.children(query.data)}
    </>
  );
}
