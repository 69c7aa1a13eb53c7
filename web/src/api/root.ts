/** Where the daemon is mounted: "" or a path such as "/harness". */
export const root: string =
  globalThis.document?.querySelector<HTMLMetaElement>('meta[name="harness-root"]')?.content ?? "";
