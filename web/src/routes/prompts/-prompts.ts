import type { Schemas } from "@/api/client";

export type PromptSummary = Schemas["PromptSummary"];
export type VersionView = Schemas["VersionView"];

export interface ListSearch {
  archived?: true;
  /** The dialog for a new template is open. */
  new?: true;
}

export function readListSearch(search: Record<string, unknown>): ListSearch {
  return {
    ...(search["archived"] === true ? { archived: true } : {}),
    ...(search["new"] === true ? { new: true } : {}),
  };
}

export const TABS = ["text", "edit", "versions"] as const;
export type Tab = (typeof TABS)[number];

export interface PromptSearch {
  tab?: Tab;
  /** The version that is shown; absent: the newest. */
  version?: number;
  /** What is compared. */
  before?: number;
  after?: number;
}

export function readPromptSearch(search: Record<string, unknown>): PromptSearch {
  const read: PromptSearch = {};
  const tab = TABS.find((each) => each === search["tab"]);
  if (tab && tab !== "text") read.tab = tab;
  for (const name of ["version", "before", "after"] as const) {
    const value = search[name];
    if (typeof value === "number" && Number.isInteger(value) && value > 0) read[name] = value;
  }
  return read;
}

const HEADER = /^\+\+\+\r?\n([\s\S]*?)\r?\n\+\+\+\r?\n/;

/** The declarations of a template, and its text. */
export function splitHeader(text: string): { header: string; body: string } {
  const found = HEADER.exec(text);
  return found
    ? { header: found[1] ?? "", body: text.slice(found[0].length) }
    : { header: "", body: text };
}

export type Piece = { text: string; variable: boolean };

/** The text with its variables apart; `\{{` stands for the characters themselves. */
export function splitVariables(body: string): readonly Piece[] {
  return body
    .split(/((?<!\\)\{\{\s*[A-Za-z_][A-Za-z0-9_]*\s*\}\})/)
    .map((text, place) => ({ text, variable: place % 2 === 1 }))
    .filter((piece) => piece.text !== "");
}

export const NAME = /^[a-z0-9][a-z0-9._-]*$/i;

export const STARTER = `+++
description = "What it is for."

[variables.topic]
type = "string"
+++
Write about {{ topic }}.
`;
