/** The connection to the playground's server: what people do, and the stream of what changed. */

/**
 * Send an action; return the answer. A refusal is an answer with `refused`.
 *
 * @param {string} name
 * @param {Record<string, unknown>} [given]
 * @returns {Promise<{ refused?: string, error?: string | null, seconds?: number, name?: string }>}
 */
export async function post(name, given = {}) {
  try {
    const response = await fetch(name, {
      method: 'POST', body: JSON.stringify(given), headers: { 'content-type': 'application/json' },
    });
    return await response.json();
  } catch {
    return { refused: 'The playground does not answer. Is it still running in the terminal?' };
  }
}

/**
 * Listen to what changes. The browser connects again by itself.
 *
 * @param {(news: Record<string, any>) => void} changed
 * @param {(connected: boolean) => void} connection
 */
export function listen(changed, connection) {
  const events = new EventSource('events');
  events.onopen = () => connection(true);
  events.onerror = () => connection(false);
  events.onmessage = (event) => changed(JSON.parse(event.data));
}
