import { maxFrameBytes } from "./frames.ts";

/** What the headers of a reply may come to, as HTTP/1.1 writes them. */
export const maxReplyHeaderBytes = 32 * 1024;

/** The largest body of a reply: escaped in a frame, its headers may take twice their size. */
export const maxReplyBodyBytes = maxFrameBytes - 3 * maxReplyHeaderBytes;
