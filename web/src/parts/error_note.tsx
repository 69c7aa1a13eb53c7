import { CircleAlert } from "lucide-react";
import type { ErrorInfo } from "@/events/types";
import { cn } from "@/ui/cn";
import { LongText } from "./json_view";

/** Its advice is to read the message, which stands right above. */
const POINTS_AT_MESSAGE = "tool.failed";

/** An error of a run: what went wrong, its code, and what to do. */
export function ErrorNote(props: {
  error: Pick<ErrorInfo, "message"> & Partial<ErrorInfo>;
  className?: string;
}) {
  const { error } = props;
  return (
    <div className={cn("flex gap-2 rounded-md bg-bad-soft px-3 py-2", props.className)}>
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0">
        <LongText text={error.message} />
        {error.fix && error.code !== POINTS_AT_MESSAGE && (
          <p className="break-words text-muted">{error.fix}</p>
        )}
        {error.code && (
          <p className="mt-0.5 font-mono text-muted text-xs">
            {error.code}
            {error.retryable && " · retried automatically"}
          </p>
        )}
      </div>
    </div>
  );
}
