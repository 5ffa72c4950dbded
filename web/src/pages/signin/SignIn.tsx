/** Login and password. Says what is wrong, and when one may try again. */

import { Alert, Button, Paper, PasswordInput, Stack, TextInput, Title } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { FormEvent } from "react";

import { ProblemError } from "../../api";
import { useSession } from "../../app/session";
import { duration } from "../../format/time";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { onTick } from "../../live/ticker";
import { LanguageSwitch } from "../../ui/LanguageSwitch";
import { problemText } from "../../ui/problems";
import classes from "./SignIn.module.css";

export function SignIn() {
  const t = useText();
  const { signIn, wasOver } = useSession();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [missing, setMissing] = useState({ login: false, password: false });
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [wait, setWait] = useWait();
  const passwordField = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const lacking = { login: !login.trim(), password: !password };
    setMissing(lacking);
    if (lacking.login || lacking.password || busy || wait > 0) return;
    setBusy(true);
    setProblem(null);
    try {
      await signIn(login.trim(), password);
    } catch (error) {
      setProblem(error);
      if (error instanceof ProblemError && error.problem === "too-many") setWait(error.retryAfterS);
      setPassword("");
      passwordField.current?.focus();
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className={classes.page}>
      <Paper component="main" shadow="sm" p="xl" className={classes.box}>
        <form onSubmit={(event) => void submit(event)} noValidate>
          <Stack gap="lg">
            <div className={classes.head}>
              <Title order={1}>{t("app.name")}</Title>
              <LanguageSwitch />
            </div>
            {wasOver && !problem && <Alert color="gray">{t("signin.over")}</Alert>}
            <Failure t={t} problem={problem} wait={wait} />
            <TextInput
              label={t("signin.login")}
              name="login"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={64}
              // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page has nothing else
              autoFocus
              value={login}
              error={missing.login && t("signin.loginMissing")}
              onChange={(event) => setLogin(event.currentTarget.value)}
            />
            <PasswordInput
              ref={passwordField}
              label={t("signin.password")}
              name="password"
              autoComplete="current-password"
              maxLength={256}
              value={password}
              error={missing.password && t("signin.passwordMissing")}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Button type="submit" loading={busy} disabled={wait > 0}>
              {t("signin.submit")}
            </Button>
          </Stack>
        </form>
      </Paper>
    </div>
  );
}

function Failure({ t, problem, wait }: { t: Translate; problem: unknown; wait: number }) {
  if (!problem) return null;
  return (
    <Alert color="red" role="alert">
      {failureText(t, problem, wait)}
    </Alert>
  );
}

function failureText(t: Translate, problem: unknown, wait: number): string {
  if (wait > 0) return t("signin.throttled", { time: duration(wait) });
  if (problem instanceof ProblemError) {
    if (problem.problem === "wrong-sign-in") return t("signin.wrong");
    if (problem.problem === "offline") return t("signin.offline");
  }
  return problemText(t, problem).title;
}

/** Seconds that go down to 0. */
function useWait(): [number, (seconds: number) => void] {
  const [until, setUntil] = useState(0);
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (until === 0) return undefined;
    return onTick(() => {
      const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      setLeft(seconds);
      if (seconds === 0) setUntil(0);
    });
  }, [until]);
  return [
    left,
    (seconds) => {
      setLeft(seconds);
      setUntil(Date.now() + seconds * 1000);
    },
  ];
}
