// Reads again and again while somebody looks, and says honestly when that fails.
import { fill, make } from "./dom.js";
import { showTime } from "./words.js";

/** Calls `load` at once and every few seconds while the page is visible. Failures stand in `place`,
 * above what was read before. Returns what stops it, and what reads at once. */
export const keepRead = ({ load, place, seconds, locale }) => {
  let timer;
  let isLeft = false;
  let isReading = false;
  let isAsked = false;
  let lastRead;

  const read = async () => {
    clearTimeout(timer);
    if (isReading) {
      isAsked = true;
      return;
    }
    isReading = true;
    isAsked = false;
    const begun = performance.now();
    try {
      await load();
      lastRead = Date.now() / 1000;
      if (!isLeft) fill(place);
    } catch (error) {
      if (!isLeft) fill(place, describe(error));
    }
    isReading = false;
    if (isLeft) return;
    // What takes long to read is read less often.
    const pause = Math.max(1_000 * seconds, 5 * (performance.now() - begun));
    if (isAsked) void read();
    else if (!document.hidden) timer = setTimeout(read, pause);
  };

  const describe = (error) => {
    const age = lastRead === undefined ? "" : `This is from ${showTime(lastRead, locale)}; it cannot be read now. `;
    const retry = error.status === 404 ? "" : " Retrying.";
    return make("p", { class: "care-fault" }, `${age}${error.message} ${error.fix ?? ""}`.trim() + retry);
  };

  const notice = () => {
    if (!document.hidden) void read();
  };
  document.addEventListener("visibilitychange", notice);
  place.setAttribute("role", "status");
  void read();
  return {
    again: () => {
      if (!isLeft) void read();
    },
    stop: () => {
      isLeft = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", notice);
    },
  };
};
