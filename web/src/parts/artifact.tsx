import { useQuery } from "@tanstack/react-query";
import { Download, FileText } from "lucide-react";
import { useState } from "react";
import { addressOf, api, call, type Schemas } from "@/api/client";
import { cn } from "@/ui/cn";
import { formatBytes } from "./figures";

export function artifactsQuery(run: string) {
  return {
    queryKey: ["run", run, "artifacts"],
    queryFn: async () =>
      (await call(api.GET("/api/v1/runs/{run}/artifacts", { params: { path: { run } } })))
        .artifacts,
    staleTime: 5_000,
  };
}

/** Where the daemon serves a file of a run. Nothing is ever loaded from anywhere else. */
export function artifactAddress(run: string, artifact: string): string {
  return addressOf(`/runs/${encodeURIComponent(run)}/artifacts/${encodeURIComponent(artifact)}`);
}

type Known = Partial<Pick<Schemas["ArtifactView"], "name" | "media_type" | "size">>;

/** A file of a run: a picture is shown, everything can be downloaded. */
export function Artifact(props: { run: string; id: string; known?: Known; className?: string }) {
  const { run, id } = props;
  // Steps say little about their files: the list has type and size.
  const list = useQuery({ ...artifactsQuery(run), enabled: !props.known?.media_type });
  const found = list.data?.find((each) => each.id === id);
  const known: Known = { ...found, ...props.known };
  const name = known.name ?? "Whole result";
  return (
    <div className={cn("flex flex-col items-start gap-2", props.className)}>
      {mayBePicture(known) && <Picture address={artifactAddress(run, id)} name={name} />}
      <a
        href={artifactAddress(run, id)}
        download={known.name ?? id}
        className="inline-flex max-w-full items-center gap-2 rounded-md border border-line bg-raised px-2.5 py-1.5 text-xs hover:bg-sunken"
      >
        <FileText aria-hidden className="size-3.5 shrink-0 text-muted" />
        <span className="truncate">{name}</span>
        <span className="shrink-0 text-muted">
          {[known.media_type, known.size != null && formatBytes(known.size)]
            .filter(Boolean)
            .join(", ")}
        </span>
        <Download aria-label="Download" className="size-3.5 shrink-0 text-muted" />
      </a>
    </div>
  );
}

/** Tools return pictures as bytes without a type: the browser finds out, and shows nothing else. */
const MOST_GUESSED = 4_000_000;

function mayBePicture({ media_type, size }: Known): boolean {
  if (media_type?.startsWith("image/")) return true;
  return media_type === "application/octet-stream" && size != null && size <= MOST_GUESSED;
}

/** A picture of this daemon, or one that the message itself carries. */
export function Picture(props: { address: string; name: string }) {
  const [failed, setFailed] = useState(false);
  if (failed) return null; // the link below remains
  return (
    <img
      src={props.address}
      alt={props.name}
      loading="lazy"
      onError={() => setFailed(true)}
      className="max-h-80 max-w-full rounded-md border border-line-soft bg-raised object-contain"
    />
  );
}
