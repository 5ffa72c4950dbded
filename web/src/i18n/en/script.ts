/** Texts of the scripts of campaigns: on the desk, and in the form where they are written. */

export const script = {
  "agent.script": "What to say",
  "script.unknown": "not known: {name}",
  "campaigns.form.say": "What agents say",
  "campaigns.form.script": "Script",
  "campaigns.form.scriptText": "Text",
  "campaigns.form.scriptHint": "Agents read it beside the card, while they read up and while they talk. Begin headings with # and points of a list with -; an empty line begins a new paragraph.",
  "campaigns.form.scriptPreview": "On the desk, with made-up values",
  "campaigns.form.scriptNone": "Nothing: agents see the card alone.",
  "campaigns.form.scriptPlaces": "Replaced by what the card has:",
  "campaigns.form.scriptName": "Anna Berg",
  "campaigns.form.scriptAgent": "Ben Moor",
  "campaigns.form.scriptList": "Autumn",
  "campaigns.form.braceOpen": "A brace is not closed, or closed twice.",
} as const;
