import { Check, MessageSquareReply, PencilLine, X } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { TextArea } from "@/ui/field";
import { Kbd } from "@/ui/kbd";
import { SkeletonRows } from "@/ui/skeleton";
import { describeKeys } from "../keys";
import { ArgumentForm } from "./argument_form";
import { ArgumentView } from "./argument_view";
import { ChangesView } from "./changes_view";
import { isOvertaken, type Said } from "./decide";
import { useApproveKey, useDecisionKeys, useFocusOnMode } from "./decision_keys";
import { type Draft, useDraft } from "./drafts";
import { useKeyGuard } from "./key_guard";
import type { DecisionState } from "./use_decision";
import { useEdit } from "./use_edit";
import { argumentsOf, isGrave, WORDS } from "./verdicts";

/** The arguments, and the buttons, texts and keys by which a person decides. */
export function DecisionForm(props: { run: string; state: DecisionState; keys: boolean }) {
  const { run, state } = props;
  const { asked } = state;
  const words = WORDS[asked.need];
  const subject = `${run}\n${asked.id}\n${asked.since}\n${asked.digest ?? ""}`;
  const first: Draft = { mode: asked.need === "answer" ? "answer" : "read", note: "", answer: "" };
  const [draft, change] = useDraft(subject, first);
  const edit = useEdit(run, asked, draft.arguments);
  const [noting, setNoting] = useState(draft.note !== "");
  const mayKey = useKeyGuard(subject);
  const place = useRef<HTMLDivElement>(null);
  const isOff = state.sending || !state.ready;
  const { mode } = draft;
  const said = saidOf(draft, edit.said, words.approve !== undefined);
  const send = (what: Said | null) => {
    if (!isOff && what) state.send({ ...what, note: draft.note });
  };
  const goTo = (next: Draft["mode"]) => change({ mode: next });
  useFocusOnMode(mode, place, edit.loading);
  const approval = useApproveKey(isGrave(asked), place, () => send({ verdict: "approve" }));
  const hasKeys = props.keys && !isOff;
  useDecisionKeys({
    on: hasKeys,
    subject,
    name: asked.tool ?? words.title,
    words,
    canEdit: edit.possible,
    guard: mayKey,
    approve: approval.press,
    goTo,
  });
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) {
      event.preventDefault();
      send(said);
    } else if (event.key === "Escape" && mode !== first.mode) {
      event.preventDefault();
      event.stopPropagation();
      goTo(first.mode);
    }
  };
  const given = argumentsOf(asked);
  return (
    // As parts of the card itself, the buttons can stay in sight at the end of what scrolls it.
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the controls inside it
    <div ref={place} onKeyDown={press} className="contents">
      {mode === "edit" ? (
        <EditPart
          edit={edit}
          disabled={state.sending}
          onChange={(value) => change({ arguments: value })}
        />
      ) : (
        given &&
        asked.need !== "answer" && (
          <div className="rounded-md border bg-raised p-3">
            <ArgumentView value={given} />
          </div>
        )
      )}
      {mode === "answer" && (
        <Text
          label={words.answerLabel ?? ""}
          value={draft.answer}
          disabled={state.sending}
          onChange={(answer) => change({ answer })}
        />
      )}
      {(noting || mode === "reject" || mode === "edit") && (
        <Text
          label={mode === "reject" ? words.rejectNote : "Note (the history shows it)"}
          value={draft.note}
          disabled={state.sending}
          onChange={(note) => change({ note })}
          short
        />
      )}
      {state.problem && !isOvertaken(state.problem) && (
        <ProblemCard error={state.problem} className="whitespace-pre-line" />
      )}
      <div
        // Long arguments must not hide what decides.
        className="sticky bottom-0 -mx-1 -my-1 flex flex-wrap items-center gap-2 rounded-md bg-surface px-1 py-1"
      >
        {mode === first.mode ? (
          <FirstButtons
            state={state}
            canEdit={edit.possible}
            off={isOff}
            keys={hasKeys}
            said={said}
            send={send}
            goTo={goTo}
          />
        ) : (
          <>
            <Button
              tone={mode === "reject" ? "danger" : "primary"}
              disabled={isOff || !said}
              onClick={() => send(said)}
            >
              {
                { edit: words.sendEdit, answer: words.sendAnswer, reject: words.reject, read: "" }[
                  mode
                ]
              }
              <Kbd keys={describeKeys("mod+Enter")} className="text-inherit" />
            </Button>
            <Button tone="quiet" disabled={state.sending} onClick={() => goTo(first.mode)}>
              Cancel
            </Button>
          </>
        )}
        {approval.armed && (
          <span role="status" className="font-medium text-warn text-xs">
            Press <Kbd keys="a" className="text-inherit" /> again{" "}
            {asked.need === "outcome" ? "to have it called again" : "to approve"}
          </span>
        )}
        {!noting && mode === "read" && (
          <Button tone="quiet" size="sm" disabled={isOff} onClick={() => setNoting(true)}>
            Add a note
          </Button>
        )}
        {state.sending && (
          <span role="status" className="animate-pulse-soft text-muted text-xs">
            Sending …
          </span>
        )}
      </div>
    </div>
  );
}

function saidOf(draft: Draft, edit: Said | null, canApprove: boolean): Said | null {
  switch (draft.mode) {
    case "edit":
      return edit;
    case "reject":
      return { verdict: "reject" };
    case "answer":
      return draft.answer.trim() ? { verdict: "answer", answer: draft.answer } : null;
    default:
      return canApprove ? { verdict: "approve" } : null;
  }
}

/** What is offered before anything was chosen. */
function FirstButtons(props: {
  state: DecisionState;
  canEdit: boolean;
  off: boolean;
  /** Whether the keys work now, and not only once the focus is in the card. */
  keys: boolean;
  said: Said | null;
  send: (said: Said | null) => void;
  goTo: (mode: Draft["mode"]) => void;
}) {
  const { state, off, send, goTo } = props;
  const words = WORDS[state.asked.need];
  const isQuestion = state.asked.need === "answer";
  return (
    <>
      {isQuestion && (
        <Button tone="primary" disabled={off || !props.said} onClick={() => send(props.said)}>
          <MessageSquareReply aria-hidden /> {words.sendAnswer}
          <Kbd keys={describeKeys("mod+Enter")} className="text-inherit" />
        </Button>
      )}
      {words.answer && !isQuestion && (
        <Button disabled={off} onClick={() => goTo("answer")}>
          <MessageSquareReply aria-hidden /> {words.answer} <Key name="h" on={props.keys} />
        </Button>
      )}
      {words.approve && (
        <Button
          data-approve
          tone={words.answer ? "plain" : "primary"}
          disabled={off}
          onClick={() => send({ verdict: "approve" })}
        >
          <Check aria-hidden /> {words.approve} <Key name="a" on={props.keys} />
        </Button>
      )}
      {words.edit && props.canEdit && (
        <Button disabled={off} onClick={() => goTo("edit")}>
          <PencilLine aria-hidden /> {words.edit} <Key name="e" on={props.keys} />
        </Button>
      )}
      <Button
        tone={state.asked.need === "outcome" ? "plain" : "danger"}
        disabled={off}
        onClick={() => goTo("reject")}
      >
        <X aria-hidden /> {words.reject} <Key name="r" on={props.keys} />
      </Button>
    </>
  );
}

/** A key that works now. A phone has none. */
function Key(props: { name: string; on: boolean }) {
  if (!props.on) return null;
  return <Kbd keys={props.name} className="text-inherit max-sm:hidden" />;
}

function EditPart(props: {
  edit: ReturnType<typeof useEdit>;
  disabled: boolean;
  onChange: (value: ReturnType<typeof useEdit>["value"]) => void;
}) {
  const { edit } = props;
  if (edit.loading) return <SkeletonRows rows={2} />;
  return (
    <div data-edit className="flex flex-col gap-3">
      <ArgumentForm
        fields={edit.fields}
        value={edit.value}
        onChange={props.onChange}
        onProblem={edit.report}
        disabled={props.disabled}
      />
      {edit.changes && <ChangesView changes={edit.changes} />}
    </div>
  );
}

function Text(props: {
  label: string;
  value: string;
  onChange: (text: string) => void;
  disabled: boolean;
  short?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium text-xs">
        {props.label}
      </label>
      <TextArea
        id={id}
        data-text
        rows={props.short ? 2 : 3}
        className={props.short ? "min-h-14" : ""}
        value={props.value}
        disabled={props.disabled}
        onChange={({ target }) => props.onChange(target.value)}
      />
    </div>
  );
}
