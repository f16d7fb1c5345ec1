/** What no header value may hold. RFC 9110 §5.5, and no code unit that is not one byte. */
export const impossibleInValue = /[^\t\x20-\x7e\x80-\xff]/;
