import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cn } from "./cn";

const look = cva(
  "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors duration-150 disabled:pointer-events-none disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      tone: {
        primary: "bg-primary text-primary-ink hover:bg-primary-hover",
        plain: "border border-line bg-surface text-ink hover:bg-sunken dark:hover:bg-raised",
        quiet: "text-ink hover:bg-sunken dark:hover:bg-raised",
        danger: "border border-bad text-bad hover:bg-bad-soft",
      },
      size: {
        sm: "h-8 px-2.5 text-xs",
        md: "h-9 px-3.5 text-sm",
        icon: "size-8",
      },
    },
    defaultVariants: { tone: "plain", size: "md" },
  },
);

type ButtonProps = ComponentProps<"button"> & VariantProps<typeof look>;

export function Button({ className, tone, size, type = "button", ...rest }: ButtonProps) {
  return <button type={type} className={cn(look({ tone, size }), className)} {...rest} />;
}

export { look as buttonLook };
