/** States are one colour and one shape everywhere. Red means "act now" and nothing else. */

import {
  AudioLines,
  Bell,
  CircleDot,
  Coffee,
  LogOut,
  Pause,
  PenLine,
  TriangleAlert,
} from "lucide-react";
import type { LucideIcon } from "lucide-react";

import type { AgentState, CallState, CampaignState } from "../api";

export type Look =
  | "ready"
  | "ringing"
  | "talking"
  | "hold"
  | "wrap-up"
  | "not-ready"
  | "signed-out"
  | "alarm";

/** The shape of each look; its colours are `--state-LOOK` and `--state-LOOK-soft`. */
export const SHAPES: Record<Look, LucideIcon> = {
  ready: CircleDot,
  ringing: Bell,
  talking: AudioLines,
  hold: Pause,
  "wrap-up": PenLine,
  "not-ready": Coffee,
  "signed-out": LogOut,
  alarm: TriangleAlert,
};

export const AGENT_LOOKS: Record<AgentState, Look> = {
  ready: "ready",
  reserved: "ringing",
  ringing: "ringing",
  talking: "talking",
  wrap_up: "wrap-up",
  not_ready: "not-ready",
  signed_out: "signed-out",
};

/** In which order agents' states are listed: who can be reached first. */
export const AGENT_STATES_IN_ORDER: AgentState[] = [
  "ready",
  "reserved",
  "ringing",
  "talking",
  "wrap_up",
  "not_ready",
  "signed_out",
];

export const CALL_LOOKS: Record<CallState, Look> = {
  arriving: "not-ready",
  in_ivr: "not-ready",
  waiting: "hold",
  offered: "ringing",
  connected: "talking",
  in_fallback: "alarm",
  ended: "signed-out",
};

export const CAMPAIGN_LOOKS: Record<CampaignState, Look> = {
  draft: "not-ready",
  running: "ready",
  paused: "hold",
  draining: "wrap-up",
  finished: "signed-out",
};
