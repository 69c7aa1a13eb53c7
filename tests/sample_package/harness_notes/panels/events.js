// A tab of a run: how many events it has, as they come.
export function mount(element, host) {
  const line = document.createElement("p");
  element.append(line);
  let events = 0;
  const show = () => {
    line.textContent = `${host.run} has ${events} events.`;
  };
  show();
  return host.follow(`run/${host.run}`, ({ id }) => {
    if (id === undefined) return;
    events += 1;
    show();
  });
}
