import { CircleAlert, FileText, Loader, X } from "lucide-react";
import { formatBytes } from "@/parts/figures";
import { cn } from "@/ui/cn";
import type { Uploaded } from "./upload";
import type { Uploading } from "./use_uploads";

/** The files of a message that is being written. */
export function Attachments(props: {
  files: readonly Uploaded[];
  uploading: readonly Uploading[];
  onRemove: (id: string) => void;
  onCancel: (key: string) => void;
}) {
  if (props.files.length + props.uploading.length === 0) return null;
  return (
    <ul aria-label="Attached files" className="flex flex-wrap gap-1.5 px-3 pt-3">
      {props.files.map((file) => (
        <Chip key={file.id} name={file.name} onRemove={() => props.onRemove(file.id)}>
          <FileText aria-hidden className="size-3.5 text-muted" />
          <Names name={file.name} note={formatBytes(file.size)} />
        </Chip>
      ))}
      {props.uploading.map((file) => (
        <Chip
          key={file.key}
          name={file.name}
          bad={file.problem !== undefined}
          onRemove={() => props.onCancel(file.key)}
        >
          {file.problem ? (
            <CircleAlert aria-hidden className="size-3.5 text-bad" />
          ) : (
            <Loader aria-hidden className="size-3.5 animate-turn text-muted" />
          )}
          <Names
            name={file.name}
            note={file.problem?.message ?? `${Math.round(file.done * 100)} %`}
            bad={file.problem !== undefined}
          />
        </Chip>
      ))}
    </ul>
  );
}

function Names(props: { name: string; note: string; bad?: boolean }) {
  return (
    <span className="flex min-w-0 items-baseline gap-1.5">
      <span className="max-w-44 truncate">{props.name}</span>
      <span
        className={cn("text-muted", props.bad && "text-bad")}
        role={props.bad ? "alert" : undefined}
      >
        {props.note}
      </span>
    </span>
  );
}

function Chip(props: {
  name: string;
  bad?: boolean;
  onRemove: () => void;
  children: React.ReactNode;
}) {
  return (
    <li
      className={cn(
        "flex max-w-full items-center gap-1.5 rounded-md border border-line bg-surface py-1 pr-1 pl-2 text-xs",
        props.bad && "border-bad/40 bg-bad-soft",
      )}
    >
      {props.children}
      <button
        type="button"
        aria-label={`Remove ${props.name}`}
        onClick={props.onRemove}
        className="rounded-sm p-0.5 text-muted hover:bg-sunken hover:text-ink"
      >
        <X className="size-3.5" />
      </button>
    </li>
  );
}
