import { CirclePause, CirclePlay, CircleStop, SendHorizontal, Zap } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { RunState } from "@/events/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Kbd } from "@/ui/kbd";
import { Tooltip } from "@/ui/tooltip";
import { type Command, useCommands } from "../commands";
import { describeKeys } from "../keys";
import { useMay } from "../roles";
import { AbortDialog } from "./abort_dialog";
import { canSteer, type SteeringEvent } from "./steer";
import { type Steering, useSteering } from "./use_steering";

/** Hints, pause, resume and abort of one run: only what its state and the person's role allow.
 *
 * `steered`: `lastSteering(log.steps)` where the caller follows the run; buttons are pending until it
 * or the state changes. */
export function SteerBar(props: {
  run: string;
  state: RunState;
  steered?: SteeringEvent | undefined;
  className?: string;
}) {
  const { run, state } = props;
  const steering = useSteering(run, state, props.steered);
  const [asking, setAsking] = useState(false);
  const hint = useRef<HTMLTextAreaElement>(null);
  const may = useMay("operator");
  const on = may && canSteer(state, "abort");
  useSteerKeys(
    on,
    state,
    steering,
    () => hint.current?.focus(),
    () => setAsking(true),
  );
  if (!on) return null;
  return (
    <section
      aria-label="Steer the run"
      className={cn(
        "flex flex-col gap-2 rounded-2xl border border-line bg-glass p-2 shadow-card backdrop-blur-md sm:flex-row sm:items-end",
        props.className,
      )}
    >
      <HintInput steering={steering} field={hint} />
      <div className="flex shrink-0 items-center gap-1.5">
        <PauseButton state={state} steering={steering} />
        <SteerButton
          text={steering.aborting || steering.pending === "abort" ? "Aborting …" : "Abort"}
          tip="End the run; you are asked first"
          keys="s a"
          tone="danger"
          disabled={steering.aborting || steering.pending === "abort"}
          onClick={() => setAsking(true)}
        >
          <CircleStop aria-hidden />
        </SteerButton>
      </div>
      <AbortDialog
        open={asking}
        onOpenChange={setAsking}
        onAbort={(how) => void steering.steer({ do: "abort", ...how })}
      />
    </section>
  );
}

function PauseButton(props: { state: RunState; steering: Steering }) {
  const { state, steering } = props;
  if (canSteer(state, "resume")) {
    const busy = steering.pending === "resume";
    return (
      <SteerButton
        text={busy ? "Resuming …" : "Resume"}
        tip="Let the run go on"
        keys="s p"
        tone="primary"
        disabled={busy}
        onClick={() => void steering.steer({ do: "resume" })}
      >
        <CirclePlay aria-hidden />
      </SteerButton>
    );
  }
  // A pause that has been asked for can be taken back before it takes effect.
  if (steering.pausing) {
    return (
      <SteerButton
        text={steering.pending === "resume" ? "Resuming …" : "Pausing … go on"}
        tip="It pauses when the step in progress has finished; press to let it go on instead"
        keys="s p"
        disabled={steering.pending === "resume"}
        onClick={() => void steering.steer({ do: "resume" })}
      >
        <CirclePlay aria-hidden className="animate-pulse-soft" />
      </SteerButton>
    );
  }
  if (!canSteer(state, "pause")) return null;
  const busy = steering.pending === "pause";
  return (
    <SteerButton
      text={busy ? "Pausing …" : "Pause"}
      tip="Hold the run before its next step"
      keys="s p"
      disabled={busy}
      onClick={() => void steering.steer({ do: "pause" })}
    >
      <CirclePause aria-hidden />
    </SteerButton>
  );
}

function SteerButton(props: {
  text: string;
  tip: string;
  keys: string;
  tone?: "primary" | "plain" | "danger";
  disabled: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Tooltip
      text={
        <>
          {props.tip} <span className="font-mono opacity-80">{describeKeys(props.keys)}</span>
        </>
      }
    >
      <Button
        tone={props.tone ?? "plain"}
        disabled={props.disabled}
        aria-busy={props.disabled}
        onClick={props.onClick}
      >
        {props.children} {props.text}
      </Button>
    </Tooltip>
  );
}

function HintInput(props: { steering: Steering; field: { current: HTMLTextAreaElement | null } }) {
  const { steering } = props;
  const [text, setText] = useState("");
  const busy = steering.pending === "hint";
  const send = async (interrupt: boolean) => {
    const hint = text.trim();
    if (!hint || busy) return;
    // What was typed stays until it has arrived.
    if (await steering.steer({ do: "hint", text: hint, interrupt })) setText("");
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send(event.ctrlKey || event.metaKey);
  };
  return (
    <div className="flex min-w-0 flex-1 items-end gap-1.5">
      <textarea
        ref={props.field}
        aria-label="Hint"
        rows={1}
        maxLength={100_000}
        value={text}
        placeholder="Send the model a hint …"
        className="field-sizing-content max-h-40 min-h-9 min-w-0 flex-1 resize-none rounded-md bg-transparent px-2.5 py-2 text-sm placeholder:text-muted"
        onChange={({ target }) => setText(target.value)}
        onKeyDown={press}
      />
      {busy && (
        <span role="status" className="self-center text-muted text-xs">
          Sent; not read yet
        </span>
      )}
      {text.trim() && (
        <>
          <Tooltip text={`Cut the current model call short ${describeKeys("mod+Enter")}`}>
            <Button size="sm" className="h-9" disabled={busy} onClick={() => void send(true)}>
              <Zap aria-hidden /> Interrupt
            </Button>
          </Tooltip>
          <Tooltip text="The model reads it with its next call">
            <Button
              tone="primary"
              size="sm"
              className="h-9"
              disabled={busy}
              onClick={() => void send(false)}
            >
              <SendHorizontal aria-hidden /> Send <Kbd keys="↵" className="text-inherit" />
            </Button>
          </Tooltip>
        </>
      )}
    </div>
  );
}

function useSteerKeys(
  on: boolean,
  state: RunState,
  steering: Steering,
  hint: () => void,
  abort: () => void,
): void {
  const isHeld = canSteer(state, "resume") || steering.pausing;
  const commands: Command[] = [
    { id: "steer.hint", title: "Send a hint", group: "Steer", keys: "s h", run: hint },
    { id: "steer.abort", title: "Abort the run", group: "Steer", keys: "s a", run: abort },
  ];
  if (isHeld || canSteer(state, "pause")) {
    commands.push({
      id: "steer.pause",
      title: isHeld ? "Resume the run" : "Pause the run",
      group: "Steer",
      keys: "s p",
      run: () => void steering.steer({ do: isHeld ? "resume" : "pause" }),
    });
  }
  useCommands(on ? commands : []);
}
