const ISO = /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})$/u;
const NAMED = /^(?<name>[a-z]{3,9})\.? +(?<day>\d{1,2}),? +(?<year>\d{4})$/iu;
const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/**
 * The day of a date written like `2000-01-03` or like `Jan 3 2000` (the month's English name, its
 * first letters from three on, any case, a comma or not), as ms since 1970 in UTC: two spellings
 * of one day give one number.
 *
 * `undefined` for anything else, days that the calendar doesn't have included. Not `Date.parse`: it
 * reads February 31 as March 2, and other dates in the machine's time zone.
 */
export function parseDay(text: string): number | undefined {
  const parts = (ISO.exec(text) ?? NAMED.exec(text))?.groups;
  if (!parts) return undefined;
  const year = Number(parts["year"]);
  const month = parts["name"] === undefined ? Number(parts["month"]) - 1 : monthOf(parts["name"]);
  const day = Number(parts["day"]);
  const date = new Date(Date.UTC(year, month, day));
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month && date.getUTCDate() === day;
  return exists ? date.getTime() : undefined;
}

/** 0 for January; -1, a month that no year has, for a name that is none. */
function monthOf(name: string): number {
  return MONTHS.findIndex((month) => month.startsWith(name.toLowerCase()));
}
