/** A program that may call the tasks of this app. */
export interface ApiClient {
  readonly name: string;
  /** Whether it may change anything, or only read. */
  readonly canWrite: boolean;
}

/**
 * Sample data, and no secret: everyone can read these tokens. A real app keeps its clients in a
 * database, and hashes of their tokens instead of the tokens.
 */
const clientsByToken: ReadonlyMap<string | undefined, ApiClient> = new Map([
  ["portal_7f3c9a", { name: "Acme Portal", canWrite: true }],
  ["kiosk_51d0be", { name: "Acme Kiosk", canWrite: false }],
]);

/** Looks up the client with this token; asynchronous, as the look-up in a database will be. */
export function findApiClient(token: string | undefined): Promise<ApiClient | undefined> {
  return Promise.resolve(clientsByToken.get(token));
}
