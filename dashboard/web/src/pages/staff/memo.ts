import { Component, type ComponentChild, type ComponentType, h } from "preact";

/** The component, drawn again only when one of its props is another: long lists move often. */
export function memo<P extends object>(part: ComponentType<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const now = this.props as Record<string, unknown>;
      return Object.entries(next).some(([key, value]) => now[key] !== value);
    }
    override render(): ComponentChild {
      return h<P>(part, this.props as P);
    }
  };
}
