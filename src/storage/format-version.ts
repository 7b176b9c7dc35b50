/**
 * Version of everything that is written into a state directory. Raised with any change that an older version would
 * misread; an older version refuses a newer directory instead of guessing (reliability row 15).
 */
export const STATE_FORMAT_VERSION = 1;
