import { expect, test } from "bun:test";
import { isAcceptedMediaType } from "../../runtime/gateway/media_type.ts";

test.each([
  undefined,
  "",
  "application/json",
  "Application/JSON",
  "application/json; charset=utf-8",
  "application/json;charset=latin1;x=y",
  " application/json ",
  "application/problem+json",
  "application/vnd.api+json; version=1",
  "text/plain",
  "text/plain;charset=UTF-8",
])("isAcceptedMediaType() lets in %p", (type) => expect(isAcceptedMediaType(type)).toBe(true));

test.each([
  "text/html",
  "text/json",
  "text/plainer",
  "application/jsonp",
  "application/json-patch",
  "application/json, text/plain",
  "application/json text/html",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=application/json",
  "application/octet-stream; x=+json",
  "+json",
  "json",
  ";",
])("isAcceptedMediaType() refuses %p", (type) => expect(isAcceptedMediaType(type)).toBe(false));
