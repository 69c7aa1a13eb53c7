import { Problem } from "@/api/problem";
import { ProblemCard } from "./problem_card";

/** What a view could not be shown for: a problem that the daemon has named, or a fault of the page. */
export function PageFault(props: { error: unknown; retry?: () => void }) {
  return <ProblemCard {...props} error={asFault(props.error)} />;
}

/** The daemon has nothing to do with an error that was thrown while the page was drawn. */
export function asFault(error: unknown): Problem {
  return error instanceof Problem ? error : Problem.ofPage(error);
}
