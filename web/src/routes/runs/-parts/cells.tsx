/** The elements of the grid. A table laid out as blocks is no table to some screen readers, so each
 * element says its role too. */
import type { ComponentProps } from "react";
import { cn } from "@/ui/cn";

export function Cell({ className, ...rest }: ComponentProps<"td">) {
  // biome-ignore lint/a11y: the row takes the focus
  return <td role="gridcell" className={cn("block min-w-0", className)} {...rest} />;
}

export function HeadCell({ className, ...rest }: ComponentProps<"th">) {
  return (
    <th
      // biome-ignore lint/a11y/noRedundantRoles: see above
      role="columnheader"
      scope="col"
      className={cn("block min-w-0 truncate text-left font-normal", className)}
      {...rest}
    />
  );
}

/** A row. Its keys are the grid's. */
export function GridRow({ className, ...rest }: ComponentProps<"tr">) {
  // biome-ignore lint/a11y: as above
  return <tr role="row" className={className} {...rest} />;
}

export function RowGroup({ head, className, ...rest }: ComponentProps<"tbody"> & { head?: true }) {
  const Part = head ? "thead" : "tbody";
  return <Part role="rowgroup" className={cn("block", className)} {...rest} />;
}
