/** How a link to a view looks. */
export const navLook =
  "group flex h-8 shrink-0 items-center gap-2.5 rounded-md px-2.5 text-sm transition-colors hover:bg-sunken dark:hover:bg-surface data-[status=active]:bg-sunken data-[status=active]:font-medium dark:data-[status=active]:bg-raised";
