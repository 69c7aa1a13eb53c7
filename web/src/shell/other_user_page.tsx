import { Button } from "@/ui/button";

/** Shown in place of what belongs to the user for whom the tab was loaded. */
export default function OtherUserPage(props: { user: string | undefined }) {
  return (
    <main className="mx-auto flex h-full max-w-md flex-col justify-center gap-4 px-6">
      <h1 className="text-2xl tracking-[-1px]">
        Signed in {props.user ? `as ${props.user}` : "as somebody else"} in another tab
      </h1>
      <p className="text-muted">This tab took no further action.</p>
      <div>
        <Button tone="primary" onClick={() => location.reload()}>
          Reload
        </Button>
      </div>
    </main>
  );
}
