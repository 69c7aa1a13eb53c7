import { ArrowUp, Paperclip, Square } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Tooltip } from "@/ui/tooltip";
import { About } from "./about";
import { hasFiles, otherPolicy, useHeight, useMessageKeys } from "./area";
import { Attachments } from "./attachments";
import { type Policy, PolicyChoice, sayPolicy } from "./policy_choice";
import { TemplateForm } from "./templates";
import type { Uploaded } from "./upload";
import { useTemplateMenu } from "./use_template_menu";
import { useTwice } from "./use_twice";
import { useUploads } from "./use_uploads";

export interface Draft {
  text: string;
  files: Uploaded[];
}

interface ComposerProps {
  draft: Draft;
  onDraft: (draft: Draft) => void;
  /** Sends the draft; `policy` only if an answer is in progress. */
  onSend: (policy: Policy | undefined) => void;
  /** An answer is in progress. */
  answering: boolean;
  /** What a message does meanwhile if nothing else is chosen. */
  policy: Policy;
  onStop: () => void;
  stopping: boolean;
  /** Up, in an empty composer. */
  onEditLast: () => void;
  placeholder: string;
  /** What the message is about; a chip that can be removed. */
  about?: string | undefined;
  onRemoveAbout?: () => void;
  /** Offers to say what is on the screen. */
  onAbout?: (() => void) | undefined;
  aboutOffer?: string | undefined;
  autoFocus?: boolean;
  children?: React.ReactNode;
}

/** Where a message is written. */
export function Composer(props: ComposerProps) {
  const { draft, onDraft } = props;
  const [chosen, setChosen] = useState<Policy>();
  const [template, setTemplate] = useState<Schemas["PromptSummary"]>();
  const [dragged, setDragged] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const newest = useRef(draft);
  newest.current = draft;
  const uploads = useUploads((file) => {
    // Two can be done before the next render.
    const { text, files } = newest.current;
    newest.current = { text, files: [...files, file] };
    onDraft(newest.current);
  });
  useHeight(area, draft.text);
  const policy = chosen ?? props.policy;
  const empty = draft.text.trim() === "";
  useMessageKeys(props.answering, policy);
  const send = (how: Policy) => {
    if (empty || uploads.list.length > 0) return;
    props.onSend(props.answering ? how : undefined);
    setChosen(undefined);
    area.current?.focus();
  };
  const menu = useTemplateMenu(draft.text, (found) => {
    onDraft({ ...draft, text: "" });
    setTemplate(found);
  });
  const stop = useTwice(props.onStop);
  const press = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing || menu.press(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const other = event.ctrlKey || event.metaKey;
      send(other ? otherPolicy(policy) : policy);
    } else if (event.key === "ArrowUp" && draft.text === "") {
      event.preventDefault();
      props.onEditLast();
    } else if (event.key === "Escape" && props.answering) {
      event.preventDefault(); // or the panel around it would close too
      // Not while something is typed: there Escape is meant for the text.
      if (draft.text === "") stop.press();
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files can be dropped here; the button does the same
    <div
      className="relative"
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setDragged(true);
      }}
      onDragLeave={() => setDragged(false)}
      onDrop={(event) => {
        setDragged(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        uploads.add(event.dataTransfer.files);
      }}
    >
      {menu.element}
      {template && (
        <TemplateForm
          template={template}
          onText={(text) => {
            setTemplate(undefined);
            onDraft({ ...draft, text });
            area.current?.focus();
          }}
          onCancel={() => {
            setTemplate(undefined);
            area.current?.focus();
          }}
        />
      )}
      <div
        className={cn(
          "rounded-2xl border border-line bg-glass shadow-card backdrop-blur-xl transition-shadow focus-within:border-secondary",
          dragged && "border-info border-dashed",
        )}
      >
        <About
          about={props.about}
          onRemoveAbout={props.onRemoveAbout}
          aboutOffer={props.aboutOffer}
          onAbout={props.onAbout}
        />
        <Attachments
          files={draft.files}
          uploading={uploads.list}
          onCancel={uploads.remove}
          onRemove={(id) =>
            onDraft({ ...draft, files: draft.files.filter((file) => file.id !== id) })
          }
        />
        <textarea
          ref={area}
          rows={1}
          aria-label="Message"
          // biome-ignore lint/a11y/noAutofocus: writing is what this view is for
          autoFocus={props.autoFocus}
          value={draft.text}
          placeholder={dragged ? "Drop the files here" : props.placeholder}
          {...menu.aria}
          onChange={(event) => onDraft({ ...draft, text: event.target.value })}
          onKeyDown={press}
          onPaste={(event) => {
            if (event.clipboardData.files.length === 0) return;
            event.preventDefault();
            uploads.add(event.clipboardData.files);
          }}
          className="block w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-sm leading-relaxed outline-none placeholder:text-muted"
        />
        <div className="flex items-center gap-1 p-2">
          <input
            ref={picker}
            type="file"
            multiple
            tabIndex={-1}
            aria-label="Files to attach"
            className="hidden"
            onChange={(event) => {
              uploads.add(event.target.files ?? []);
              event.target.value = "";
            }}
          />
          <Tooltip text="Attach files">
            <Button
              size="icon"
              tone="quiet"
              aria-label="Attach files"
              onClick={() => picker.current?.click()}
            >
              <Paperclip />
            </Button>
          </Tooltip>
          {props.children}
          <span className="ml-auto" />
          {props.answering && (
            <>
              {stop.armed && (
                <span role="status" className="whitespace-nowrap font-medium text-warn text-xs">
                  Esc again stops
                </span>
              )}
              <PolicyChoice
                policy={policy}
                withFiles={draft.files.length > 0}
                onChoose={setChosen}
              />
              <Tooltip text="Stop the answer (Esc twice)">
                <Button
                  size="icon"
                  aria-label="Stop the answer"
                  disabled={props.stopping}
                  onClick={props.onStop}
                >
                  <Square className="fill-current" />
                </Button>
              </Tooltip>
            </>
          )}
          <Button
            size="icon"
            tone="primary"
            aria-label={props.answering ? sayPolicy(policy) : "Send"}
            disabled={empty || uploads.list.length > 0}
            onClick={() => send(policy)}
          >
            <ArrowUp />
          </Button>
        </div>
      </div>
    </div>
  );
}
