import type { Plugin, Rolldown } from "vite";

/** Has the document name the code of a view, so that a browser fetches it together with the shell
 * and not after it. */
export function preloadView(route: string): Plugin {
  return {
    name: "preload-view",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((each) => each.type === "chunk");
        const view = chunks.find((each) => each.facadeModuleId?.includes(`/src/routes/${route}?`));
        if (!view) return html;
        return [...filesOf(view, chunks)]
          .filter((file) => !html.includes(file))
          .map((file) => ({
            tag: "link",
            attrs: { rel: "modulepreload", crossorigin: "", href: `./${file}` },
            injectTo: "head",
          }));
      },
    },
  };
}

function filesOf(
  chunk: Rolldown.OutputChunk,
  all: Rolldown.OutputChunk[],
  found = new Set<string>(),
) {
  if (found.has(chunk.fileName)) return found;
  found.add(chunk.fileName);
  for (const each of all) if (chunk.imports.includes(each.fileName)) filesOf(each, all, found);
  return found;
}
