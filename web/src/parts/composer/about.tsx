import { Crosshair, X } from "lucide-react";

/** What is on the screen beside the chat: offered, and once it is taken, a chip to remove. */
export function About(props: {
  about?: string | undefined;
  onRemoveAbout?: (() => void) | undefined;
  aboutOffer?: string | undefined;
  onAbout?: (() => void) | undefined;
}) {
  if (props.about) {
    return (
      <div className="px-3 pt-3">
        <span className="inline-flex max-w-full items-center gap-1.5 rounded-md border border-line bg-surface py-1 pr-1 pl-2 text-xs">
          <Crosshair aria-hidden className="size-3.5 shrink-0 text-muted" />
          <span className="truncate">{props.about}</span>
          <button
            type="button"
            aria-label="Do not mention what is on the screen"
            onClick={props.onRemoveAbout}
            className="rounded-sm p-0.5 text-muted hover:bg-sunken hover:text-ink"
          >
            <X className="size-3.5" />
          </button>
        </span>
      </div>
    );
  }
  if (!props.aboutOffer) return null;
  return (
    <div className="px-3 pt-3">
      <button
        type="button"
        onClick={props.onAbout}
        className="inline-flex max-w-full items-center gap-1.5 rounded-md border border-line border-dashed px-2 py-1 text-muted text-xs hover:bg-surface hover:text-ink"
      >
        <Crosshair aria-hidden className="size-3.5 shrink-0" />
        <span className="truncate">Ask {props.aboutOffer}</span>
      </button>
    </div>
  );
}
