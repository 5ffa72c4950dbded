/** What the tests of the campaign pages share: the pages of somebody, and what is found on them. */

import { act } from "react";
import { vi } from "vitest";
import { Route, Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";

import type { CampaignView, Role } from "../../api";
import { SessionProvider } from "../../app/session";
import { fakeLive, fakeServer, json, show } from "../../testing";
import Campaign from "./campaign";
import Campaigns from "./index";
import { NOW } from "./samples";

export type Answers = Parameters<typeof fakeServer>[0];

/** The campaign pages of somebody with this role, at this address. */
export async function open(
  path: string,
  campaigns: CampaignView[],
  answers: Answers = {},
  role: Role = "manager",
) {
  const asked = fakeServer({
    "GET /api/v1/me": () =>
      json({ account: "max", name: "Max", roles: [role], agent: null, token: "" }),
    "GET /api/v1/campaigns/renewals/attempts?limit=50&cursor=": () =>
      json({ attempts: [], next: "" }),
    "GET /api/v1/trunks": () => json({ pbxs: [{ name: "main", trunks: ["carrier"], live: [] }] }),
    ...answers,
  });
  const live = fakeLive();
  live.client.start();
  const { hook, history } = memoryLocation({ path, record: true });
  const place = await show(
    <SessionProvider>
      <Router hook={hook}>
        <Route path="/campaigns" component={Campaigns} />
        <Route path="/campaigns/:campaign" component={Campaign} />
      </Router>
    </SessionProvider>,
    live.client,
  );
  await act(async () => {
    live.socket.greet();
    live.socket.say({
      type: "snapshot",
      topic: "board",
      seq: 1,
      at: NOW,
      data: {
        queues: {},
        agents: {},
        calls: {},
        links: { main: true },
        campaigns: Object.fromEntries(campaigns.map((campaign) => [campaign.id, campaign])),
      },
    });
  });
  return { place, asked, history, live };
}

/** The button of these words, anywhere on the page: dialogs stand beside it. */
export function button(text: string): Element | null {
  const all = [...document.querySelectorAll("button")];
  return all.find((candidate) => candidate.textContent === text) ?? null;
}

/** The last of them: the one in the opened box. */
export function lastButton(text: string): Element | null {
  const all = [...document.querySelectorAll("button")];
  return all.findLast((candidate) => candidate.textContent === text) ?? null;
}

export function field(label: string): Element | null {
  const all = [...document.querySelectorAll("label")];
  const found = all.find((candidate) => candidate.textContent.replace(/\s*\*$/, "") === label);
  return found ? document.getElementById(found.htmlFor) : null;
}

/** Waits for an answer of the server to be on the page. */
export async function appears(label: string): Promise<void> {
  const look = async () => {
    await act(async () => {});
    if (!field(label)) throw new Error(`there is no field ${label}`);
  };
  await vi.waitFor(look, { timeout: 15_000, interval: 50 });
}

export async function submit(): Promise<void> {
  await act(async () => {
    document
      .querySelector("[role=dialog] form")
      ?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  });
}

export function writes(asked: ReturnType<typeof fakeServer>) {
  return asked.filter(({ operation }) => !operation.startsWith("GET"));
}
