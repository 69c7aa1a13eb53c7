import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { type Changes, findChanges } from "./changes";
import type { Said } from "./decide";
import { type GroupField, readFields } from "./fields";
import { editOf } from "./form_values";
import { firstGrant, GRANT_FIELDS, grantOf } from "./grant";
import { hasRounded, type JsonObject } from "./json_value";
import { pinnedAgentQuery } from "./queries";
import { type Asked, argumentsOf } from "./verdicts";

interface EditState {
  /** Whether there is anything that can be edited. */
  possible: boolean;
  /** The schema is still being read. */
  loading: boolean;
  fields: GroupField | null;
  value: JsonObject;
  /** What differs from what was asked for; null where nothing was asked for. */
  changes: Changes | null;
  /** What to send; null while the form is invalid or changes nothing. */
  said: Said | null;
  report: (control: string, problem: string | null) => void;
}

/** The form of an edit: its fields, what they hold, and what would be sent. */
export function useEdit(run: string, asked: Asked, edited: JsonObject | undefined): EditState {
  const pinned = useQuery({ ...pinnedAgentQuery(run), enabled: asked.need !== "answer" });
  const given = argumentsOf(asked);
  const isBudget = asked.need === "budget";
  const tool = pinned.data?.tools.find((each) => each.name === asked.tool);
  const fields = useMemo(
    () => (isBudget ? GRANT_FIELDS : tool ? readFields(tool.parameters) : null),
    [isBudget, tool],
  );
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const report = useCallback((control: string, problem: string | null) => {
    setProblems((before) => {
      if ((before.get(control) ?? null) === problem) return before;
      const after = new Map(before);
      if (problem === null) after.delete(control);
      else after.set(control, problem);
      return after;
    });
  }, []);
  const value = edited ?? (isBudget ? firstGrant(pinned.data?.budget) : (given ?? {}));
  return {
    possible: isBudget || (given !== null && !hasRounded(given)),
    loading: pinned.isPending,
    fields,
    value,
    changes: given && !isBudget ? findChanges(given, value) : null,
    said: problems.size > 0 ? null : isBudget ? saidOfGrant(value) : saidOfEdit(given, value),
    report,
  };
}

function saidOfGrant(value: JsonObject): Said | null {
  const granted = grantOf(value);
  return granted && { verdict: "edit", arguments: granted };
}

function saidOfEdit(given: JsonObject | null, value: JsonObject): Said | null {
  const edit = given && editOf(given, value);
  return edit && { verdict: "edit", ...edit };
}
