import type { FieldType } from "../model/data_model.ts";
import {
  multipleChoiceIntegerType,
  multipleChoiceType,
  singleChoiceIntegerType,
  singleChoiceType,
} from "./choices.ts";
import { attachmentType } from "./files.ts";
import { booleanType, integerType, numberType } from "./numbers.ts";
import { locationType, trackType } from "./places.ts";
import { textType } from "./text.ts";
import { datetimeType, dateType } from "./times.ts";
import type { ValueType } from "./value_type.ts";

/** What each type of field means. */
export const valueTypes: { readonly [T in FieldType]: ValueType } = {
  text: textType,
  integer: integerType,
  number: numberType,
  boolean: booleanType,
  date: dateType,
  datetime: datetimeType,
  location: locationType,
  track: trackType,
  "single-choice": singleChoiceType,
  "multiple-choice": multipleChoiceType,
  "single-choice-integer": singleChoiceIntegerType,
  "multiple-choice-integer": multipleChoiceIntegerType,
  attachment: attachmentType,
  photo: attachmentType,
  signature: attachmentType,
};
