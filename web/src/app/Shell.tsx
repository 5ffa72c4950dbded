/** The bar on top of every page: where one can go, how the connection is, who one is. */

import { ActionIcon, Group, Tooltip, UnstyledButton } from "@mantine/core";
import { LogOut } from "lucide-react";
import { useState } from "react";
import type { ReactNode } from "react";
import { Link, useRoute } from "wouter";

import { useText } from "../i18n";
import { BarContext } from "../ui/BarSlot";
import { LanguageSwitch } from "../ui/LanguageSwitch";
import { tellProblem } from "../ui/problems";
import { ConnectionState, StaleBanner } from "./ConnectionState";
import { PAGES } from "./pages";
import type { Page } from "./pages";
import { useMe, useSession } from "./session";
import classes from "./Shell.module.css";

export function Shell({ children }: { children: ReactNode }) {
  const t = useText();
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#page">
        {t("app.skip")}
      </a>
      <header className={classes.bar}>
        <Navigation />
        <div className={classes.slot} ref={setSlot} />
        <Group gap="md" wrap="nowrap">
          <ConnectionState />
          <Person />
          <LanguageSwitch />
        </Group>
      </header>
      <StaleBanner />
      <main id="page" className={classes.page} tabIndex={-1}>
        <BarContext.Provider value={slot}>{children}</BarContext.Provider>
      </main>
    </div>
  );
}

function Navigation() {
  const t = useText();
  const { roles } = useMe();
  const mine = PAGES.filter((page) => page.nav && page.roles.some((role) => roles.includes(role)));
  return (
    <nav aria-label={t("nav.label")} className={classes.nav}>
      {mine.map((page) => (
        <NavLink key={page.path} page={page} />
      ))}
    </nav>
  );
}

function NavLink({ page }: { page: Page }) {
  const t = useText();
  const [here] = useRoute(`${page.path}/*?`);
  if (!page.nav) return null;
  const Icon = page.nav.icon;
  return (
    <Link href={page.path} className={classes.link} aria-current={here ? "page" : undefined}>
      <Icon size={16} aria-hidden />
      {t(page.nav.text)}
    </Link>
  );
}

function Person() {
  const t = useText();
  const me = useMe();
  const { signOut } = useSession();
  const [leaving, setLeaving] = useState(false);
  const leave = async () => {
    setLeaving(true);
    try {
      await signOut();
    } catch (error) {
      tellProblem(t, error);
      setLeaving(false);
    }
  };
  const atWork = me.roles.includes("agent");
  return (
    <Group gap="sm" wrap="nowrap">
      <UnstyledButton component="span" className={classes.person}>
        <span className={classes.name}>{me.name || me.account}</span>
        <span className={classes.role}>
          {me.roles.map((role) => t(`role.${role}`)).join(" · ")}
        </span>
      </UnstyledButton>
      <Tooltip
        label={atWork ? t("account.signOutAtWork") : t("account.signOut")}
      >
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("account.signOut")}
          loading={leaving}
          onClick={() => void leave()}
        >
          <LogOut size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
