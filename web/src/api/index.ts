/** What pages import of the API: its types and the one function that asks. */

export * from "./types";
export { newKey, ProblemError, request, tellWhenSignedOut } from "./client";
export type { ProblemName } from "./client";
