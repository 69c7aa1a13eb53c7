import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { EyeOff } from "lucide-react";
import { api, call } from "@/api/client";
import { Problem } from "@/api/problem";
import { Ago } from "@/parts/ago";
import { usePageTitle } from "@/parts/page_title";
import { useMay } from "@/parts/roles";

/** Whether the run cannot be shown because its content was deleted for good. */
export function isForgotten(error: unknown): boolean {
  return error instanceof Problem && error.code === "store.forgotten";
}

/** Stands in place of a run that was forgotten. */
export default function ForgottenRun({ run }: { run: string }) {
  usePageTitle("This run is forgotten");
  const administers = useMay("admin");
  const acts = useQuery({
    queryKey: ["run", run, "forgotten"],
    queryFn: () =>
      call(
        api.GET("/api/v1/activity", { params: { query: { run, kind: "forgotten", limit: 1 } } }),
      ),
    enabled: administers,
    retry: false,
  });
  const act = typeof acts.data === "object" ? acts.data.activity[0] : undefined;
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 px-6 text-center">
      <EyeOff aria-hidden className="mb-1 size-6 text-muted" />
      <h1 className="text-xl tracking-[-0.03em]">This run is forgotten</h1>
      <p className="max-w-md break-words text-muted">
        The content of <strong className="font-medium">{run}</strong> was deleted for good, with
        that of its family. Its name, its times and its seal remain; exports that were made before
        stay readable.
      </p>
      {act && (
        <p className="text-muted text-xs">
          {act.by && <>By {act.by}, </>}
          <Ago at={Date.parse(act.at) / 1000} />
        </p>
      )}
      <Link to="/runs" className="mt-3 text-info hover:underline">
        Go to the runs
      </Link>
    </div>
  );
}
