/** Slack's date formats, as one person reads them: their time zone, a clock of 24 hours. */

/** @typedef {import('./types.js').Reader} Reader */

const DAY = 86_400_000;

/**
 * Return a date in the form of a date token, or the fallback if the form is unknown.
 *
 * @param {number} seconds Unix time.
 * @param {string} form Such as `{date_short_pretty} at {time}`.
 * @param {string} fallback
 * @param {{ tz: string }} reader
 */
export function drawDate(seconds, form, fallback, { tz }) {
  const moment = new Date(seconds * 1000);
  if (Number.isNaN(moment.getTime())) return fallback;
  let known = /\{[a-z_]+\}/.test(form);
  const drawn = form.replace(/\{([a-z_]+)\}/g, (_, token) => {
    const text = token === 'ago' ? ago(moment) : drawToken(token, moment, tz);
    known &&= text !== null;
    return text ?? '';
  });
  return known ? drawn : fallback;
}

/** Return the time of day. @param {number} seconds @param {string} tz */
export const clock = (seconds, tz) => drawToken('time', new Date(seconds * 1000), tz) ?? '';

/** @param {string} token @param {Date} moment @param {string} tz @returns {string | null} */
function drawToken(token, moment, tz) {
  /** @param {Intl.DateTimeFormatOptions} options */
  const part = (options) => new Intl.DateTimeFormat('en-GB', { timeZone: tz, ...options }).format(moment);
  const iso = new Intl.DateTimeFormat('en-CA', { timeZone: tz }).format(moment);
  const year = part({ year: 'numeric' });
  const day = part({ day: 'numeric' });
  const long = `${part({ month: 'long' })} ${day}${ending(Number(day))}, ${year}`;
  const named = `${part({ weekday: 'long' })}, ${long}`;
  const short = `${part({ month: 'short' })} ${day}, ${year}`;
  /** @param {string} otherwise */
  const pretty = (otherwise) => near(iso, tz) ?? otherwise;
  const hour = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  /** @type {Record<string, string>} */
  const texts = {
    date_num: iso, date_slash: iso.replaceAll('-', '/'), date: long, date_short: short,
    date_long: named, date_long_full: named, date_pretty: pretty(long),
    date_short_pretty: pretty(short), date_long_pretty: pretty(named), day_divider_pretty: pretty(named),
    time: part(/** @type {any} */ (hour)), time_secs: part(/** @type {any} */ ({ ...hour, second: '2-digit' })),
  };
  return texts[token] ?? null;
}

/** @param {string} iso A day. @param {string} tz @returns {string | undefined} */
function near(iso, tz) {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: tz }).format(new Date());
  const days = Math.round((Date.parse(iso) - Date.parse(today)) / DAY);
  return new Map([[-1, 'yesterday'], [0, 'today'], [1, 'tomorrow']]).get(days);
}

/** @param {Date} moment */
function ago(moment) {
  const seconds = (Date.now() - moment.getTime()) / 1000;
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const amount = minutes < 60 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`;
  return seconds < 0 ? `in ${amount}` : `${amount} ago`;
}

/** @param {number} day */
function ending(day) {
  if (day >= 11 && day <= 13) return 'th';
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th';
}
