import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { SessionProvider, useSession } from "../../app/session";
import { click, eventually, fakeServer, json, problem, show, type } from "../../testing";
import { SignIn } from "./SignIn";

const SESSION = "POST /api/v1/session";
const ANA = { account: "ana", name: "Ana", roles: ["agent"], agent: null, token: "" };
const signedOut = { "GET /api/v1/me": () => problem(401, "not-signed-in") };

beforeEach(() => localStorage.setItem("language", "en"));
afterEach(() => void vi.useRealTimers());

function Page() {
  const { me } = useSession();
  if (me === undefined) return null;
  return me ? <p>welcome {me.name}</p> : <SignIn />;
}

async function page() {
  const place = await show(
    <SessionProvider>
      <Page />
    </SessionProvider>,
  );
  await eventually(() => expect(place.querySelector("form")).not.toBeNull());
  return place;
}

async function fill(place: HTMLElement, login: string, password: string) {
  await type(place.querySelector("input[name=login]"), login);
  await type(place.querySelector("input[name=password]"), password);
  await click(place.querySelector("button[type=submit]"));
}

describe("the sign-in page", () => {
  it("signs in", async () => {
    const asked = fakeServer({ ...signedOut, [SESSION]: () => json(ANA) });
    const place = await page();

    await fill(place, " ana ", "secret");

    await eventually(() => expect(place.textContent).toContain("welcome Ana"));
    expect(asked.at(-1)?.body).toEqual({ login: "ana", password: "secret" });
  });

  it("says at each field what is missing, and asks nobody", async () => {
    const asked = fakeServer(signedOut);
    const place = await page();

    await fill(place, "  ", "");

    expect(place.textContent).toContain("Enter your login.");
    expect(place.textContent).toContain("Enter your password.");
    expect(asked.map(({ operation }) => operation)).not.toContain(SESSION);
  });

  it("says that login or password is wrong, keeps the login and empties the password", async () => {
    fakeServer({ ...signedOut, [SESSION]: () => problem(401, "wrong-sign-in") });
    const place = await page();

    await fill(place, "ana", "wrong");

    await eventually(() =>
      expect(place.querySelector("[role=alert]")?.textContent).toMatch(/^Login or password is wrong/),
    );
    expect(place.querySelector<HTMLInputElement>("input[name=login]")?.value).toBe("ana");
    expect(place.querySelector<HTMLInputElement>("input[name=password]")?.value).toBe("");
    expect(document.activeElement?.getAttribute("name")).toBe("password");
  });

  it("counts down after too many attempts and lets nobody try before", async () => {
    const asked = fakeServer({
      ...signedOut,
      [SESSION]: () => problem(429, "too-many", { "Retry-After": "90" }),
    });
    const place = await page();
    vi.useFakeTimers();

    await fill(place, "ana", "wrong");
    await act(() => vi.advanceTimersByTimeAsync(1_000));

    expect(place.querySelector("[role=alert]")?.textContent).toContain("in 1:29");
    const submit = place.querySelector<HTMLButtonElement>("button[type=submit]");
    expect(submit?.disabled).toBe(true);
    await fill(place, "ana", "wrong");
    expect(asked.filter(({ operation }) => operation === SESSION).length).toBe(1);

    await act(() => vi.advanceTimersByTimeAsync(90_000));
    expect(submit?.disabled).toBe(false);
  });

  it("says that the server does not answer", async () => {
    fakeServer({
      ...signedOut,
      [SESSION]: () => {
        throw new TypeError("network");
      },
    });
    const place = await page();
    vi.useFakeTimers();

    await fill(place, "ana", "secret");
    await act(() => vi.advanceTimersByTimeAsync(5_000));

    expect(place.querySelector("[role=alert]")?.textContent).toContain("does not answer");
  });
});
