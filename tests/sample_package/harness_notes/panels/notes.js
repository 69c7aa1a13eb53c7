// A view: how many notes there are.
const styles = new URL("./notes.css", import.meta.url).href;

export function mount(element, host) {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = styles;
  const line = document.createElement("p");
  line.className = "notes-count";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Count again";
  button.className = "notes-button";
  const count = async () => {
    const { notes } = await host.get("/notes/count");
    line.textContent = `${host.user} has ${notes} notes.`;
  };
  button.addEventListener("click", () => count().then(() => host.notify("Counted.")));
  element.append(sheet, line, button);
  void count();
  return () => element.replaceChildren();
}
