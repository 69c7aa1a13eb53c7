import type { Kind } from "../-acts";

/** What each kind of act is called. */
export const KINDS: Readonly<Record<Kind, string>> = {
  run_started: "started a run",
  run_forked: "forked a run",
  whatif_started: "asked what if",
  decision: "decided",
  hint: "sent a hint",
  pause: "paused",
  resume: "resumed",
  abort: "aborted",
  reset: "reset in Temporal",
  undo: "undid effects",
  forgotten: "forgot a run",
  content_deleted: "deleted content",
  user_added: "user added",
  user_disabled: "user disabled",
  signed_in: "signed in",
  session_ended: "session ended",
  token_created: "token created",
  token_revoked: "token revoked",
};
