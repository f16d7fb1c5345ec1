/** The name of a task: a letter, then up to 63 letters, digits, `_` and `-`. */
export const taskNamePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
