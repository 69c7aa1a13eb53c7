import { root } from "@/api/root";

/** Shown to a browser without a session. */
export default function SignInPage({ stale }: { stale: boolean }) {
  return (
    <main className="mx-auto flex h-full max-w-md flex-col justify-center gap-4 px-6">
      <img src={`${root}/favicon.svg`} alt="" className="size-10" />
      <h1 className="text-2xl tracking-[-1px]">Sign in to harness</h1>
      {stale && (
        <p role="alert" className="rounded-md border border-warn/40 bg-warn-soft p-3">
          This link has expired or was used before. Each link works once, within 10 minutes.
        </p>
      )}
      <p className="text-muted">
        {!stale && (
          <>
            Open the link that <code className="font-mono text-ink">make run</code> or{" "}
            <code className="font-mono text-ink">harness serve</code> printed.{" "}
          </>
        )}
        For a new link, run this on the machine that serves the page:
      </p>
      <pre className="overflow-x-auto rounded-md border bg-surface p-3 font-mono text-sm">
        harness user link NAME
      </pre>
      <p className="text-muted">
        <code className="font-mono text-ink">NAME</code> is your user name. Without other users it
        is <code className="font-mono text-ink">local</code>;{" "}
        <code className="font-mono text-ink">harness user list</code> shows all.
      </p>
    </main>
  );
}
