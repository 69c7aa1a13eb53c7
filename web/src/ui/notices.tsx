import { createRoot } from "react-dom/client";
import { Toaster, toast } from "sonner";

const host = document.createElement("div");
document.body.append(host);
createRoot(host).render(
  <Toaster
    position="bottom-right"
    toastOptions={{
      unstyled: true,
      classNames: {
        toast:
          "flex w-[min(22rem,90vw)] gap-2 rounded-md border border-line bg-raised p-3 text-ink text-sm shadow-card font-sans",
        description: "text-muted",
        icon: "mt-0.5",
      },
    }}
  />,
);

export function show(text: string): void {
  toast(text);
}

export function showProblem(title: string, detail: string): void {
  toast.error(title, { description: detail, duration: 10_000 });
}
