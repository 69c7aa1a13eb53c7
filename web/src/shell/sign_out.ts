import { api, call } from "@/api/client";
import { Problem } from "@/api/problem";
import { root } from "@/api/root";
import { forgetTexts, session } from "@/api/session";
import { notifyProblem } from "@/ui/notify";

/** Ends the session, and forgets in all tabs what the page has read and what was typed into it. */
export async function signOut(): Promise<void> {
  try {
    await call(api.POST("/api/v1/sign-out"));
  } catch (error) {
    const problem = Problem.of(error);
    if (problem.kind !== "signed_out") {
      notifyProblem("You are still signed in", problem.message);
      return;
    }
  }
  forgetTexts();
  session.leave();
  location.assign(`${root}/`);
}
