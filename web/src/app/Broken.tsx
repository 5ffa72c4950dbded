/** Catches what a page throws, so that the bar and the connection stay. */

import { Component } from "react";
import type { ReactNode } from "react";

import { BrokenPage } from "../ui/Situation";

interface Props {
  children: ReactNode;
}

export class Broken extends Component<Props, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <BrokenPage /> : this.props.children;
  }
}
