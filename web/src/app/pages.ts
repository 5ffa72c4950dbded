/** Every page: its address, who may see it, its place in the navigation. A page is a lazy chunk. */

import {
  ChartNoAxesColumn,
  LayoutDashboard,
  Headset,
  Megaphone,
  PhoneOutgoing,
  Route,
} from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { lazy } from "react";
import type { ComponentType, LazyExoticComponent } from "react";

import type { Role } from "../api";
import type { PlainKey } from "../i18n";

export interface Page {
  /** As wouter reads it: `/campaigns/:campaign`. */
  path: string;
  /** Whoever has one of these. */
  roles: Role[];
  component: LazyExoticComponent<ComponentType>;
  /** In the navigation; pages without it are reached from others. */
  nav?: { text: PlainKey; icon: LucideIcon };
}

const overseers: Role[] = ["supervisor", "manager", "administrator", "auditor"];

/** In the order of the navigation; the first that a person may see is where they begin. */
export const PAGES: Page[] = [
  {
    path: "/desk",
    roles: ["agent"],
    component: lazy(() => import("../pages/agent")),
    nav: { text: "nav.desk", icon: Headset },
  },
  {
    path: "/board",
    roles: overseers,
    component: lazy(() => import("../pages/board")),
    nav: { text: "nav.board", icon: LayoutDashboard },
  },
  {
    path: "/callbacks",
    roles: overseers,
    component: lazy(() => import("../pages/callbacks")),
    nav: { text: "nav.callbacks", icon: PhoneOutgoing },
  },
  {
    path: "/rules",
    roles: overseers,
    component: lazy(() => import("../pages/rules")),
    nav: { text: "nav.rules", icon: Route },
  },
  {
    path: "/campaigns",
    roles: overseers,
    component: lazy(() => import("../pages/campaigns")),
    nav: { text: "nav.campaigns", icon: Megaphone },
  },
  {
    path: "/campaigns/:campaign",
    roles: overseers,
    component: lazy(() => import("../pages/campaigns/campaign")),
  },
  {
    path: "/reports",
    roles: overseers,
    component: lazy(() => import("../pages/reports")),
    nav: { text: "nav.reports", icon: ChartNoAxesColumn },
  },
];

/** Where a person begins: managers with their campaigns, others with the first page they may see.
 * Undefined: there is none. */
export function homeOf(roles: readonly Role[]): string | undefined {
  if (roles.includes("manager") && !roles.includes("agent")) return "/campaigns";
  return PAGES.find((page) => page.roles.some((role) => roles.includes(role)))?.path;
}
