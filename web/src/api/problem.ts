import type { components } from "./schema";

export type ProblemDocument = components["schemas"]["Problem"];

/** What kind of trouble a failed request is in, as far as a person has to know. */
export type Kind =
  | "offline"
  | "signed_out"
  | "not_allowed"
  | "busy"
  | "server"
  | "request"
  | "page";

/** A request that failed: a problem document, or no answer at all. */
export class Problem extends Error {
  override name = "Problem";
  readonly kind: Kind;
  readonly code: string;
  readonly fix: string;
  readonly status: number;
  readonly fields: readonly { field: string; problem: string }[];

  constructor(document: Partial<ProblemDocument>, status: number, kind?: Kind) {
    super(document.detail ?? "The daemon gave no reason.");
    this.status = status;
    this.kind = kind ?? kindOf(status);
    this.code = document.code ?? "";
    this.fix = document.fix ?? "";
    this.fields = document.errors ?? [];
  }

  /** No answer arrived. */
  static offline(): Problem {
    return new Problem(
      {
        detail: "The daemon does not answer.",
        fix: "Check that `harness serve` is running. The page reconnects automatically.",
        code: "offline",
      },
      0,
    );
  }

  /** The page itself has failed. */
  static ofPage(error: unknown): Problem {
    return new Problem(
      {
        detail: error instanceof Error ? error.message : String(error),
        fix: "Runs go on without the page. Reload it, or open another view.",
        code: "page",
      },
      0,
      "page",
    );
  }

  static of(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof TypeError) return Problem.offline();
    return new Problem({ detail: error instanceof Error ? error.message : String(error) }, 500);
  }
}

function kindOf(status: number): Kind {
  if (status === 0) return "offline";
  if (status === 401) return "signed_out";
  if (status === 403) return "not_allowed";
  if (status === 429) return "busy";
  return status >= 500 ? "server" : "request";
}
