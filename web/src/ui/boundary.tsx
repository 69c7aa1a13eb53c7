import { Component, type ReactNode } from "react";

interface Props {
  /** What is shown in place of children that cannot be rendered. */
  fallback: ReactNode;
  /** When it changes, the children are tried again. */
  again?: unknown;
  children: ReactNode;
}

/** Keeps what fails in its children from taking the rest of the page with it. */
export class Boundary extends Component<Props, { failed: boolean; again: unknown }> {
  override state = { failed: false, again: this.props.again };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  static getDerivedStateFromProps(props: Props, state: { again: unknown }) {
    return Object.is(props.again, state.again) ? null : { failed: false, again: props.again };
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}
