// Made by `python scripts/api_types.py` of the server's routes, frames and views. Do not edit.
// Times are UTC seconds, 0 for "not yet".

/** One agent in one interval: a time card. Moments are 0.0 where nothing of the kind was. */
export interface AgentRow {
  agent: string;
  begin: number;
  end: number;
  signed_in_at: number;
  signed_out_at: number;
  signed_in_s: number;
  ready_s: number;
  offered_s: number;
  talk_s: number;
  wrap_up_s: number;
  not_ready_s: number;
  not_ready: Record<string, number>;
  occupancy: number | null;
  offers: number;
  missed: number;
  conversations: number;
  aht_s: number | null;
  dispositions: Record<string, number>;
}

/** What an agent is doing. */
export type AgentState = "not_ready" | "ready" | "reserved" | "ringing" | "signed_out" | "talking" | "wrap_up";

/** From so many seconds of waiting on, these skills are asked for instead. */
export interface AgentStep {
  after_s: number;
  skills?: Record<string, number>;
}

/** One agent, as screens show it. */
export interface AgentView {
  id: string;
  state: AgentState;
  since: number;
  reason: string;
  wish: AgentState | null;
  wish_reason: string;
  seniority: Seniority;
  team: string;
  skills: Record<string, number>;
  queues: string[];
  pbx: string;
  phone: string;
  call: string;
  idle_since: number;
  desktops: number;
  campaign: string;
  campaigns: string[];
  line: LineState;
  wrap_up_ends_at: number;
  preview: PreviewView | null;
  dialing: string;
  dial_state: AttemptState | null;
  dialed_in_vain: DialedInVain | null;
}

/** All agents. */
export interface Agents {
  agents: AgentView[];
}

/** Time cards; rows in which nothing was are left out. */
export interface AgentsReport {
  rows: AgentRow[];
  totals: AgentRow[];
  total: AgentRow;
  zone: string;
}

/** Agents of one seniority who are the same to the call. */
export interface AgentsView {
  fit: Fit;
  seniority: Seniority;
  count: number;
  names: string[];
}

/** How Asterisk's detection listens, in milliseconds; 0: as in `cc_amd.conf`. */
export interface AmdFields {
  initial_silence?: number;
  greeting?: number;
  after_greeting_silence?: number;
  total_analysis_time?: number;
  min_word_length?: number;
  max_words?: number;
}

/** Settings of Asterisk's AMD, in milliseconds but for the last; 0: as in `cc_amd.conf`. */
export interface AmdSettings {
  initial_silence?: number;
  greeting?: number;
  after_greeting_silence?: number;
  total_analysis_time?: number;
  min_word_length?: number;
  max_words?: number;
}

/** How answering machine detection did, in the agents' word. */
export interface AmdView {
  people: number;
  wrong_people: number;
  machines: number;
  wrong_machines: number;
  taken_for_machines: number;
}

/** An attempt that has ended: exactly one for each. */
export interface AttemptRecord {
  type: "AttemptRecord";
  attempt: string;
  campaign: string;
  contact: string;
  number: string;
  channel: ChannelRef;
  tries: number;
  placed_at: number;
  ringing_at: number;
  answered_at: number;
  person_at: number;
  connected_at: number;
  harbour_at: number;
  ended_at: number;
  result: AttemptResult;
  cause: number;
  verdict: Verdict | null;
  verdict_cause: string;
  agent: string;
  call: string;
  status: ContactStatus;
  next_try_at: number;
  other_number?: boolean;
  message_left_at?: number;
}

/** What came of an attempt: exactly one for each. */
export type AttemptResult = "busy" | "cancelled" | "congestion" | "connected" | "dropped" | "failed" | "fax" | "hung_up" | "invalid_number" | "machine" | "no_answer" | "rejected" | "screened" | "uncounted" | "unknown";

/** Where an attempt is. */
export type AttemptState = "connected" | "dropped" | "ended" | "for_agent" | "held" | "placed" | "ringing" | "screening";

/** One page of ended attempts, the last ended first. */
export interface Attempts {
  attempts: AttemptRecord[];
  next: string;
}

/** What settled the number of calls. */
export type Because = "asked" | "at_once" | "budget" | "evidence" | "lines" | "no_agent" | "one_each" | "price" | "ratio" | "refused" | "silent_trunk";

/** What a supervisor's board shows. */
export interface Board {
  at: number;
  position: number;
  links: Record<string, boolean>;
  queues: QueueView[];
  agents: AgentView[];
  calls: CallView[];
  calls_total: number;
  campaigns: CampaignView[];
  mishaps: MishapView[];
}

/** The caller is hung up and called back when an agent is free, in the place it had. Whose number is not known waits on. */
export interface CallBack {
  prompt: string;
  trunk: string;
  caller_id?: string;
  ring_s?: number;
  tries?: number;
  again_s?: number;
}

/** All that is kept of one ended call. */
export interface CallHistory {
  call: CallRecord;
  offers: OfferRecord[];
  conversations: ConversationRecord[];
  dispositions: DispositionRecord[];
}

/** How much a call weighs beside others. */
export interface CallPriority {
  weight: number;
}

/** A call that has ended. */
export interface CallRecord {
  type: "CallRecord";
  call: string;
  channel: ChannelRef;
  caller_number: string;
  dialed_number: string;
  flow: string;
  choices: string[];
  customer: string;
  tier: Tier;
  queue: string;
  arrived_at: number;
  queued_at: number;
  answered_at: number;
  ended_at: number;
  outcome: Outcome;
  answered_by: string;
  answered_by_senior: boolean;
  overflowed: boolean;
  via_fallback: boolean;
  offers: number;
  campaign?: string;
  attempt?: string;
  rule?: string;
  rules_version?: number;
  returned?: string;
}

/** How a live call is routed. */
export interface CallRouting {
  call: string;
  state: CallState;
  tier: Tier;
  queue: string;
  asked_queue: string;
  rule: string;
  rules_version: number;
  is_outdated: boolean;
  treatment: Treatment;
  weight: number;
  preferred: string;
  attributes: Record<string, string | number | boolean | string[]>;
  tried: RuleView[];
  steps: StepView[];
  waiting: Waiting | null;
  agents: AgentsView[];
  decision: DecisionView | null;
}

/** Where a call is. */
export type CallState = "arriving" | "connected" | "ended" | "in_fallback" | "in_ivr" | "offered" | "waiting";

/** One live call, as screens show it. */
export interface CallView {
  id: string;
  state: CallState;
  place: Place;
  arrived_at: number;
  caller_number: string;
  dialed_number: string;
  customer: string;
  tier: Tier;
  flow: string;
  node: string;
  choices: string[];
  queue: string;
  queued_at: number;
  rule: string;
  rules_version: number;
  weight: number;
  intent: string;
  offers: number;
  agent: string;
  answered_at: number;
  connected_at: number;
  overflowed: boolean;
  via_fallback: boolean;
  campaign: string;
  attempt: string;
  returned: string;
  contact: string;
}

/** When, and by whom, from now on. */
export interface CallbackChange {
  at: number;
  agent: string;
}

/** Where a callback comes from. */
export type CallbackOrigin = "disposition" | "overflow" | "request";

/** How far a callback is. */
export type CallbackState = "calling" | "due" | "planned" | "read";

/** One call that somebody was promised. */
export interface CallbackView {
  id: string;
  state: CallbackState;
  at: number;
  created_at: number;
  origin: CallbackOrigin;
  by: string;
  campaign: string;
  contact: string;
  queue: string;
  number: string;
  customer: string;
  tier: Tier;
  agent: string;
  own_until: number;
  tries: number;
}

/** Calls promised, the earliest first. */
export interface Callbacks {
  callbacks: CallbackView[];
  names: Record<string, string>;
}

/** When people may be called, in their own local time. */
export interface CallingHours {
  opens?: string;
  closes?: string;
  weekdays?: ("monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday")[];
  holidays?: string[];
  closed_days?: string[];
}

/** When people may be called, in their own local time. */
export interface CallingWindow {
  opens: number;
  closes: number;
  weekdays: number[];
  holidays: string[];
  closed_days: string[];
}

/** One page of live calls, the earliest arrival first. */
export interface Calls {
  calls: CallView[];
  next: string;
}

/** What to work for. */
export interface CampaignChoice {
  campaign: string;
  also?: string[];
}

/** What would come of a campaign. */
export interface CampaignFigures {
  occupancy: Compared;
  talking: Compared;
  idle_s: Compared;
  dropped: Compared;
  calls_per_h: Compared;
  reached: Compared;
  tried: Compared;
  tried_all_h: Compared;
  finished_h: Compared;
}

/** What the rehearsal of a campaign came to. */
export interface CampaignRehearsalResult {
  begin: number;
  hours: number;
  seeds: number;
  agents: number;
  new_agents: number | null;
  cap: number;
  new_cap: number | null;
  contacts: number;
  figures: CampaignFigures;
  attempts_fitted: number;
  days_fitted: number;
  notes: string[];
}

/** One rehearsal of a campaign and what came of it. */
export interface CampaignRehearsalView {
  id: string;
  by: string;
  campaign: string;
  change: Change;
  state: RehearsalState;
  started_at: number;
  ended_at: number;
  share: number;
  doing: string;
  problem: string;
  result: CampaignRehearsalResult | null;
}

/** A campaign's ended attempts. */
export interface CampaignResultsAnswer {
  rows: ResultRow[];
  sales: string[];
}

/** One campaign in one interval. */
export interface CampaignRow {
  campaign: string;
  begin: number;
  end: number;
  attempts: number;
  people: number;
  connected: number;
  dropped: number;
  drop_rate: number | null;
  asa_s: number | null;
  longest_wait_s: number;
  in_time: number;
  in_time_share: number | null;
  wait_p50_s: number | null;
  wait_p95_s: number | null;
  aht_s: number | null;
  wait_s: number;
  talk_s: number;
  wrap_up_s: number;
  results: Partial<Record<"busy" | "cancelled" | "congestion" | "connected" | "dropped" | "failed" | "fax" | "hung_up" | "invalid_number" | "machine" | "no_answer" | "rejected" | "screened" | "uncounted" | "unknown", number>>;
  dispositions: Record<string, number>;
  returns_offered: number;
  returns_answered: number;
  returns_opted_out: number;
}

/** What a manager sets. Times in seconds. */
export interface CampaignSettings {
  id: string;
  name: string;
  pbx: string;
  trunk: string;
  caller_id: string;
  pacing: Pacing;
  preview_s: number;
  lines_per_agent: number;
  drop_cap: number | null;
  starts_at: number;
  ends_at: number;
  blended: boolean;
  max_lines: number;
  ring_s: number;
  amd: boolean;
  harbour_wait_s: number;
  harbour_prompt: string;
  window: CallingWindow;
  retries: Partial<Record<"busy" | "cancelled" | "congestion" | "connected" | "dropped" | "failed" | "fax" | "hung_up" | "invalid_number" | "machine" | "no_answer" | "rejected" | "screened" | "uncounted" | "unknown", RetryRule>>;
  wrap_up_s: number;
  amd_settings: AmdSettings;
  on_machine: OnMachine;
  amd_check_every: number;
  opt_out_key: string;
  trunks: string[];
  caller_ids: string[];
  list_caller_ids: Record<string, string[]>;
  terms: Terms;
  sales: string[];
  returns_to: string;
  priority: number;
  agent_prompt: string;
  return_prompt: string;
  machine_prompt: string;
}

/** All settings of a campaign; what is left out has its default. Times are in seconds. */
export interface CampaignSetup {
  name: string;
  pbx: string;
  trunk: string;
  trunks?: string[];
  caller_id?: string;
  pacing?: "preview" | "progressive" | "power" | "predictive";
  preview_s?: number;
  caller_ids?: string[];
  list_caller_ids?: Record<string, string[]>;
  lines_per_agent?: number;
  starts_at?: number;
  ends_at?: number;
  blended?: boolean;
  max_lines?: number;
  ring_s?: number;
  amd?: boolean;
  amd_settings?: AmdFields;
  on_machine?: "hang_up" | "to_agent" | "leave_message";
  machine_prompt?: string;
  amd_check_every?: number;
  harbour_wait_s?: number;
  harbour_prompt?: string;
  opt_out_key?: string;
  agent_prompt?: string;
  returns_to?: string;
  return_prompt?: string;
  window?: CallingHours;
  retries?: Partial<Record<"busy" | "congestion" | "dropped" | "failed" | "hung_up" | "machine" | "no_answer" | "rejected" | "screened" | "unknown", Retry>> | null;
  priority?: number;
  wrap_up_s?: number;
  needs_consent?: boolean;
  legal?: "" | "us-tsr" | "uk-ofcom";
  drop_cap?: number | null;
  caps?: CapFields[];
  sales?: string[];
  script?: string;
}

/** What a campaign is doing. */
export type CampaignState = "draft" | "draining" | "finished" | "paused" | "running";

/** One campaign, as screens show it. */
export interface CampaignView {
  id: string;
  name: string;
  state: CampaignState;
  since: number;
  changed_by: string;
  silence: string;
  silence_code: Silence;
  dialing: number;
  ringing: number;
  screening: number;
  waiting: number;
  talking: number;
  dropping: number;
  recording: number;
  returning: number;
  returns: ReturnCounts;
  agents: number;
  agents_elsewhere: number;
  agents_ready: number;
  agents_talking: number;
  agents_wrap_up: number;
  lines_open: number;
  placed: number;
  people: number;
  results: Partial<Record<"busy" | "cancelled" | "congestion" | "connected" | "dropped" | "failed" | "fax" | "hung_up" | "invalid_number" | "machine" | "no_answer" | "rejected" | "screened" | "uncounted" | "unknown", number>>;
  messages: number;
  drop_rate: number;
  amd: AmdView;
  hopper: number;
  previews: number;
  skips: number;
  counts: ListCounts;
  pacing: PacingView | null;
  drops: DropMeter;
  talk_share: number;
  idle_s: number;
  settings: CampaignSettings;
}

/** All campaigns. */
export interface Campaigns {
  campaigns: CampaignView[];
}

/** Attempts by campaign; rows in which nothing was are left out. */
export interface CampaignsReport {
  rows: CampaignRow[];
  totals: CampaignRow[];
  total: CampaignRow;
  zone: string;
}

/** So many at most within a rolling time, in all campaigns together. */
export interface Cap {
  of: Of;
  counting: Counting;
  most: number;
  within_s: number;
}

/** So many attempts or conversations at most within a rolling time, in all campaigns. */
export interface CapFields {
  of: "person" | "number" | "account";
  counting?: "attempts" | "conversations";
  most: number;
  within_s: number;
}

/** Who is calling, or was dialed. */
export interface Card {
  type: "card";
  call: string;
  customer: string;
  number: string;
  tier: Tier;
  queue: string;
  campaign: string;
  contact: string;
  preview: boolean;
  returned: boolean;
  waited_s: number;
  seq: number;
  at: number;
  complete: boolean;
  again: boolean;
  card: unknown;
}

/** What is to be different from how a campaign is; None and 0: as it is. */
export interface Change {
  agents: number | null;
  without: number;
  pacing: Pacing | null;
  lines_per_agent: number | null;
  drop_cap: number | null;
  ring_s: number | null;
  max_lines: number | null;
}

/** This channel of this PBX. */
export type ChannelRef = [string, string];

/** What a client may send. */
export interface ClientMessage {
  subscribe?: Topic[];
  unsubscribe?: Topic[];
  resume?: Resume | null;
  shown?: Shown | null;
  ping?: boolean;
}

/** One figure of a campaign; None where there is nothing to tell it from, or no change. */
export interface Compared {
  current: Estimate | null;
  new: Estimate | null;
  difference: Estimate | null;
}

/** Somebody was added to a list. */
export interface ContactAdded {
  contact: string;
  number: string;
}

/** Why a contact stands where it does. */
export type ContactBecause = "abandoned" | "callback" | "capped" | "dnc" | "done" | "in_hopper" | "next" | "no_consent" | "no_zone" | "retry_later" | "under_way" | "used_up" | "window_closed";

/** What an import of contacts did, or with `dry_run` would do. */
export interface ContactImport {
  list: string;
  rows: number;
  accepted: number;
  refused: number;
  dry_run: boolean;
  problems: ImportProblem[];
  columns: ImportColumn[];
  rejects_kept: number;
}

/** A list of contacts. */
export interface ContactListView {
  id: number;
  name: string;
  priority: number;
  imported_at: number;
  rows: number;
  accepted: number;
  refused: number;
}

/** The lists of a campaign. */
export interface ContactLists {
  lists: ContactListView[];
}

/** How early one contact is dialed. */
export interface ContactPriority {
  priority: number | null;
}

/** One reason, in words. */
export interface ContactReason {
  code: ContactBecause;
  sentence: string;
  until: number;
}

/** What is to be done with a contact. */
export type ContactStatus = "dnc" | "done" | "open" | "used_up";

/** Why a contact is dialed next, or not now. */
export interface ContactWhy {
  contact: string;
  campaign: string;
  list: string;
  number: string;
  numbers: number;
  status: ContactStatus;
  made: number;
  last_result: string;
  priority: number;
  reasons: ContactReason[];
}

/** A stretch of talk between a caller and an agent. */
export interface ConversationRecord {
  type: "ConversationRecord";
  call: string;
  agent: string;
  began_at: number;
  ended_at: number;
}

/** What a cap counts. */
export type Counting = "attempts" | "conversations";

/** Why this agent was chosen. */
export interface DecisionView {
  agent: string;
  offered_at: number;
  reason: string;
  score: Score | null;
}

/** What came of the last call that the agent asked for, when nobody talked. */
export interface DialedInVain {
  attempt: string;
  contact: string;
  result: AttemptResult;
  at: number;
}

/** How a conversation ended. */
export interface Disposition {
  call: string;
  code: string;
  callback?: PromisedCall | null;
  amount_cents?: number;
}

/** What the agent said of the conversation. */
export interface DispositionRecord {
  type: "DispositionRecord";
  call: string;
  agent: string;
  code: string;
  at: number;
  sale?: boolean;
  amount_cents?: number;
}

/** A number on the do-not-call list. */
export interface DncEntry {
  number: string;
  reason: string;
  source: string;
  by: string;
  since: number;
  until: number;
}

/** Part of the do-not-call list. */
export interface DncList {
  entries: DncEntry[];
  total: number;
  next: string;
}

/** The dropped calls in the legal window, against its cap. */
export interface DropMeter {
  cap: number;
  window_s: number;
  is_rolling: boolean;
  answered: number;
  dropped: number;
  rate: number;
  left: number;
}

/** Where a number must not be yet, besides in the rows before it, to be taken from a list. */
export type Duplicates = "campaign" | "everywhere";

/** How a call was routed that has ended. */
export interface EndedRouting {
  call: CallRecord;
  when: string;
  offers: OfferRecord[];
}

/** Who is to be forgotten: one of both. */
export interface ErasePerson {
  number?: string;
  customer?: string;
}

/** How much was erased, in rows. */
export interface ErasedPerson {
  customers: number;
  contacts: number;
  calls: number;
  attempts: number;
  texts: number;
  rejects: number;
  voicemails: number;
}

/** A mean over the seeds, with its 95 % interval. */
export interface Estimate {
  mean: number;
  least: number | null;
  most: number | null;
}

/** One attempt. Times are UTC seconds, 0.0 for "never". */
export interface Evidence {
  attempt: string;
  contact: string;
  number: string;
  tries: number;
  placed_at: number;
  ringing_at: number;
  rang_s: number;
  answered_at: number;
  verdict: Verdict | null;
  verdict_cause: string;
  person_at: number;
  connected_at: number;
  agent: string;
  message_at: number;
  message: string;
  waited_s: number | null;
  waited_from: WaitFrom | null;
  is_late: boolean;
  ended_at: number;
  result: AttemptResult;
  cause: number;
  status: ContactStatus;
  next_try_at: number;
  message_left_at: number;
  message_left: string;
}

/** Evidence of a campaign's attempts, the last ended first. */
export interface EvidencePage {
  rows: Evidence[];
  next: string;
}

/** The caller is joined with a number outside of the center. */
export interface External {
  number: string;
  trunk: string;
  ring_s?: number;
  caller_id?: string;
}

/** One field of the request that is wrong. */
export interface FieldError {
  path: string;
  detail: string;
  line?: number;
  mend?: string;
}

/** What an agent is to a waiting call. */
export type Fit = "at_work" | "kept_for_another" | "lacks_skill" | "may_take_it" | "no_room" | "not_here" | "other_queues";

/** How the service level is computed; the numerator is always the calls answered within the queue's target. */
export type Formula = "answered_and_abandoned" | "offered" | "without_short_abandons";

/** The first frame of every connection. */
export interface Hello {
  type: "hello";
  stream: string;
  at: number;
  account: string;
  heartbeat_s: number;
}

/** Why a trunk takes no call now. */
export type Hindrance = "" | "full" | "pace" | "trouble";

/** Why calls of one class wait although somebody is idle who may take them. */
export interface Hold {
  reason: HoldReason;
  until: number;
  expected_s: number;
  benefit: number;
  cost: number;
}

/** Why a call waits although somebody who may take it is idle. */
export type HoldReason = "for_preferred" | "for_senior";

/** One column of a list. */
export interface ImportColumn {
  name: string;
  taken_as: string;
  examples: string[];
}

/** One row of a list that was refused. */
export interface ImportProblem {
  row: number;
  reason: string;
  fix: string;
  value: string;
}

/** How far an import has come. */
export interface ImportProgress {
  list: string;
  share: number;
  rows: number;
  dry_run: boolean;
}

/** An agent's nailed-up line. */
export type LineState = "in_use" | "none" | "opening" | "parked";

/** How a campaign's contacts stood when the hopper was filled last. */
export interface ListCounts {
  at: number;
  total: number;
  due: number;
  later: number;
  next_due_at: number;
  closed: number;
  opens_at: number;
  done: number;
  used_up: number;
  dnc: number;
  no_consent: number;
  capped: number;
}

/** A list to be made of contacts whom all of this holds for. */
export interface ListFromResults {
  list: string;
  campaign?: string;
  priority?: number | null;
  results?: AttemptResult[];
  dispositions?: string[];
  without?: string[];
  tiers?: Tier[];
  lists?: string[];
  dry_run?: boolean;
}

/** How early a list is dialed. */
export interface ListPriority {
  priority: number;
}

/** How the contacts of one list stand. */
export interface ListStanding {
  id: number;
  name: string;
  priority: number;
  imported_at: number;
  total: number;
  due: number;
  later: number;
  done: number;
  used_up: number;
  dnc: number;
  no_consent: number;
  finished: number;
}

/** How a campaign's lists stand. */
export interface ListStandings {
  lists: ListStanding[];
}

/** Who is signed in. */
export interface Me {
  account: string;
  name: string;
  roles: Role[];
  agent: AgentView | null;
  token: string;
}

/** Something is said to the caller. */
export interface Message {
  prompt: string;
  ends_call?: boolean;
}

/** What went wrong. */
export type Mishap = "fault" | "repair";

/** How often one kind of mishap came since midnight. */
export interface MishapView {
  id: string;
  mishap: Mishap;
  kind: string;
  count: number;
}

/** Whom to call, and when. */
export interface NewCallback {
  campaign: string;
  contact: string;
  at: number;
  agent?: string;
}

/** Somebody to be dialed, within seconds if the campaign runs and the hour allows it. */
export interface NewContact {
  numbers: string[];
  name?: string;
  customer?: string;
  tier?: Tier;
  priority?: number | null;
  note?: string;
  zone?: string;
  consent?: boolean | null;
  account?: string;
  attributes?: Record<string, string>;
  list?: string;
}

/** A number that is not to be called from now on. */
export interface NewDncEntry {
  number: string;
  reason?: string;
  until?: number;
}

/** A list made of results, or what it would be. */
export interface NewList {
  campaign: string;
  list: string;
  matched: number;
  taken: number;
  refused: number;
  dry_run: boolean;
}

/** What would happen to a waiting call though nothing else does. */
export type NextStep = "hold_ends" | "overdue" | "released_to_all" | "step_widens";

/** How busy agents are: talk and wrap-up in the time in which they could be called. */
export interface OccupancyResult {
  group: string;
  occupancy: Paired;
}

/** What a cap counts by. */
export type Of = "account" | "number" | "person";

/** One offer of a call to an agent and what became of it. */
export interface OfferRecord {
  type: "OfferRecord";
  call: string;
  agent: string;
  offered_at: number;
  ended_at: number;
  result: string;
  reason: string;
  score?: number[];
}

/** What is done with an answering machine. */
export type OnMachine = "hang_up" | "leave_message" | "to_agent";

/** How a call ended, for reports. Exactly one for each call. */
export type Outcome = "abandoned" | "answered" | "dropped" | "ended_by_flow" | "led_out" | "left_in_ivr" | "lost";

/** What else is done with a call when one of these comes true; a condition that is not set never does. It leads to one thing: a queue, or one of those after the conditions. */
export interface Overflow {
  queue?: string;
  after_s?: number;
  longer_than?: number;
  without_agents?: boolean;
  message?: Message | null;
  external?: External | null;
  voicemail?: Voicemail | null;
  callback?: CallBack | null;
}

/** How many calls a campaign places, and when. */
export type Pacing = "power" | "predictive" | "preview" | "progressive";

/** The pacer's last decision and its numbers. Chances are from 0.0 to 1.0. */
export interface PacingView {
  sentence: string;
  because: Because;
  placed: number;
  free: number;
  waiting: number;
  in_flight: number;
  expected_people: number;
  expected_free: number;
  chance: number;
  price: number;
  kept: number;
}

/** One figure under both rules, with the 95 % interval of the difference over the seeds. */
export interface Paired {
  current: number;
  new: number;
  difference: number;
  least: number | null;
  most: number | null;
}

/** The trunks of one PBX. */
export interface PbxTrunks {
  name: string;
  trunks: string[];
  live: TrunkView[];
}

/** The phone to work on. */
export interface PhoneChoice {
  phone: string;
}

/** Where the caller's channel is in the PBX, as far as we know. */
export type Place = "announcement" | "bridge" | "dialplan" | "harbour" | "hold" | "machine" | "menu" | "native_queue" | "screening" | "voicemail";

/** What a script may have in braces. */
export interface Placeholders {
  fields: string[];
  columns: string[];
}

/** The connection is alive. */
export interface Pong {
  type: "pong";
  at: number;
}

/** An agent who knows this customer. */
export type Prefer = "last_agent" | "owner";

/** What other rules would do to those who wait. */
export interface Preview {
  problem: string;
  waiting: number;
  looked_at: number;
  changed: PreviewRow[];
  weights_differ: boolean;
}

/** The card that the agent has read. */
export interface PreviewChoice {
  preview: string;
}

/** A waiting call that other rules would treat otherwise. */
export interface PreviewRow {
  call: string;
  from_rule: string;
  to_rule: string;
  differs: string[];
}

/** Whose card an agent reads, to have them dialed or to skip them. */
export interface PreviewView {
  id: string;
  campaign: string;
  contact: string;
  number: string;
  since: number;
  dial_at: number;
}

/** The body of every refusal. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors: FieldError[];
  incident: string;
}

/** When to call again, and who. */
export interface PromisedCall {
  at: number;
  own: boolean;
}

/** A document to be published. */
export interface PublishRules {
  text: string;
  comment?: string;
  based_on: number;
}

/** One queue in one interval. What is divided by nothing is None. */
export interface QueueRow {
  queue: string;
  begin: number;
  end: number;
  offered: number;
  answered: number;
  abandoned: number;
  short_abandons: number;
  lost: number;
  in_time: number;
  service_level: number | null;
  asa_s: number | null;
  aht_s: number | null;
  wait_s: number;
  longest_wait_s: number;
  talk_s: number;
  wrap_up_s: number;
  dispositions: Record<string, number>;
}

/** How a queue is switched, for a time, without touching the rules. */
export interface QueueSwitch {
  mode: SwitchMode;
  until: number;
  target?: string;
  prompt?: string;
}

/** What a queue has done since midnight. */
export interface QueueToday {
  answered: number;
  in_time: number;
  abandoned: number;
  service_level: number;
  target_s: number;
}

/** One queue: who waits in it and who works for it. */
export interface QueueView {
  id: string;
  waiting: number;
  waiting_by_tier: Partial<Record<"gold" | "silver" | "standard", number>>;
  longest_waiting_since: number;
  offered: number;
  connected: number;
  in_fallback: number;
  signed_in: number;
  ready: number;
  ringing: number;
  talking: number;
  wrap_up: number;
  not_ready: number;
  callbacks: number;
  today: QueueToday;
  switch: QueueSwitch | null;
}

/** All queues. */
export interface Queues {
  queues: QueueView[];
}

/** Calls by queue; rows in which nothing was are left out. */
export interface QueuesReport {
  rows: QueueRow[];
  totals: QueueRow[];
  total: QueueRow;
  zone: string;
  formula: Formula;
  threshold_s: number;
}

/** Why the agent takes no calls. */
export interface Reason {
  reason: string;
}

/** One page of ended calls, the last ended first. */
export interface Records {
  calls: CallRecord[];
  next: string;
}

/** What a rehearsal came to. */
export interface RehearsalResult {
  day: string;
  begin: number;
  end: number;
  seeds: number;
  tiers: TierResult[];
  agents: OccupancyResult[];
  summary: string;
  staffing: string;
  calls_fitted: number;
  days_fitted: number;
  notes: string[];
}

/** How a rehearsal stands. */
export type RehearsalState = "cancelled" | "done" | "failed" | "running";

/** One rehearsal and what came of it. */
export interface RehearsalView {
  id: string;
  by: string;
  state: RehearsalState;
  current_version: number;
  started_at: number;
  ended_at: number;
  share: number;
  doing: string;
  problem: string;
  result: RehearsalResult | null;
}

/** How a campaign is to be rehearsed, and what is to be different; nothing is changed in it. */
export interface RehearseCampaign {
  seeds?: number;
  hours?: number;
  agents?: number | null;
  without?: number;
  pacing?: Pacing | null;
  lines_per_agent?: number | null;
  drop_cap?: number | null;
  ring_s?: number | null;
  max_lines?: number | null;
}

/** Rules to be rehearsed; nothing is published. */
export interface RehearseRules {
  text: string;
  seeds?: number;
  hours?: number;
  day?: string;
}

/** How a report is sent. */
export type ReportFormat = "json" | "csv";

/** How long the intervals of a report are. */
export type ReportStep = "15m" | "30m" | "1h" | "day" | "month";

/** Ended attempts, and answered return calls, that have something in common. */
export interface ResultRow {
  key: string;
  contacts: number;
  attempts: number;
  people: number;
  connected: number;
  dropped: number;
  sold: number;
  dispositions: Record<string, number>;
  revenue_cents: number;
  returned: number;
}

/** What results are told apart by. */
export type ResultsBy = "list" | "hour" | "tier" | "attribute";

/** Where a client left off. */
export interface Resume {
  stream: string;
  seq: number;
}

/** When to try again after a result, and how often at most. */
export interface Retry {
  delay_s: number;
  max_tries: number;
  other_number?: boolean;
}

/** What to do after a result: try again after a while, so often at most. */
export interface RetryRule {
  delay_s: number;
  max_tries: number;
  other_number?: boolean;
}

/** Contacts who called a number of the campaign back. */
export interface ReturnCounts {
  calls?: number;
  answered?: number;
  opted_out?: number;
}

/** What an account may do. An account may have several. */
export type Role = "administrator" | "agent" | "auditor" | "manager" | "supervisor";

/** An older version to be published anew. */
export interface RollBackRules {
  version: number;
  comment?: string;
  based_on: number;
}

/** How one call is or was routed: one of both. */
export interface RoutingExplained {
  live: CallRouting | null;
  ended: EndedRouting | null;
}

/** One rule that was looked at, the first in front. */
export interface RuleView {
  rule: string;
  when: string;
  holds: boolean;
  read: Record<string, string | number | boolean | string[]>;
  failure: string;
}

/** What is wrong with a document; nothing: it may be published. */
export interface RulesCheck {
  problems: TextProblem[];
}

/** What was changed between two versions. */
export interface RulesDiff {
  diff: string;
}

/** The JSON Schema of a document of rules. */
export type RulesSchema = Record<string, unknown>;

/** A document that is not kept. */
export interface RulesText {
  text: string;
}

/** The parts of a choice, for the record: urgency = weight x (1 + loss) x growth / handling. */
export type Score = [number, number, number, number, number];

/** How experienced an agent is; gold customers are offered to seniors first. */
export type Seniority = "junior" | "senior";

/** The desktop has drawn a card. */
export interface Shown {
  call: string;
  at_ms: number;
}

/** How a number does that people see who are called. */
export interface ShownNumber {
  number: string;
  campaigns: string[];
  calls: number;
  answered: number;
  usual: number;
  rests_until: number;
  why: string;
}

/** All numbers that campaigns show. */
export interface ShownNumbers {
  numbers: ShownNumber[];
}

/** Login and password. */
export interface SignIn {
  login: string;
  password: string;
  bearer?: boolean;
}

/** Why a campaign places no call just now. */
export type Silence = "" | "agents_busy" | "all_done" | "capped" | "dnc" | "draft" | "draining" | "empty_list" | "finished" | "journal_blocked" | "looking" | "no_agents" | "no_consent" | "no_lines" | "nobody_ready" | "not_yet" | "paused" | "pbx_down" | "previewing" | "retries_later" | "trunk_full" | "trunk_refuses" | "window_closed";

/** Who may answer from so many seconds of waiting on. */
export interface StepView {
  after_s: number;
  skills: Record<string, number>;
  holds_now: boolean;
}

/** What the emergency switch does to a queue. */
export type SwitchMode = "closed" | "diverted" | "message";

/** How a queue is switched, and for how long. */
export interface SwitchQueue {
  mode: SwitchMode;
  for_s: number;
  target?: string | null;
  prompt?: string | null;
}

/** A queue and its emergency switch. */
export interface SwitchedQueue {
  queue: string;
  switch: QueueSwitch | null;
  prompts: string[];
}

/** The service level promised: this share of calls within so many seconds. */
export interface Target {
  within_s: number;
  share: number;
}

/** What the agents of one team did in one interval: sums of their time cards. */
export interface TeamRow {
  team: string;
  begin: number;
  end: number;
  agents: number;
  signed_in_s: number;
  ready_s: number;
  offered_s: number;
  talk_s: number;
  wrap_up_s: number;
  not_ready_s: number;
  not_ready: Record<string, number>;
  occupancy: number | null;
  offers: number;
  missed: number;
  conversations: number;
  aht_s: number | null;
  dispositions: Record<string, number>;
}

/** What the agents of each team did; rows in which nothing was are left out. */
export interface TeamsReport {
  rows: TeamRow[];
  totals: TeamRow[];
  total: TeamRow;
  zone: string;
}

/** What must be so before a contact is dialed, besides the calling window. */
export interface Terms {
  needs_consent?: boolean;
  legal?: string;
  caps?: Cap[];
}

/** One thing wrong with a document. */
export interface TextProblem {
  line: number;
  what: string;
  mend: string;
}

/** How much the company owes this customer; the order of the members is the order of precedence. */
export type Tier = "gold" | "silver" | "standard";

/** What becomes of the callers of one tier. */
export interface TierResult {
  tier: string;
  calls: number;
  wait_s: Paired;
  in_time: Paired;
  abandoned: Paired;
  by_seniors: Paired;
  led_out: Paired;
}

/** What a client can watch. */
export type Topic = "board" | "callbacks" | "me" | "queues";

/** What is done with a call. */
export interface Treatment {
  queue?: string;
  skills?: Record<string, number>;
  weight?: number;
  steps?: AgentStep[];
  prefer?: Prefer | null;
  prefer_for_s?: number;
  overflow?: Overflow[];
  target?: Target | null;
  announce_every_s?: number;
}

/** A message of the client was not understood or not allowed. */
export interface Trouble {
  type: "problem";
  detail: string;
}

/** One trunk now. */
export interface TrunkView {
  name: string;
  hindrance: Hindrance;
  calls: number;
  channels: number;
  calls_per_s: number;
  in_trouble_since: number;
  refused: number;
  empty: number;
  probe_at: number;
  given_back: number;
}

/** The trunks of all PBXs. */
export interface Trunks {
  pbxs: PbxTrunks[];
}

/** What answering machine detection said (Asterisk's AMD). */
export type Verdict = "fax" | "human" | "machine" | "not_sure";

/** One version with what it says. */
export interface VersionText {
  version: number;
  state: string;
  by: string;
  created_at: number;
  published_at: number;
  comment: string;
  based_on: number;
  text: string;
}

/** One version of the rules. */
export interface VersionView {
  version: number;
  state: string;
  by: string;
  created_at: number;
  published_at: number;
  comment: string;
  based_on: number;
}

/** One page of versions, the newest first. */
export interface Versions {
  versions: VersionView[];
  next: number;
}

/** The caller leaves a message. */
export interface Voicemail {
  prompt: string;
  max_s?: number;
}

/** One message. */
export interface VoicemailView {
  call: string;
  queue: string;
  left_at: number;
  seconds: number;
  caller_number: string;
  customer: string;
  tier: Tier;
  file: string;
}

/** All messages that nobody has dealt with, the oldest first. */
export interface Voicemails {
  voicemails: VoicemailView[];
}

/** Where the wait of a person is counted from. */
export type WaitFrom = "answer" | "greeting" | "verdict";

/** Why a call has no agent yet. */
export type WaitReason = "all_busy" | "held" | "nobody_signed_in";

/** How a waiting call stands. */
export interface Waiting {
  reason: WaitReason;
  position: number;
  expected_s: number | null;
  next: ([number, NextStep])[];
  busy: number;
  idle: number;
  hold: Hold | null;
  preferred: string;
}

/** People who talked with an agent, by how long they had waited for that. Seconds; None where nobody has. */
export interface Waits {
  connected: number;
  in_time: number;
  in_time_share: number | null;
  p50_s: number | null;
  p95_s: number | null;
  longest_s: number;
  counted_from: Partial<Record<"answer" | "greeting" | "verdict", number>>;
}

/** What `Problem.type` may be. */
export type ProblemType =
  | "urn:callcenter:problem:bad-request"
  | "urn:callcenter:problem:conflict"
  | "urn:callcenter:problem:forbidden"
  | "urn:callcenter:problem:https-needed"
  | "urn:callcenter:problem:internal"
  | "urn:callcenter:problem:invalid"
  | "urn:callcenter:problem:key-reused"
  | "urn:callcenter:problem:method-not-allowed"
  | "urn:callcenter:problem:not-found"
  | "urn:callcenter:problem:not-signed-in"
  | "urn:callcenter:problem:overloaded"
  | "urn:callcenter:problem:too-large"
  | "urn:callcenter:problem:too-many"
  | "urn:callcenter:problem:too-slow"
  | "urn:callcenter:problem:unavailable"
  | "urn:callcenter:problem:wrong-origin"
  | "urn:callcenter:problem:wrong-sign-in"
  | "urn:callcenter:problem:wrong-type";

/** One entry of each section of each topic. */
export interface LiveEntries {
  me: { agent: AgentView; call: CallView; callbacks: CallbackView };
  queues: { queues: QueueView };
  board: { queues: QueueView; agents: AgentView; calls: CallView; campaigns: CampaignView; links: boolean; mishaps: MishapView };
  callbacks: { callbacks: CallbackView };
}

/** All data of a topic: `{section: {key: entry}}`. */
export type LiveData<T extends Topic> = {
  [S in keyof LiveEntries[T]]: Record<string, LiveEntries[T][S]>;
};

/** What changed in a topic; null: gone. */
export type LiveChanges<T extends Topic> = {
  [S in keyof LiveEntries[T]]?: Record<string, LiveEntries[T][S] | null>;
};

/** All data of a topic. */
export type Snapshot = {
  [T in Topic]: { type: "snapshot"; topic: T; seq: number; at: number; data: LiveData<T> };
}[Topic];

/** What changed in a topic since the frame before. */
export type Delta = {
  [T in Topic]: { type: "delta"; topic: T; seq: number; at: number; data: LiveChanges<T> };
}[Topic];

/** Everything the server sends over the WebSocket. */
export type ServerFrame = Hello | Snapshot | Delta | Card | Pong | Trouble;

/** Every route: what it takes and what it answers; undefined: nothing. */
export interface Operations {
  /** All agents */
  "GET /api/v1/agents": { path: undefined; query: undefined; body: undefined; answer: Agents };
  /** My own state */
  "GET /api/v1/agents/me": { path: undefined; query: undefined; body: undefined; answer: AgentView };
  /** Join a campaign */
  "POST /api/v1/agents/me/campaign": { path: undefined; query: undefined; body: CampaignChoice; answer: AgentView };
  /** Say how it ended */
  "POST /api/v1/agents/me/disposition": { path: undefined; query: undefined; body: Disposition; answer: AgentView };
  /** Hang up */
  "POST /api/v1/agents/me/hang-up": { path: undefined; query: undefined; body: undefined; answer: AgentView };
  /** Take a break */
  "POST /api/v1/agents/me/not-ready": { path: undefined; query: undefined; body: Reason; answer: AgentView };
  /** Dial */
  "POST /api/v1/agents/me/preview/dial": { path: undefined; query: undefined; body: PreviewChoice; answer: AgentView };
  /** Skip */
  "POST /api/v1/agents/me/preview/skip": { path: undefined; query: undefined; body: PreviewChoice; answer: AgentView };
  /** Be ready */
  "POST /api/v1/agents/me/ready": { path: undefined; query: undefined; body: undefined; answer: AgentView };
  /** Sign in on a phone */
  "POST /api/v1/agents/me/sign-in": { path: undefined; query: undefined; body: PhoneChoice; answer: AgentView };
  /** Stop work */
  "POST /api/v1/agents/me/sign-out": { path: undefined; query: undefined; body: undefined; answer: AgentView };
  /** One agent */
  "GET /api/v1/agents/{agent}": { path: { agent: string }; query: undefined; body: undefined; answer: AgentView };
  /** The whole center now */
  "GET /api/v1/board": { path: undefined; query: undefined; body: undefined; answer: Board };
  /** Callbacks */
  "GET /api/v1/callbacks": { path: undefined; query: undefined; body: undefined; answer: Callbacks };
  /** Promise a contact a call */
  "POST /api/v1/callbacks": { path: undefined; query: undefined; body: NewCallback; answer: CallbackView };
  /** Cancel a callback */
  "DELETE /api/v1/callbacks/{callback}": { path: { callback: string }; query: undefined; body: undefined; answer: undefined };
  /** Move a callback */
  "PUT /api/v1/callbacks/{callback}": { path: { callback: string }; query: undefined; body: CallbackChange; answer: CallbackView };
  /** A callback has been made otherwise */
  "POST /api/v1/callbacks/{callback}/done": { path: { callback: string }; query: undefined; body: undefined; answer: undefined };
  /** The numbers that campaigns show */
  "GET /api/v1/caller-ids": { path: undefined; query: undefined; body: undefined; answer: ShownNumbers };
  /** Live calls */
  "GET /api/v1/calls": { path: undefined; query: { limit?: number; cursor?: string; queue?: string | null; state?: CallState | null }; body: undefined; answer: Calls };
  /** One live call */
  "GET /api/v1/calls/{call}": { path: { call: string }; query: undefined; body: undefined; answer: CallView };
  /** Change a call's priority */
  "POST /api/v1/calls/{call}/priority": { path: { call: string }; query: undefined; body: CallPriority; answer: CallView };
  /** Why a call is routed so */
  "GET /api/v1/calls/{call}/routing": { path: { call: string }; query: undefined; body: undefined; answer: RoutingExplained };
  /** All campaigns */
  "GET /api/v1/campaigns": { path: undefined; query: undefined; body: undefined; answer: Campaigns };
  /** One campaign */
  "GET /api/v1/campaigns/{campaign}": { path: { campaign: string }; query: undefined; body: undefined; answer: CampaignView };
  /** Make or change a campaign */
  "PUT /api/v1/campaigns/{campaign}": { path: { campaign: string }; query: undefined; body: CampaignSetup; answer: CampaignView };
  /** Ended attempts */
  "GET /api/v1/campaigns/{campaign}/attempts": { path: { campaign: string }; query: { limit?: number; cursor?: string }; body: undefined; answer: Attempts };
  /** Add one contact */
  "POST /api/v1/campaigns/{campaign}/contact": { path: { campaign: string }; query: undefined; body: NewContact; answer: ContactAdded };
  /** Import contacts */
  "POST /api/v1/campaigns/{campaign}/contacts": { path: { campaign: string }; query: { list: string; priority?: number | null; duplicates?: Duplicates; columns?: string | null; sheet?: string; region?: string; needs_consent?: boolean; consent_yes?: string; consent_no?: string; dry_run?: boolean }; body: BodyInit; answer: ContactImport };
  /** How far an import is */
  "GET /api/v1/campaigns/{campaign}/contacts/progress": { path: { campaign: string }; query: undefined; body: undefined; answer: ImportProgress };
  /** Rows that the last import refused */
  "GET /api/v1/campaigns/{campaign}/contacts/rejects": { path: { campaign: string }; query: undefined; body: undefined; answer: string };
  /** Dial a contact earlier or later */
  "PUT /api/v1/campaigns/{campaign}/contacts/{contact}": { path: { campaign: string; contact: string }; query: undefined; body: ContactPriority; answer: ContactWhy };
  /** Why a contact is next, or not now */
  "GET /api/v1/campaigns/{campaign}/contacts/{contact}/why": { path: { campaign: string; contact: string }; query: undefined; body: undefined; answer: ContactWhy };
  /** End a campaign */
  "POST /api/v1/campaigns/{campaign}/drain": { path: { campaign: string }; query: undefined; body: undefined; answer: CampaignView };
  /** Evidence of the attempts */
  "GET /api/v1/campaigns/{campaign}/evidence": { path: { campaign: string }; query: { limit?: number; cursor?: string }; body: undefined; answer: EvidencePage };
  /** A campaign's lists */
  "GET /api/v1/campaigns/{campaign}/lists": { path: { campaign: string }; query: undefined; body: undefined; answer: ContactLists };
  /** How a campaign's lists stand */
  "GET /api/v1/campaigns/{campaign}/lists/counts": { path: { campaign: string }; query: undefined; body: undefined; answer: ListStandings };
  /** Make a list of results */
  "POST /api/v1/campaigns/{campaign}/lists/from-results": { path: { campaign: string }; query: undefined; body: ListFromResults; answer: NewList };
  /** Dial a list earlier or later */
  "PUT /api/v1/campaigns/{campaign}/lists/{list}": { path: { campaign: string; list: string }; query: undefined; body: ListPriority; answer: ContactLists };
  /** Pause a campaign */
  "POST /api/v1/campaigns/{campaign}/pause": { path: { campaign: string }; query: undefined; body: undefined; answer: CampaignView };
  /** What a campaign's script may name */
  "GET /api/v1/campaigns/{campaign}/placeholders": { path: { campaign: string }; query: undefined; body: undefined; answer: Placeholders };
  /** Rehearse a campaign */
  "POST /api/v1/campaigns/{campaign}/rehearsals": { path: { campaign: string }; query: undefined; body: RehearseCampaign; answer: CampaignRehearsalView };
  /** Cancel a campaign's rehearsal */
  "DELETE /api/v1/campaigns/{campaign}/rehearsals/{rehearsal}": { path: { campaign: string; rehearsal: string }; query: undefined; body: undefined; answer: CampaignRehearsalView };
  /** How a campaign's rehearsal stands */
  "GET /api/v1/campaigns/{campaign}/rehearsals/{rehearsal}": { path: { campaign: string; rehearsal: string }; query: undefined; body: undefined; answer: CampaignRehearsalView };
  /** Results by list, hour, tier or offer */
  "GET /api/v1/campaigns/{campaign}/results": { path: { campaign: string }; query: { by?: ResultsBy; attribute?: string; zone?: string; sales?: string }; body: undefined; answer: CampaignResultsAnswer };
  /** A campaign's settings */
  "GET /api/v1/campaigns/{campaign}/settings": { path: { campaign: string }; query: undefined; body: undefined; answer: CampaignSetup };
  /** Start a campaign */
  "POST /api/v1/campaigns/{campaign}/start": { path: { campaign: string }; query: undefined; body: undefined; answer: CampaignView };
  /** Stop a campaign at once */
  "POST /api/v1/campaigns/{campaign}/stop": { path: { campaign: string }; query: undefined; body: undefined; answer: CampaignView };
  /** How long people waited for an agent */
  "GET /api/v1/campaigns/{campaign}/waits": { path: { campaign: string }; query: undefined; body: undefined; answer: Waits };
  /** The do-not-call list */
  "GET /api/v1/dnc": { path: undefined; query: { number?: string; limit?: number; cursor?: string }; body: undefined; answer: DncList };
  /** Have a number called no more */
  "POST /api/v1/dnc": { path: undefined; query: undefined; body: NewDncEntry; answer: DncEntry };
  /** Let a number be called again */
  "DELETE /api/v1/dnc/{number}": { path: { number: string }; query: undefined; body: undefined; answer: undefined };
  /** Who am I */
  "GET /api/v1/me": { path: undefined; query: undefined; body: undefined; answer: Me };
  /** Forget a person */
  "POST /api/v1/people/erase": { path: undefined; query: undefined; body: ErasePerson; answer: ErasedPerson };
  /** All queues */
  "GET /api/v1/queues": { path: undefined; query: undefined; body: undefined; answer: Queues };
  /** One queue */
  "GET /api/v1/queues/{queue}": { path: { queue: string }; query: undefined; body: undefined; answer: QueueView };
  /** End a queue's switch */
  "DELETE /api/v1/queues/{queue}/switch": { path: { queue: string }; query: undefined; body: undefined; answer: SwitchedQueue };
  /** A queue's switch */
  "GET /api/v1/queues/{queue}/switch": { path: { queue: string }; query: undefined; body: undefined; answer: SwitchedQueue };
  /** Switch a queue */
  "POST /api/v1/queues/{queue}/switch": { path: { queue: string }; query: undefined; body: SwitchQueue; answer: SwitchedQueue };
  /** Ended calls */
  "GET /api/v1/records/calls": { path: undefined; query: { limit?: number; cursor?: string; since?: number; until?: number; queue?: string | null; agent?: string | null; outcome?: Outcome | null }; body: undefined; answer: Records };
  /** One ended call */
  "GET /api/v1/records/calls/{call}": { path: { call: string }; query: undefined; body: undefined; answer: CallHistory };
  /** Time cards of agents */
  "GET /api/v1/reports/agents": { path: undefined; query: { from: number; to: number; step?: ReportStep; zone?: string; format?: ReportFormat; agent?: string | null }; body: undefined; answer: AgentsReport };
  /** Attempts by campaign and interval */
  "GET /api/v1/reports/campaigns": { path: undefined; query: { from: number; to: number; step?: ReportStep; zone?: string; format?: ReportFormat; campaign?: string | null }; body: undefined; answer: CampaignsReport };
  /** Calls by queue and interval */
  "GET /api/v1/reports/queues": { path: undefined; query: { from: number; to: number; step?: ReportStep; zone?: string; format?: ReportFormat; queue?: string | null; formula?: Formula; threshold_s?: number }; body: undefined; answer: QueuesReport };
  /** Work of agents by team */
  "GET /api/v1/reports/teams": { path: undefined; query: { from: number; to: number; step?: ReportStep; zone?: string; format?: ReportFormat; team?: string | null }; body: undefined; answer: TeamsReport };
  /** The rules in force */
  "GET /api/v1/rules": { path: undefined; query: undefined; body: undefined; answer: VersionText };
  /** Check rules */
  "POST /api/v1/rules/check": { path: undefined; query: undefined; body: RulesText; answer: RulesCheck };
  /** Compare two versions */
  "GET /api/v1/rules/diff": { path: undefined; query: { from: number; to: number }; body: undefined; answer: RulesDiff };
  /** See what rules would change */
  "POST /api/v1/rules/preview": { path: undefined; query: undefined; body: RulesText; answer: Preview };
  /** Publish rules */
  "POST /api/v1/rules/publish": { path: undefined; query: undefined; body: PublishRules; answer: VersionText };
  /** Rehearse rules */
  "POST /api/v1/rules/rehearsals": { path: undefined; query: undefined; body: RehearseRules; answer: RehearsalView };
  /** Cancel a rehearsal */
  "DELETE /api/v1/rules/rehearsals/{rehearsal}": { path: { rehearsal: string }; query: undefined; body: undefined; answer: RehearsalView };
  /** How a rehearsal stands */
  "GET /api/v1/rules/rehearsals/{rehearsal}": { path: { rehearsal: string }; query: undefined; body: undefined; answer: RehearsalView };
  /** Go back to an older version */
  "POST /api/v1/rules/rollback": { path: undefined; query: undefined; body: RollBackRules; answer: VersionText };
  /** The schema of rules */
  "GET /api/v1/rules/schema": { path: undefined; query: undefined; body: undefined; answer: RulesSchema };
  /** Versions of the rules */
  "GET /api/v1/rules/versions": { path: undefined; query: { limit?: number; before?: number }; body: undefined; answer: Versions };
  /** One version of the rules */
  "GET /api/v1/rules/versions/{version}": { path: { version: string }; query: undefined; body: undefined; answer: VersionText };
  /** Sign out */
  "DELETE /api/v1/session": { path: undefined; query: undefined; body: undefined; answer: undefined };
  /** Sign in */
  "POST /api/v1/session": { path: undefined; query: undefined; body: SignIn; answer: Me };
  /** All trunks */
  "GET /api/v1/trunks": { path: undefined; query: undefined; body: undefined; answer: Trunks };
  /** Voicemails */
  "GET /api/v1/voicemails": { path: undefined; query: undefined; body: undefined; answer: Voicemails };
  /** A voicemail has been dealt with */
  "DELETE /api/v1/voicemails/{call}": { path: { call: string }; query: undefined; body: undefined; answer: undefined };
}
