/** Sign-in or shell, and inside the shell the page of the address. */

import { Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";

import { SignIn } from "../pages/signin/SignIn";
import { LiveProvider } from "../live/hooks";
import { Forbidden, Loading, NoRole, NotFound, Offline } from "../ui/Situation";
import { Broken } from "./Broken";
import { homeOf, PAGES } from "./pages";
import type { Page } from "./pages";
import { useHasRole, useMe, useSession } from "./session";
import { Shell } from "./Shell";

export function App() {
  const { me, problem, check } = useSession();
  if (me === undefined) return problem ? <Offline onRetry={check} /> : <Loading />;
  if (me === null) return <SignIn />;
  return (
    // Another person is another connection.
    <LiveProvider key={me.account} onSession={check}>
      <Shell>
        <Pages />
      </Shell>
    </LiveProvider>
  );
}

function Pages() {
  const home = homeOf(useMe().roles);
  return (
    <Switch>
      <Route path="/">{home ? <Redirect to={home} replace /> : <NoRole />}</Route>
      {PAGES.map((page) => (
        <Route key={page.path} path={page.path}>
          <Guarded page={page} />
        </Route>
      ))}
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

function Guarded({ page }: { page: Page }) {
  const allowed = useHasRole(...page.roles);
  if (!allowed) return <Forbidden roles={page.roles} />;
  return (
    <Broken key={page.path}>
      <Suspense fallback={<Loading />}>
        <page.component />
      </Suspense>
    </Broken>
  );
}
