export { serve } from "./runtime/serve.ts";
export type { ServeHandle, ServeOptions } from "./runtime/serve.ts";
export type {
  Access,
  Authenticate,
  AuthenticateArguments,
  Authorized,
  Handler,
  HandlerArguments,
  InvalidJsonError,
  Invocation,
  JsonValue,
  Params,
  TaskContext,
  TaskRequest,
  TaskResponse,
  Unauthorized,
  UnauthorizedOptions,
  WebTask,
} from "./runtime/task/types.ts";
export type {
  AttachmentContent,
  CalendarDay,
  ChangeBatch,
  GeoLocation,
  ModelCollection,
  StoredAttachment,
  StoredObject,
  StoredQuery,
} from "./runtime/database/types.ts";
