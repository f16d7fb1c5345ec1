/** The environments an app is deployed in. */
export const environments = ["testing", "staging", "production"] as const;

/** One of the environments an app is deployed in. */
export type Environment = (typeof environments)[number];
