/** Designed states of a page that has nothing else to show: loading, offline, forbidden, broken,
 * empty. Each says what to do next. */

import { Button, Center, Loader, Stack, Text, Title } from "@mantine/core";
import { CloudOff, Inbox, Lock, MapPinOff, TriangleAlert, UserX } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import type { Role } from "../api";
import { useText } from "../i18n";

interface Props {
  icon: LucideIcon;
  title: string;
  next?: string;
  action?: ReactNode;
}

/** An icon, what it is, what to do next. */
export function Situation({ icon: Icon, title, next, action }: Props) {
  return (
    <Center mih={160} h="100%" p="xl">
      <Stack align="center" gap="sm" maw={440}>
        <Icon size={32} color="var(--quiet)" aria-hidden />
        <Title order={2} ta="center">
          {title}
        </Title>
        {next && (
          <Text ta="center" c="var(--quiet)">
            {next}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

/** Shows nothing at first, so that what comes at once does not flicker. */
export function Loading() {
  const t = useText();
  return (
    <Center mih={160} h="100%" role="status">
      <Loader size="sm" aria-label={t("state.loading")} />
    </Center>
  );
}

export function Offline({ onRetry }: { onRetry: () => void }) {
  const t = useText();
  return (
    <Situation
      icon={CloudOff}
      title={t("state.offlineTitle")}
      next={t("state.offlineNext")}
      action={<Button onClick={onRetry}>{t("state.retry")}</Button>}
    />
  );
}

export function Forbidden({ roles }: { roles: Role[] }) {
  const t = useText();
  const names = new Intl.ListFormat(t.language, { type: "disjunction" }).format(
    roles.map((role) => t(`role.${role}`)),
  );
  return (
    <Situation
      icon={Lock}
      title={t("state.forbiddenTitle")}
      next={t("state.forbiddenNext", { roles: names })}
    />
  );
}

export function BrokenPage() {
  const t = useText();
  return (
    <Situation
      icon={TriangleAlert}
      title={t("state.brokenTitle")}
      next={t("state.brokenNext")}
      action={<Button onClick={() => location.reload()}>{t("state.reload")}</Button>}
    />
  );
}

export function NotFound() {
  const t = useText();
  return (
    <Situation icon={MapPinOff} title={t("state.notFoundTitle")} next={t("state.notFoundNext")} />
  );
}

export function NoRole() {
  const t = useText();
  return <Situation icon={UserX} title={t("state.noRoleTitle")} next={t("state.noRoleNext")} />;
}

/** A list with nothing in it. */
export function Empty({ title, next, action }: Omit<Props, "icon">) {
  return <Situation icon={Inbox} title={title} next={next} action={action} />;
}
