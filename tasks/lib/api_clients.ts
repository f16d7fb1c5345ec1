/** A program that may call the tasks of this app; `schema.xml` says what is known of it. */
export type ApiClient = Model.api_client;

/**
 * Looks up the client with this token; `webtaskd db create api_client …` makes one. A real app keeps
 * hashes of tokens instead of the tokens.
 */
export async function findApiClient(token: string | undefined): Promise<ApiClient | null> {
  return token === undefined ? null : await DB.api_client.first("token = ?", token);
}
