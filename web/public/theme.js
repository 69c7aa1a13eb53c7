// Before the first paint, so that no page flashes in the wrong theme. A file of its own, because the
// content security policy refuses inline scripts.
(() => {
  const root = document.querySelector('meta[name="harness-root"]')?.content ?? "";
  const chosen = localStorage.getItem(`harness${root.replaceAll(".", "%2E")}.theme`);
  const dark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
