import { ArrowDown } from "lucide-react";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { ShownPlainly } from "@/parts/shown_plainly";
import { Button } from "@/ui/button";
import type { Item } from "../-data/thread";
import { PreparingAnswer } from "./preparing";
import { BaseMessage, Turn, type TurnActions } from "./turn";
import { useAutoscroll } from "./use_autoscroll";
import { OutgoingBubble, Unanswered, WaitingBubble } from "./user_message";

/** Items at first, and with each step towards the beginning. */
const WINDOW = 30;

/** The messages of a conversation; long ones are shown from the end. */
export function ThreadView(props: {
  items: readonly Item[];
  actions: TurnActions;
  onRetry: (id: string) => void;
  onTakeBack: (id: string) => void;
  /** Above the first message. */
  lead?: ReactNode;
  /** Stays at the bottom: the composer. */
  children: ReactNode;
  /** Raised when the person sends something: then the end is shown. */
  sent: number;
}) {
  const { scroller, content, atEnd, toEnd } = useAutoscroll();
  const [shown, setShown] = useState(WINDOW);
  const hidden = Math.max(0, props.items.length - shown);
  const rest = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each message that is sent
  useEffect(() => toEnd(), [props.sent, toEnd]);
  // What is added above must not move what is read.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after more was added
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || rest.current === 0) return;
    element.scrollTop = element.scrollHeight - rest.current;
    rest.current = 0;
  }, [shown]);
  const more = () => {
    const element = scroller.current;
    if (element) rest.current = element.scrollHeight - element.scrollTop;
    setShown((before) => before + WINDOW);
  };
  return (
    <div className="relative flex h-full min-h-0 flex-col">
      <div
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto -outline-offset-2 [overflow-anchor:none]"
      >
        <div ref={content} className="flex min-h-full flex-col">
          <div className="mx-auto flex w-full max-w-[46rem] flex-1 flex-col gap-8 px-4 pt-6 pb-8 sm:px-6">
            <h2 className="sr-only">Messages</h2>
            {hidden > 0 ? <Earlier count={hidden} onShow={more} root={scroller} /> : props.lead}
            {props.items.slice(hidden).map((item) => (
              <ShownPlainly
                key={item.key}
                value={{ ...item, log: undefined }}
                version={"version" in item ? item.version : 0}
              >
                <ItemView item={item} {...props} />
              </ShownPlainly>
            ))}
          </div>
          <div className="sticky bottom-0 isolate mx-auto w-full max-w-[46rem] shrink-0 px-3 pb-3 sm:px-6 sm:pb-5">
            {/* What scrolls by is seen through the composer, and not below it. */}
            <div aria-hidden className="absolute inset-x-0 bottom-0 -z-10 h-12 bg-canvas" />
            {!atEnd && (
              <Button
                size="icon"
                className="animate-enter absolute -top-10 left-1/2 -ml-4 rounded-full bg-raised shadow-card"
                aria-label="Go to the newest message"
                onClick={toEnd}
              >
                <ArrowDown />
              </Button>
            )}
            {props.children}
          </div>
        </div>
      </div>
    </div>
  );
}

function ItemView(props: {
  item: Item;
  actions: TurnActions;
  onRetry: (id: string) => void;
  onTakeBack: (id: string) => void;
}) {
  const { item } = props;
  switch (item.kind) {
    case "turn":
      return <Turn item={item} actions={props.actions} />;
    case "base":
      return <BaseMessage said={item.said} />;
    case "preparing":
      return <PreparingAnswer item={item} />;
    case "waiting":
      return <WaitingBubble line={item.line} by={item.by} place={item.place} />;
    case "unanswered":
      return <Unanswered line={item.line} error={item.error} />;
    case "outgoing":
      return (
        <OutgoingBubble
          delivery={item.delivery}
          onRetry={() => props.onRetry(item.key)}
          onTakeBack={() => props.onTakeBack(item.key)}
        />
      );
  }
}

/** Shows more of the beginning when it comes into sight. */
function Earlier(props: {
  count: number;
  onShow: () => void;
  root: React.RefObject<HTMLDivElement | null>;
}) {
  const mark = useRef<HTMLButtonElement>(null);
  const show = useRef(props.onShow);
  show.current = props.onShow;
  const { root } = props;
  useEffect(() => {
    if (!mark.current) return;
    let looked = false;
    const watch = new IntersectionObserver(
      (seen) => {
        // At the first look the view may not have been scrolled to its end yet.
        if (looked && seen.some((each) => each.isIntersecting)) show.current();
        looked = true;
      },
      { root: root.current, rootMargin: "400px 0px 0px 0px" },
    );
    watch.observe(mark.current);
    return () => watch.disconnect();
  }, [root]);
  return (
    <button
      ref={mark}
      type="button"
      onClick={props.onShow}
      className="self-center rounded-md px-3 py-1 text-muted text-xs hover:bg-sunken hover:text-ink"
    >
      {props.count} earlier {props.count === 1 ? "message" : "messages"}
    </button>
  );
}
