import type { Plugin, Rolldown } from "vite";

/** The route that `/` leads to. */
const START = "/runs";

/** Writes which files each view needs besides the shell, by its path. The daemon names them in the
 * document, so that a browser fetches them together with the shell and not after it. */
export function listViewFiles(): Plugin {
  return {
    name: "list-view-files",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
      const shell = filesOf(
        chunks.filter((each) => each.isEntry),
        chunks,
      );
      const routes = new Map(chunks.flatMap((each) => routeOf(each).map((name) => [name, each])));
      const views: Record<string, string[]> = {};
      for (const name of routes.keys()) {
        const parts = [...routes]
          .filter(([other]) => isPartOf(name, other))
          .map(([, chunk]) => chunk);
        views[pathOf(name)] = [...filesOf(parts, chunks)].filter((file) => !shell.has(file));
      }
      views["/"] = views[START] ?? [];
      this.emitFile({ type: "asset", fileName: "views.json", source: JSON.stringify(views) });
    },
  };
}

/** The route that a chunk shows, as its file is named; none for other chunks. */
function routeOf(chunk: Rolldown.OutputChunk): string[] {
  const name = /\/src\/routes\/(.+)\.tsx\?tsr-split=component/.exec(
    chunk.facadeModuleId ?? "",
  )?.[1];
  return name === undefined ? [] : [name];
}

/** Whether a route is shown where another is: as its layout, or beside it in the same place. */
function isPartOf(name: string, other: string): boolean {
  const layout = other.endsWith("/route") ? other.slice(0, -"route".length) : undefined;
  return pathOf(name) === pathOf(other) || (layout !== undefined && name.startsWith(layout));
}

/** `runs/$run/index` is `/runs/*`. */
function pathOf(name: string): string {
  const path = name.replace(/\/(index|route)$/, "").replaceAll(".", "/");
  return `/${path.replace(/\$\w+/g, "*")}`;
}

/** The files of some chunks, with all that they import before they run. */
function filesOf(wanted: Rolldown.OutputChunk[], all: Rolldown.OutputChunk[]): Set<string> {
  const found = new Set<string>();
  const left = wanted.map((each) => each.fileName);
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    left.push(...(all.find((each) => each.fileName === file)?.imports ?? []));
  }
  return found;
}
