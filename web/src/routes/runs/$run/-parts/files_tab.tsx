import { useQuery } from "@tanstack/react-query";
import { Artifact, artifactsQuery } from "@/parts/artifact";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { SkeletonRows } from "@/ui/skeleton";
import { useRunView } from "../-view";

/** The files of the run: attached ones, and results too large to show. */
export default function FilesTab() {
  const { run, log } = useRunView();
  const files = useQuery({ ...artifactsQuery(run), queryKey: ["run", run, "artifacts", log.turn] });
  if (files.error)
    return <ProblemCard className="m-4" error={files.error} retry={() => void files.refetch()} />;
  if (files.isPending) return <SkeletonRows rows={4} />;
  if (files.data.length === 0)
    return (
      <EmptyState title="No files">
        Files that are attached to messages and results of tools that are too large to show appear
        here.
      </EmptyState>
    );
  return (
    <ul className="grid h-full grid-cols-1 content-start gap-4 overflow-auto p-4 sm:grid-cols-2 sm:px-6 xl:grid-cols-3">
      {files.data.map((file) => (
        <li key={file.id} className="min-w-0 rounded-md border bg-surface p-3">
          <Artifact run={run} id={file.id} known={file} />
          {file.call && (
            <p className="mt-2 break-all text-muted text-xs">
              Result of call <code className="font-mono">{file.call}</code>
            </p>
          )}
          {file.size == null && (
            <p className="mt-2 text-muted text-xs">Its content is not stored.</p>
          )}
        </li>
      ))}
    </ul>
  );
}
