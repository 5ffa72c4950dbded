/** Texts of what a campaign has come to: the two seconds, sales and revenue. */

export const campaignResults = {
  "campaigns.waits": "From the greeting to an agent",
  "campaigns.waits.none": "Nobody has talked with an agent yet.",
  "campaigns.waits.seconds": "{s} s",
  "campaigns.waits.inTime": "Within 2 s",
  "campaigns.waits.inTimeHint": "Of the people who talked with an agent: those who were connected within two seconds of the end of their greeting, as the law wants it.",
  "campaigns.waits.late": "Later",
  "campaigns.waits.lateHint": "People who were connected after more than two seconds. Which calls they were is in the evidence.",
  "campaigns.waits.p50": "Half within",
  "campaigns.waits.p50Hint": "Half of the people waited no longer (p50).",
  "campaigns.waits.p95": "95 of 100 within",
  "campaigns.waits.p95Hint": "95 of 100 people waited no longer (p95).",
  "campaigns.waits.longest": "Longest",
  "campaigns.waits.longestHint": "The longest wait of anybody who talked with an agent.",
  "campaigns.waits.from.greeting": "{count} counted from the end of the greeting",
  "campaigns.waits.from.answer": "{count} from the answer, without detection",
  "campaigns.waits.from.verdict": "{count} from when detection gave up",
} as const;
