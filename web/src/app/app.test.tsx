import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Role } from "../api";
import { FakeSocket, click, eventually, fakeServer, json, problem, show } from "../testing";
import { App } from "./App";
import { homeOf } from "./pages";
import { SessionProvider } from "./session";

const me = (...roles: Role[]) => ({ account: "sam", name: "Sam", roles, agent: null, token: "" });

let sockets: FakeSocket[] = [];
beforeEach(() => {
  localStorage.setItem("language", "en");
  sockets = [];
  vi.stubGlobal(
    "WebSocket",
    class extends FakeSocket {
      constructor() {
        super();
        sockets.push(this);
      }
    },
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function appAt(path: string, answers: Record<string, (body: unknown) => Response>) {
  history.replaceState(null, "", path);
  const asked = fakeServer(answers);
  const place = await show(
    <SessionProvider>
      <App />
    </SessionProvider>,
  );
  const shows = (text: string) => eventually(() => expect(place.textContent).toContain(text));
  return { place, asked, shows };
}

const as = (...roles: Role[]) => ({ "GET /api/v1/me": () => json(me(...roles)) });
const links = (place: HTMLElement) =>
  [...place.querySelectorAll("nav a")].map((link) => link.textContent);

describe("the shell", () => {
  it("shows to each role its own pages, and where one begins", async () => {
    const { place, shows } = await appAt("/", as("supervisor"));

    await shows("Supervisor");
    expect(links(place)).toEqual(["Board", "Callbacks", "Rules", "Campaigns", "Reports"]);
    await eventually(() => expect(location.pathname).toBe("/board"));
    expect(homeOf(["agent"])).toBe("/desk");
    expect(homeOf(["manager"])).toBe("/campaigns");
    expect(homeOf([])).toBeUndefined();
  });

  it("says whose page it is when one may not see it", async () => {
    const { shows } = await appAt("/board", as("agent"));

    await shows("This page is not for your role");
    await shows("Supervisor, Manager, Administrator, or Auditor");
  });

  it("knows addresses that are none", async () => {
    const { shows } = await appAt("/nowhere", as("supervisor"));

    await shows("There is no such page");
  });

  it("says what an account without a role needs", async () => {
    const { shows } = await appAt("/", as());

    await shows("Your account has no role yet");
  });

  it("says how the connection is, and after three seconds how old the page is", async () => {
    vi.useFakeTimers();
    const { place, shows } = await appAt("/nowhere", as("supervisor"));
    await shows("Connecting");
    await act(async () => sockets.at(-1)?.greet());
    expect(place.textContent).toContain("Live");

    await act(async () => sockets.at(-1)?.drop());
    await act(() => vi.advanceTimersByTimeAsync(2_000));
    expect(place.textContent).toContain("Reconnecting");
    expect(place.textContent).not.toContain("No connection");
    await act(() => vi.advanceTimersByTimeAsync(3_500));

    expect(place.textContent).toContain("What you see is 0:05 old");
  });

  it("speaks the other language at a click and remembers it", async () => {
    const { place, shows } = await appAt("/nowhere", as("supervisor"));
    await shows("Board");

    await click(place.querySelector("input[value=zh]"));

    expect(links(place)).toEqual(["监控看板", "回拨", "规则", "外呼活动", "报表"]);
    expect(document.documentElement.lang).toBe("zh");
    expect(localStorage.getItem("language")).toBe("zh");
  });

  it("signs out, and the next one does not begin where this one was", async () => {
    const { place, asked, shows } = await appAt("/nowhere", {
      ...as("supervisor"),
      "DELETE /api/v1/session": () => new Response(null, { status: 204 }),
    });
    await shows("Supervisor");

    await click(place.querySelector("button[aria-label='Sign out']"));

    await eventually(() => expect(place.querySelector("form")).not.toBeNull());
    expect(asked.at(-1)?.operation).toBe("DELETE /api/v1/session");
    expect(place.textContent).not.toContain("Your session is over");
    expect(sockets.at(-1)?.closed).toBe(true);
    expect(location.pathname).toBe("/");
  });

  it("does not ask who one is while one signs out", async () => {
    const { place, asked, shows } = await appAt("/nowhere", {
      ...as("supervisor"),
      "DELETE /api/v1/session": () => {
        sockets.at(-1)?.drop(4001); // the server closes it before it answers
        return new Response(null, { status: 204 });
      },
    });
    await shows("Supervisor");

    await click(place.querySelector("button[aria-label='Sign out']"));

    await eventually(() => expect(place.querySelector("form")).not.toBeNull());
    expect(asked.at(-1)?.operation).toBe("DELETE /api/v1/session");
  });

  it("asks to sign in again when the session is over, and says why", async () => {
    let over = false;
    const { place, shows } = await appAt("/nowhere", {
      "GET /api/v1/me": () => (over ? problem(401, "not-signed-in") : json(me("supervisor"))),
    });
    await shows("Supervisor");
    over = true;

    await act(async () => sockets.at(-1)?.drop(4001));

    await shows("Your session is over");
    expect(place.querySelector("form")).not.toBeNull();
    expect(location.pathname).toBe("/nowhere"); // to go on where one was
  });

  it("says that the server does not answer, and comes back by itself", async () => {
    vi.useFakeTimers();
    let away = true;
    const { shows } = await appAt("/nowhere", {
      "GET /api/v1/me": () => {
        if (away) throw new TypeError("network");
        return json(me("supervisor"));
      },
    });
    await shows("The server does not answer");

    away = false;

    await shows("Supervisor");
  });
});
