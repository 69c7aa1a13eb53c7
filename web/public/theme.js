// Before the first paint, so that no page flashes in the wrong theme. A file of its own, because the
// content security policy refuses inline scripts.
(() => {
  const chosen = localStorage.getItem("harness.theme");
  const dark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
