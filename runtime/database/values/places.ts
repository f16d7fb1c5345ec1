import { bad, good, type Parsed } from "../../base/parsed.ts";
import type { SqlValue, ValueType } from "./value_type.ts";

const maxTrackPoints = 100_000;
/** What a location may hold besides its coordinates: numbers, or `null`. */
const optionalNumbers = ["altitude", "horizontal_accuracy", "vertical_accuracy"] as const;
const locationShape = "a location: { latitude: -90 to 90, longitude: -180 to 180, … }";

/** A place on the earth. */
export const locationType: ValueType = {
  storage: "text",
  comparing: "opaque",
  cast(value) {
    const place = toLocation(value);
    return place === undefined ? bad(locationShape) : good(JSON.stringify(place));
  },
  parameter: refuse,
  read: (stored) => Object.freeze(JSON.parse(String(stored))),
  parseText: readJson,
  parseJson: good,
  typescript: () => ({ read: "Location", assign: "never" }),
};

/** Places in the order in which somebody went through them. */
export const trackType: ValueType = {
  ...locationType,
  cast(value) {
    if (!Array.isArray(value) || value.length > maxTrackPoints) {
      return bad(`an array of at most ${maxTrackPoints} locations`);
    }
    const places = value.map(toLocation);
    return places.includes(undefined) ? bad(`an array of ${locationShape}`) : toJson(places);
  },
  typescript: () => ({ read: "readonly Location[]", assign: "never" }),
};

function toJson(value: unknown): Parsed<SqlValue> {
  return good(JSON.stringify(value));
}

function toLocation(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given: Readonly<Record<string, unknown>> = { ...value };
  const { latitude, longitude, timestamp } = given;
  if (!isWithin(latitude, 90) || !isWithin(longitude, 180)) return undefined;
  const numbers = optionalNumbers.filter((name) => given[name] !== undefined);
  if (!numbers.every((name) => given[name] === null || isWithin(given[name], Infinity))) {
    return undefined;
  }
  const time = timestamp instanceof Date ? timestamp.getTime() : timestamp ?? undefined;
  const isTime = time === undefined || typeof time === "string" || isWithin(time, Infinity);
  if (!isTime) return undefined;
  return {
    latitude,
    longitude,
    ...Object.fromEntries(numbers.map((name) => [name, given[name]])),
    ...(timestamp === undefined || timestamp === null ? {} : { timestamp }),
  };
}

function isWithin(value: unknown, limit: number): boolean {
  return typeof value === "number" && Math.abs(value) <= limit && Number.isFinite(value);
}

function refuse(): Parsed<SqlValue> {
  return bad("null: places cannot be compared");
}

function readJson(text: string): Parsed<unknown> {
  try {
    return good(JSON.parse(text));
  } catch {
    return bad(locationShape);
  }
}
